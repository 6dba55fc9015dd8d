package orderapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"kassa/activities/order"
	"kassa/internal/correlation"
	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/workflows"
)

const (
	startWithin = 2 * time.Second        // Temporal must take a workflow in within this
	trialWithin = 700 * time.Millisecond // and within this when it was out a moment ago: nobody waits long for a no that is likely
	lookEvery   = 250 * time.Millisecond // how often a waiter looks for an order that moves in another process
)

// errEngineOut is a checkout that cannot begin, or go on, without Temporal.
var errEngineOut = fault.New(fault.Unavailable, "checkout_unavailable", "Checkout is not available at the moment. Please try again with the same Idempotency-Key.")

// Sagas starts the sagas of orders and waits for them.
type Sagas struct {
	temporal  client.Client
	namespace string
	orders    *order.Service
	news      *order.News
	breaker   circuitbreaker.CircuitBreaker[any]
	pace      pace
}

// NewSagas makes it for a client of a namespace. When Temporal has failed to take three workflows in, the
// next ones are refused at once for a second.
func NewSagas(c client.Client, namespace string, orders *order.Service, news *order.News) *Sagas {
	return &Sagas{
		temporal: c, namespace: namespace, orders: orders, news: news,
		breaker: circuitbreaker.NewBuilder[any]().WithFailureThreshold(3).WithDelay(time.Second).Build(),
	}
}

// available answers a fault while Temporal is known to be out, so that nothing
// is begun that cannot go on.
func (s *Sagas) available() error {
	if s.breaker.IsOpen() && s.breaker.RemainingDelay() > 0 {
		return errEngineOut
	}
	return nil
}

// Delay is how long the engine takes of late to take a workflow in: the queue that
// a checkout stands in. An engine that is out has none; who asks then is refused.
func (s *Sagas) Delay() time.Duration {
	if !s.breaker.IsClosed() {
		return 0
	}
	return s.pace.delay()
}

// beginning is how a saga is started.
type beginning struct {
	id       string // of the workflow
	summary  string // for the Web UI
	workflow any    // one of workflows.All
	input    any
	userID   uuid.UUID
	total    money.Money // of the order
}

// start begins a saga unless it is running or has ended. The order stands, so a
// customer who leaves does not stop it.
func (s *Sagas) start(ctx context.Context, b beginning) error {
	within := startWithin
	if !s.breaker.IsClosed() {
		within = trialWithin
	}
	ctx = context.WithoutCancel(ctx)
	err := failsafe.With(s.breaker).WithContext(ctx).Run(func() error {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		end := s.pace.begin()
		_, err := s.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:                       b.id,
			TaskQueue:                order.Queue,
			WorkflowTaskTimeout:      5 * time.Second, // a dead worker costs a customer no more
			WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
			WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
			EnableEagerStart:         true,
			StaticSummary:            b.summary,
			Memo:                     map[string]any{"correlation_id": correlation.ID(ctx)},
			TypedSearchAttributes: temporal.NewSearchAttributes(
				workflows.CustomerID.ValueSet(b.userID.String()),
				workflows.OrderTotal.ValueSet(b.total.Amount),
				workflows.Currency.ValueSet(b.total.Currency)),
		}, b.workflow, b.input)
		end(err)
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return nil
		}
		return err
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, circuitbreaker.ErrOpen), durable.Unavailable(err), errors.Is(err, context.DeadlineExceeded):
		return errEngineOut.Because(err)
	default:
		return fmt.Errorf("start %s: %w", b.id, err)
	}
}

// checkout makes sure that the order's checkout runs and waits, at most as long
// as the client wants, until the order is settled or waits for the customer.
func (s *Sagas) checkout(ctx context.Context, o order.Order, wait time.Duration) (order.Order, error) {
	moves, stop := s.news.Follow(o.ID)
	defer stop()
	summary := fmt.Sprintf("Checkout of %s, %s", o.Number, o.Total)
	if err := s.start(ctx, of(o, workflows.CheckoutID(o.ID), summary, workflows.Checkout)); err != nil {
		return o, err
	}
	return s.follow(ctx, o, moves, wait, func(state order.State) bool { return state.Status != order.Pending })
}

// cancel makes sure that the order's cancellation runs and waits for its end.
func (s *Sagas) cancel(ctx context.Context, o order.Order, wait time.Duration) (order.Order, error) {
	moves, stop := s.news.Follow(o.ID)
	defer stop()
	if err := s.start(ctx, of(o, workflows.CancelID(o.ID), "Cancel "+o.Number, workflows.Cancel)); err != nil {
		return o, err
	}
	return s.follow(ctx, o, moves, wait, func(state order.State) bool { return state.Status.Closed() })
}

// of is how a saga of a whole order begins.
func of(o order.Order, id, summary string, workflow any) beginning {
	return beginning{id: id, summary: summary, workflow: workflow, input: order.PurchaseOf(o), userID: o.UserID, total: o.Total}
}

// run makes sure that a saga of the order runs, and looks, whenever the order
// moves and now and then, whether it has come to where the client wants to wait
// for, at most as long as the client wants.
func (s *Sagas) run(ctx context.Context, orderID uuid.UUID, b beginning, wait time.Duration, look func(ctx context.Context) (bool, error)) error {
	moves, stop := s.news.Follow(orderID)
	defer stop()
	if err := s.start(ctx, b); err != nil {
		return err
	}
	patience, tick := time.NewTimer(wait), time.NewTicker(lookEvery)
	defer patience.Stop()
	defer tick.Stop()
	for {
		done, err := look(ctx)
		if err != nil || done {
			return err
		}
		select {
		case <-moves:
		case <-tick.C:
		case <-patience.C:
			return nil
		case <-ctx.Done():
			return fault.ErrUnavailable.Because(ctx.Err())
		}
	}
}

// nudge tells a saga to look at its tables. It is a hint: a lost one costs time only.
func (s *Sagas) nudge(ctx context.Context, workflowID, signal string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWithin)
	defer cancel()
	_ = s.temporal.SignalWorkflow(ctx, workflowID, "", signal, nil)
}

// follow waits until the order is where it should get, by the news of this
// process or by looking, and answers the order as it is then.
func (s *Sagas) follow(ctx context.Context, o order.Order, moves <-chan order.State, wait time.Duration, there func(order.State) bool) (order.Order, error) {
	patience := time.NewTimer(wait)
	defer patience.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case state := <-moves:
			if there(state) {
				return s.arrived(ctx, o, state)
			}
		case <-look.C:
			state, err := s.orders.ReadState(ctx, order.ReadOrderInput{OrderID: o.ID})
			if err == nil && there(state) {
				return s.arrived(ctx, o, state)
			}
		case <-patience.C:
			return o, nil
		case <-ctx.Done():
			return o, fault.ErrUnavailable.Because(ctx.Err())
		}
	}
}

// arrived shapes the order in its new state. A confirmed one needs no look into
// the database: nothing but its state has changed.
func (s *Sagas) arrived(ctx context.Context, o order.Order, state order.State) (order.Order, error) {
	if state.Status == order.Confirmed {
		return o.Apply(state), nil
	}
	return s.orders.ReadOrder(ctx, order.ReadOrderInput{OrderID: o.ID})
}

// step is what an order's saga is doing now, for the timeline; nil when no saga
// runs or Temporal does not answer in time.
func (s *Sagas) step(ctx context.Context, orderID uuid.UUID) *SagaStep {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	described, err := s.temporal.DescribeWorkflowExecution(ctx, workflows.CheckoutID(orderID), "")
	if err != nil || described.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil
	}
	step := &SagaStep{WorkflowID: workflows.CheckoutID(orderID)}
	for _, pending := range described.GetPendingActivities() {
		step.Operation = pending.GetActivityType().GetName()
		step.Attempt = int(pending.GetAttempt())
		step.LastError = pending.GetLastFailure().GetApplicationFailureInfo().GetType()
		if next := pending.GetScheduledTime(); next != nil && pending.GetState() == enums.PENDING_ACTIVITY_STATE_SCHEDULED {
			at := next.AsTime()
			step.NextAttemptAt = &at
		}
	}
	return step
}
