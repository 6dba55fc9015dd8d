package durable

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"kassa/internal/correlation"
	"kassa/internal/failpoint"
	"kassa/internal/fault"
	"kassa/internal/logging"
)

// Faults is the interceptor that writes the faults of activities and of
// workflows as Temporal failures. NewWorker installs it; tests of workflows
// give it to their environment.
func Faults(log *zap.Logger) interceptor.WorkerInterceptor {
	if log == nil {
		log = zap.NewNop()
	}
	return &faults{log: log}
}

type faults struct {
	interceptor.WorkerInterceptorBase
	log *zap.Logger
}

func (f *faults) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &activityFaults{log: f.log}
	i.Next = next
	return i
}

func (f *faults) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &workflowFaults{}
	i.Next = next
	return i
}

type activityFaults struct {
	interceptor.ActivityInboundInterceptorBase
	log *zap.Logger
}

func (i *activityFaults) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, fault.ErrInternal.Because(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
		if err != nil {
			err = i.failure(ctx, err)
		}
	}()
	info := activity.GetInfo(ctx)
	ctx = failpoint.Enter(ctx, info.ActivityType.Name)
	if err := failpoint.Hit(ctx, failpoint.Before); err != nil {
		return nil, err
	}
	out, err = i.Next.ExecuteActivity(logging.With(ctx, zap.String("workflow_id", info.WorkflowExecution.ID)), in)
	if err != nil {
		return nil, err
	}
	if info.IsLocalActivity {
		return out, failpoint.Hit(ctx, failpoint.Task)
	}
	return out, failpoint.Hit(ctx, failpoint.After)
}

// failure logs an activity's error once, here at the edge, and writes it as a
// Temporal failure.
func (i *activityFaults) failure(ctx context.Context, err error) error {
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) || errors.Is(err, activity.ErrResultPending) {
		return err
	}
	f := faultOf(err)
	if entry := i.log.Check(logging.Level(f.Code), "operation failed"); entry != nil {
		info := activity.GetInfo(ctx)
		entry.Write(
			zap.String("operation", info.ActivityType.Name),
			zap.String("workflow_id", info.WorkflowExecution.ID),
			zap.Int32("attempt", info.Attempt),
			zap.String("correlation_id", correlation.ID(ctx)),
			zap.String("reason", f.Reason),
			zap.Error(err),
		)
	}
	return toFailure(f)
}

// workflowFaults writes what a workflow, or one of its updates, returns. It
// looks only at the error itself, so it does the same on replay.
type workflowFaults struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (i *workflowFaults) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	out, err := i.Next.ExecuteWorkflow(ctx, in)
	return out, written(err)
}

func (i *workflowFaults) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) error {
	return written(i.Next.ValidateUpdate(ctx, in))
}

func (i *workflowFaults) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	out, err := i.Next.ExecuteUpdate(ctx, in)
	return out, written(err)
}

// written leaves everything but a fault as it is: continue-as-new,
// cancellation and activity failures have a meaning of their own.
func written(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return toFailure(f)
	}
	return err
}
