package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/order"
	"kassa/internal/fault"
)

const (
	directWithin = 3 * time.Second  // a direct call that takes longer is left to an activity
	stepWithin   = 10 * time.Second // one attempt of an activity; above the payment provider's time-out
	giveUpAfter  = 2 * time.Minute  // a step that may be given up on is, when nobody answers for so long
	alarmAfter   = 20               // attempts at a step that must succeed, before somebody is told
)

// at addresses the worker of one service for a step that may be given up on.
func at(ctx workflow.Context, queue string) workflow.Context {
	return workflow.WithActivityOptions(directly(ctx), workflow.ActivityOptions{
		TaskQueue:              queue,
		StartToCloseTimeout:    stepWithin,
		ScheduleToCloseTimeout: giveUpAfter,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
	})
}

// briefly is at for a caller who comes back anyway: it waits for one attempt.
func briefly(ctx workflow.Context, queue string) workflow.Context {
	return workflow.WithScheduleToCloseTimeout(at(ctx, queue), stepWithin)
}

// definitely addresses the worker of one service for a step whose outcome must
// be known: it ignores cancellation and is retried for as long as it takes.
func definitely(ctx workflow.Context, queue string) workflow.Context {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	return workflow.WithActivityOptions(directly(ctx), workflow.ActivityOptions{
		TaskQueue:           queue,
		StartToCloseTimeout: stepWithin,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: alarmAfter},
	})
}

// here addresses the service that hosts the sagas: definite, and without a
// round trip through the server as long as its database answers.
func here(ctx workflow.Context) workflow.Context { return definitely(ctx, order.Queue) }

func directly(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    directWithin,
		ScheduleToCloseTimeout: directWithin,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
}

// call runs an operation of a service. The operation is named by its method on
// a nil service, so a wrong name or input does not compile.
//
// Direct first: a local activity calls the operation where it lives. A definite
// answer, yes or no, is the result. Anything else, and the same operation with
// the same input becomes an activity on the service's queue, where Temporal
// retries it. Operations are idempotent by their business key, so having
// happened twice changes nothing.
func call[In, Out any](ctx workflow.Context, op func(context.Context, In) (Out, error), in In) (out Out, err error) {
	err = workflow.ExecuteLocalActivity(ctx, op, in).Get(ctx, &out)
	if err == nil || definite(err) || ctx.Err() != nil {
		return out, faultOf(err)
	}
	err = workflow.ExecuteActivity(ctx, op, in).Get(ctx, &out)
	if err == nil || definite(err) || ctx.Err() != nil || mayGiveUp(ctx) {
		return out, faultOf(err)
	}
	alarm(ctx, err)
	err = workflow.ExecuteActivity(withoutLimit(ctx), op, in).Get(ctx, &out)
	_ = workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueUnset())
	return out, faultOf(err)
}

// definite reports whether err is the service's own no.
func definite(err error) bool {
	var refusal *temporal.ApplicationError
	return errors.As(err, &refusal) && refusal.NonRetryable()
}

func mayGiveUp(ctx workflow.Context) bool {
	return workflow.GetActivityOptions(ctx).ScheduleToCloseTimeout > 0
}

func withoutLimit(ctx workflow.Context) workflow.Context {
	policy := *workflow.GetActivityOptions(ctx).RetryPolicy
	policy.InitialInterval = policy.MaximumInterval
	policy.MaximumAttempts = 0
	return workflow.WithRetryPolicy(ctx, policy)
}

// faultOf turns a Temporal failure back into the fault that a service returned.
// What is no fault, like a time-out, is fault.ErrUnavailable; a cancellation
// stays what it is.
func faultOf(err error) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	var failed *temporal.ApplicationError
	var report fault.Report
	if errors.As(err, &failed) && failed.HasDetails() && failed.Details(&report) == nil {
		if f, ok := report.Fault(failed.Type()); ok {
			return f
		}
	}
	return fault.ErrUnavailable.Because(err)
}

type orderKey struct{}

// forOrder remembers whose saga this is.
func forOrder(ctx workflow.Context, orderID uuid.UUID) workflow.Context {
	return workflow.WithValue(ctx, orderKey{}, orderID)
}

// alarm tells support what the saga cannot get past. The saga goes on trying.
func alarm(ctx workflow.Context, err error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	orderID, known := ctx.Value(orderKey{}).(uuid.UUID)
	workflow.GetLogger(ctx).Error("a step does not get through", "order_id", orderID, "error", err)
	workflow.GetMetricsHandler(ctx).Counter("kassa_needs_attention_total").Inc(1)
	if !known {
		return
	}
	_ = workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueSet("needs_attention"))
	workflow.SetCurrentDetails(ctx, "Needs attention: a step that must succeed keeps failing. It is retried every minute.")
	_, _ = call(briefly(ctx, order.Queue), orders.NeedAttention, order.NeedAttentionInput{OrderID: orderID, What: fmt.Sprint(faultOf(err))})
}
