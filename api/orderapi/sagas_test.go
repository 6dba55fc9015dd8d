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
	return s.start(ctx, beginning{id: workflows.CheckoutID(id.New()), workflow: workflows.Checkout, input: order.Purchase{}, total: money.New(4298, "EUR")})
}

func TestTheQueueAtTheEngineIsFelt(t *testing.T) {
	open := make(chan struct{})
	s := NewSagas(&engine{takeIn: func(ctx context.Context) error {
		select {
		case <-open:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}, "kassa", nil, nil)
	require.Zero(t, s.Delay())
	begun := make(chan error, 1)
	go func() { begun <- s.begin(t.Context()) }()
	require.Eventually(t, func() bool { return s.Delay() > 500*time.Millisecond }, 10*time.Second, time.Millisecond, "while it waits")
	close(open)
	require.NoError(t, <-begun)
	require.NoError(t, s.begin(t.Context()), "at once")
	require.Greater(t, s.pace.mean, 50*time.Millisecond, "a quick one does not make the slow one forgotten")
	require.Eventually(t, func() bool { return s.Delay() == 0 }, 10*time.Second, 10*time.Millisecond, "it is long past")
}

func TestAnEngineThatIsOutHasNoQueue(t *testing.T) {
	s := NewSagas(&engine{takeIn: func(context.Context) error {
		time.Sleep(20 * time.Millisecond) // what it takes to fail
		return serviceerror.NewUnavailable("out")
	}}, "kassa", nil, nil)
	for range 5 {
		require.Error(t, s.begin(t.Context()))
	}
	require.Error(t, s.available())
	require.Zero(t, s.Delay())
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

	told := make(chan struct{})
	hangs := &engine{takeIn: func(ctx context.Context) error { close(told); <-ctx.Done(); return ctx.Err() }}
	event := events.NewPaymentChanged(events.PaymentReceived, o.CreatedAt, 3, events.PaymentChanged{PaymentID: id.New(), OrderID: o.ID})
	began := time.Now()
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return NewSagas(hangs, "kassa", orders, nil).HearPayment(t.Context(), tx, event)
	})
	require.NoError(t, err)
	<-told
	require.Less(t, time.Since(began), startWithin, "nobody waits for it")
}

// planner is a Temporal that is asked for a schedule.
type planner struct {
	client.Client
	made planned
}

func (p *planner) ScheduleClient() client.ScheduleClient { return &p.made }

type planned struct {
	client.ScheduleClient
	asked []client.ScheduleOptions
}

func (s *planned) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	s.asked = append(s.asked, o)
	return nil, nil //nolint:nilnil // nobody looks at it
}

// TestAReconcileThatIsStuckEnds: runs do not overlap, so one that never ended
// would be the last.
func TestAReconcileThatIsStuckEnds(t *testing.T) {
	p := &planner{}
	require.NoError(t, NewSagas(p, "kassa", nil, nil).schedule(t.Context()))
	require.Len(t, p.made.asked, 2, "Reconcile and Remind")
	for _, asked := range p.made.asked {
		require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, asked.Overlap)
		require.Positive(t, asked.Action.(*client.ScheduleWorkflowAction).WorkflowRunTimeout)
	}
}
