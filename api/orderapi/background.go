package orderapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"kassa/activities/order"
	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/workflows"
)

const (
	reconcileEvery  = time.Minute      // how often Reconcile looks for what no saga owns
	reconcileWithin = 10 * time.Minute // a run that takes longer is stuck
)

// KeepSchedule makes sure that Temporal runs Reconcile, and comes back when ctx
// ends. Temporal may be down at start, or lose everything: it looks every minute.
func (s *Sagas) KeepSchedule(ctx context.Context, log *zap.Logger) error {
	for wait := time.Duration(0); ; wait = reconcileEvery {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		for err := s.schedule(ctx); err != nil && ctx.Err() == nil; err = s.schedule(ctx) {
			log.Warn("the reconcile schedule is not there yet; trying again in two seconds", zap.Error(err))
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}
}

func (s *Sagas) schedule(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := s.temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:      workflows.ReconcileID,
		Spec:    client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: reconcileEvery}}},
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		Action: &client.ScheduleWorkflowAction{
			ID: workflows.ReconcileID, Workflow: workflows.Reconcile, TaskQueue: order.Queue,
			// A run that cannot go on (new code cannot replay it) would keep every later one from
			// starting. Reconcile has nothing to undo, so it may be ended.
			WorkflowRunTimeout: reconcileWithin,
			StaticSummary:      "Mend what no saga owns any more",
		},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return nil
	}
	return err
}

// firstAnswer is the version that the provider's first word makes of a payment.
const firstAnswer = 2

// HearPayment tells the checkout of an order that waits for its customer that
// the payment has changed. The signal is a hint, so a lost one costs time only.
// The first answer is the one its saga is waiting for itself: no customer is
// asked before it, and it is the only one that most payments ever get.
func (s *Sagas) HearPayment(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	if event.Sequence <= firstAnswer {
		return nil
	}
	about, err := events.Decode[events.PaymentChanged](event)
	if err != nil {
		return err
	}
	waiting, err := order.AwaitsPayment(ctx, tx, about.OrderID)
	if err != nil || !waiting {
		return err
	}
	// The transaction is open: a Temporal that hangs must not hold it, nor the events behind this one.
	telling, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	err = s.temporal.SignalWorkflow(telling, workflows.CheckoutID(about.OrderID), "", workflows.PaymentChanged, nil)
	var gone *serviceerror.NotFound
	if err != nil && !errors.As(err, &gone) {
		return fmt.Errorf("tell the checkout of order %s: %w", about.OrderID, err)
	}
	return nil
}
