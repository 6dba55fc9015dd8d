package orderapi

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"kassa/activities/order"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/workflows"
)

const (
	patience = 10 * time.Second      // for what must happen
	tick     = 10 * time.Millisecond // between looks
)

// engine is a Temporal that takes workflows in as told.
type engine struct {
	client.Client
	takeIn func(ctx context.Context) error
}

func (e *engine) ExecuteWorkflow(ctx context.Context, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	return nil, e.takeIn(ctx)
}

func (s *Sagas) begin(ctx context.Context) error {
	in := order.Purchase{OrderID: id.New(), UserID: id.New(), Total: money.New(4298, "EUR")}
	return s.start(ctx, workflows.CheckoutID(in.OrderID), "", workflows.Checkout, in)
}

func TestASagaBeginsThoughTheCustomerIsGone(t *testing.T) {
	s := NewSagas(&engine{takeIn: context.Context.Err}, nil, nil)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 10 {
		require.NoError(t, s.begin(gone), "the order is placed")
	}
	require.NoError(t, s.available(), "and nothing is wrong with Temporal")
}

func TestASagaThatHasEndedIsNoTrouble(t *testing.T) {
	s := NewSagas(&engine{takeIn: func(context.Context) error { return serviceerror.NewWorkflowExecutionAlreadyStarted("ended", "", "") }}, nil, nil)
	for range 10 {
		require.NoError(t, s.begin(t.Context()))
	}
	require.NoError(t, s.available())
}

func TestNothingIsBegunWhileTemporalIsOut(t *testing.T) {
	out := true
	s := NewSagas(&engine{takeIn: func(context.Context) error {
		if out {
			return serviceerror.NewUnavailable("gone")
		}
		return nil
	}}, nil, nil)
	for range 3 {
		require.NoError(t, s.available())
		require.ErrorIs(t, s.begin(t.Context()), errEngineOut)
	}
	require.ErrorIs(t, s.available(), errEngineOut)
	require.ErrorIs(t, s.begin(t.Context()), errEngineOut)

	out = false
	require.Eventually(t, func() bool { return s.available() == nil && s.begin(t.Context()) == nil }, patience, tick)
	require.True(t, s.breaker.IsClosed())
}
