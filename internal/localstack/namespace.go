package localstack

import (
	"context"
	"fmt"
	"maps"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Namespace is where the workflows of Kassa live in Temporal.
const Namespace = "kassa"

// retention is how long a closed workflow stays readable.
const retention = 7 * 24 * time.Hour

// searchAttributes are what workflows can be found by, beside Temporal's own.
var searchAttributes = map[string]enums.IndexedValueType{
	"CustomerId": enums.INDEXED_VALUE_TYPE_KEYWORD,
	"OrderTotal": enums.INDEXED_VALUE_TYPE_INT, // minor units of Currency
	"Currency":   enums.INDEXED_VALUE_TYPE_KEYWORD,
	"OrderState": enums.INDEXED_VALUE_TYPE_KEYWORD,
}

// usesAllSearchAttributes is a query the server refuses until it knows all of them.
const usesAllSearchAttributes = `CustomerId = "" AND OrderTotal = 0 AND Currency = "" AND OrderState = ""`

// frontend is a connection to the Temporal server.
type frontend struct {
	conn      *grpc.ClientConn
	workflows workflowservice.WorkflowServiceClient
	operator  operatorservice.OperatorServiceClient
}

func newFrontend(address string) (*frontend, error) {
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		// A server that is being started again should be noticed at once.
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Second}))
	if err != nil {
		return nil, err
	}
	return &frontend{
		conn:      conn,
		workflows: workflowservice.NewWorkflowServiceClient(conn),
		operator:  operatorservice.NewOperatorServiceClient(conn),
	}, nil
}

// serving reports whether the server answers at all.
func (f *frontend) serving(ctx context.Context) error {
	response, err := grpc_health_v1.NewHealthClient(f.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{
		Service: workflowservice.WorkflowService_ServiceDesc.ServiceName,
	})
	if err != nil {
		return err
	}
	if response.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("the server is %s", response.GetStatus())
	}
	return nil
}

// ready reports whether the server can run our workflows. The parts behind the frontend find each
// other a moment later than it begins to answer, so each of them is asked for something.
func (f *frontend) ready(ctx context.Context) error {
	if err := f.serving(ctx); err != nil {
		return err
	}
	_, err := f.workflows.CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: Namespace,
		Query:     usesAllSearchAttributes,
	})
	if err != nil {
		return fmt.Errorf("visibility: %w", err)
	}
	_, err = f.workflows.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace:     Namespace,
		TaskQueue:     &taskqueue.TaskQueue{Name: "readiness"},
		TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
	})
	if err != nil {
		return fmt.Errorf("matching: %w", err)
	}
	_, err = f.workflows.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: Namespace,
		Execution: &common.WorkflowExecution{WorkflowId: "readiness"},
	})
	if status.Code(err) != codes.NotFound {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// makeNamespace registers the namespace and its search attributes where they are missing, and
// returns when every part of the server knows them.
func (f *frontend) makeNamespace(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := poll(ctx, f.registerNamespace, nil); err != nil {
		return fmt.Errorf("register the namespace %s: %w", Namespace, err)
	}
	if err := poll(ctx, f.addSearchAttributes, nil); err != nil {
		return fmt.Errorf("add the search attributes: %w", err)
	}
	if err := poll(ctx, f.ready, nil); err != nil {
		return fmt.Errorf("wait for the namespace %s: %w", Namespace, err)
	}
	return nil
}

func (f *frontend) registerNamespace(ctx context.Context) error {
	_, err := f.workflows.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        Namespace,
		Description:                      "Checkout and everything after it.",
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if status.Code(err) == codes.AlreadyExists {
		return nil
	}
	return err
}

func (f *frontend) addSearchAttributes(ctx context.Context) error {
	known, err := f.operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: Namespace})
	if err != nil {
		return err
	}
	missing := maps.Clone(searchAttributes)
	for name := range known.GetCustomAttributes() {
		delete(missing, name)
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = f.operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace:        Namespace,
		SearchAttributes: missing,
	})
	return err
}

func (f *frontend) close() { _ = f.conn.Close() }
