package orderapi

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"kassa/activities/order"
	"kassa/events"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pgtest"
	"kassa/sql/orderdb"
	"kassa/workflows"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

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

func (e *engine) SignalWorkflow(ctx context.Context, _, _, _ string, _ any) error {
	return e.takeIn(ctx)
}

func (s *Sagas) begin(ctx context.Context) error {
	in := order.Purchase{OrderID: id.New(), UserID: id.New(), Total: money.New(4298, "EUR")}
	return s.start(ctx, workflows.CheckoutID(in.OrderID), "", workflows.Checkout, in)
}

func TestASagaBeginsThoughTheCustomerIsGone(t *testing.T) {
	s := NewSagas(&engine{takeIn: context.Context.Err}, "kassa", nil, nil)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 10 {
		require.NoError(t, s.begin(gone), "the order is placed")
	}
	require.NoError(t, s.available(), "and nothing is wrong with Temporal")
}

func TestASagaThatHasEndedIsNoTrouble(t *testing.T) {
	s := NewSagas(&engine{takeIn: func(context.Context) error { return serviceerror.NewWorkflowExecutionAlreadyStarted("ended", "", "") }}, "kassa", nil, nil)
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
	}}, "kassa", nil, nil)
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

func TestATemporalThatHangsHoldsUpNoEvents(t *testing.T) {
	pool := pgtest.New(t, orderdb.Migrations())
	orders := order.New(pool, order.NewNews())
	placed, err := orders.PlaceOrder(t.Context(), order.PlaceOrderInput{
		UserID: id.New(), Operation: "checkout", Key: "key", Fingerprint: []byte("request"), PaymentMethod: "pm_card_visa", Capture: "automatic", ShippingOption: "standard",
		Priced: order.Priced{Subtotal: money.New(4298, "EUR"), Total: money.New(4298, "EUR")},
	})
	require.NoError(t, err)
	o := placed.Order
	_, err = orders.AwaitPayment(t.Context(), order.AwaitPaymentInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentID: id.New(), ActionURL: "https://bank.example"})
	require.NoError(t, err)

	hangs := &engine{takeIn: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
	event := events.NewPaymentChanged(events.PaymentReceived, o.CreatedAt, 3, events.PaymentChanged{PaymentID: id.New(), OrderID: o.ID})
	waiting, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return NewSagas(hangs, "kassa", orders, nil).HearPayment(waiting, tx, event) })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, waiting.Err(), "it gives up before Postgres ends the transaction")
}

// planner is a Temporal that is asked for a schedule.
type planner struct {
	client.Client
	made schedules
}

func (p *planner) ScheduleClient() client.ScheduleClient { return &p.made }

type schedules struct {
	client.ScheduleClient
	asked client.ScheduleOptions
}

func (s *schedules) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	s.asked = o
	return nil, nil //nolint:nilnil // nobody looks at it
}

// TestAReconcileThatIsStuckEnds: runs do not overlap, so one that never ended
// would be the last.
func TestAReconcileThatIsStuckEnds(t *testing.T) {
	p := &planner{}
	require.NoError(t, NewSagas(p, "kassa", nil, nil).schedule(t.Context()))
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, p.made.asked.Overlap)
	require.Equal(t, reconcileWithin, p.made.asked.Action.(*client.ScheduleWorkflowAction).WorkflowRunTimeout)
}
