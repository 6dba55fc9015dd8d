package verify

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// Sagas is what is asked of Temporal.
type Sagas interface {
	// List answers every run of a saga of orders and people that Temporal remembers, oldest
	// first. It may lag behind by a moment, and does not know First nor
	// TaskAttempts.
	List(ctx context.Context) ([]Execution, error)
	// Open is List without the runs that have ended.
	Open(ctx context.Context) ([]Execution, error)
	// Look answers one run, as it is now; the latest when run is "". It is the
	// zero Execution when there is none.
	Look(ctx context.Context, workflowID, run string) (Execution, error)
}

// Execution is a run of a saga.
type Execution struct {
	ID           string // of the workflow
	Run          string
	First        string // the run that it was reset from or continues; else itself
	Status       enums.WorkflowExecutionStatus
	Started      time.Time
	TaskAttempts int32 // at the workflow task that is due; 0 when none is
}

// remembered is how long Temporal keeps an ended saga, less a day.
const remembered = 6 * 24 * time.Hour

// forgotten is the time before which Temporal may know nothing of an order.
func (l *look) forgotten() time.Time { return time.Now().Add(-remembered) }

// temporalSagas asks Temporal.
type temporalSagas struct {
	client    client.Client
	namespace string
}

// theirSagas lists by the names of the workflows' functions.
const theirSagas = `WorkflowType IN ("Checkout", "Cancel", "Fulfil", "Refund", "Return", "Erase")`

// List lists all.
func (t temporalSagas) List(ctx context.Context) ([]Execution, error) {
	return t.list(ctx, theirSagas)
}

// Open lists those that run.
func (t temporalSagas) Open(ctx context.Context) ([]Execution, error) {
	return t.list(ctx, theirSagas+` AND ExecutionStatus = "Running"`)
}

// list reads pages of a thousand.
func (t temporalSagas) list(ctx context.Context, query string) ([]Execution, error) {
	var all []Execution
	var next []byte
	for {
		page, err := t.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: t.namespace, PageSize: 1000, Query: query, NextPageToken: next,
		})
		if err != nil {
			return nil, err
		}
		for _, info := range page.GetExecutions() {
			all = append(all, execution(info))
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b Execution) int { return a.Started.Compare(b.Started) })
	return all, nil
}

// Look describes a run.
func (t temporalSagas) Look(ctx context.Context, workflowID, run string) (Execution, error) {
	described, err := t.client.DescribeWorkflowExecution(ctx, workflowID, run)
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return Execution{}, nil
	}
	if err != nil {
		return Execution{}, err
	}
	e := execution(described.GetWorkflowExecutionInfo())
	e.TaskAttempts = described.GetPendingWorkflowTask().GetAttempt()
	return e, nil
}

func execution(info *workflowpb.WorkflowExecutionInfo) Execution {
	return Execution{
		ID: info.GetExecution().GetWorkflowId(), Run: info.GetExecution().GetRunId(), First: info.GetFirstRunId(),
		Status: info.GetStatus(), Started: info.GetStartTime().AsTime(),
	}
}
