package workflows

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"kassa/activities/order"
)

// reconciling is a Temporal whose world the test may still change.
func reconciling(t *testing.T, w *world) *testsuite.TestWorkflowEnvironment {
	env, child := newEnvironment(), newWorld(t, scenario{})
	settle(env, func(ctx context.Context) *world {
		if activity.GetInfo(ctx).WorkflowExecution.ID == CheckoutID(purchase.OrderID) {
			return child
		}
		return w
	})
	return env
}

func TestReconcileDoesNotWaitForAProviderThatHangs(t *testing.T) {
	w := newWorld(t, scenario{answers: answering("ResolvePayment", silent)})
	w.doubtful = slices.Repeat([]uuid.UUID{purchase.OrderID}, atMost)
	env := reconciling(t, w)

	started := env.Now()
	env.ExecuteWorkflow(Reconcile)

	var done Repairs
	require.NoError(t, env.GetWorkflowResult(&done), "the next run begins where this one came to")
	require.Zero(t, done.Resolved)
	require.Less(t, env.Now().Sub(started), 2*time.Minute, "the next run must begin in time")
	require.Equal(t, 1, w.attempts["ReleaseStock"], "and the rest is mended in this one")
}

func TestReconcileLooksAtAClosedOrderOnce(t *testing.T) {
	w := newWorld(t, scenario{})
	env := reconciling(t, w)
	var asked []order.ListClosedInput
	register(env, func(context.Context) *world { return w }, "ListClosedOrders", func(_ *world, in order.ListClosedInput) order.ClosedOrders {
		asked = append(asked, in)
		if len(asked) > 1 {
			return order.ClosedOrders{}
		}
		return order.ClosedOrders{Orders: slices.Repeat([]uuid.UUID{purchase.OrderID}, atMost), Until: in.Since.Add(time.Minute)}
	})
	before := env.Now().Add(-quietFor)
	from := before.Add(-time.Hour)
	env.SetLastCompletionResult(Repairs{Searched: from})

	env.ExecuteWorkflow(Reconcile)

	require.NoError(t, env.GetWorkflowError())
	var done Repairs
	require.NoError(t, env.GetWorkflowResult(&done))
	require.Len(t, asked, 2)
	require.True(t, from.Equal(asked[0].Since), "it goes on where the last run came to")
	require.True(t, from.Add(time.Minute).Equal(asked[1].Since))
	require.True(t, done.Searched.Equal(asked[1].Before), "and the next run goes on from here")
	require.Equal(t, Repairs{Started: 1, Resolved: 1, Released: atMost, Voided: atMost}, Repairs{Started: done.Started, Resolved: done.Resolved, Released: done.Released, Voided: done.Voided})
}

func TestReconcileStartsReturnsAndHidesNothingBehindWhatWaits(t *testing.T) {
	w := newWorld(t, scenario{})
	env := newEnvironment()
	env.RegisterWorkflow(Return)
	coming := newWorld(t, scenario{with: finds("rejected")}) // of the return that is begun again
	settle(env, func(ctx context.Context) *world {
		switch activity.GetInfo(ctx).WorkflowExecution.ID {
		case CheckoutID(purchase.OrderID):
			return newWorld(t, scenario{})
		case ReturnID(homecoming.ReturnID):
			return coming
		}
		return w
	})
	last, next := order.Looked{Order: busy, Return: busy}, order.Looked{Return: deserted}
	register(env, func(context.Context) *world { return w }, "ListUnsettledOrders", func(_ *world, in order.ListUnsettledInput) order.Unsettled {
		require.Equal(t, last, in.After, "it goes on where the last run came to")
		return order.Unsettled{Returns: []order.Homecoming{homecoming}, Looked: next}
	})
	env.SetLastCompletionResult(Repairs{Searched: env.Now(), Looked: last})

	env.ExecuteWorkflow(Reconcile)

	require.NoError(t, env.GetWorkflowError())
	var done Repairs
	require.NoError(t, env.GetWorkflowResult(&done))
	require.Equal(t, 1, done.Started)
	require.Equal(t, next, done.Looked)
}
