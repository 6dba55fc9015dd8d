package orderapi

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/enums/v1"
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

// KeepSchedule makes sure that Temporal runs what it runs by itself, and comes back when ctx
// ends. Temporal may be down at start, or lose everything: it looks every minute.
func (s *Sagas) KeepSchedule(ctx context.Context, log *zap.Logger) error {
	for wait := time.Duration(0); ; wait = reconcileEvery {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		for err := s.schedule(ctx); err != nil && ctx.Err() == nil; err = s.schedule(ctx) {
			log.Warn("the schedules are not there yet; trying again in two seconds", zap.Error(err))
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}
}

// schedules are what Temporal runs by itself. Runs of one do not overlap.
var schedules = []struct {
	id, summary string
	workflow    any
	every       time.Duration
	within      time.Duration // a run that takes longer is stuck
}{
	{workflows.ReconcileID, "Mend what no saga owns any more", workflows.Reconcile, reconcileEvery, reconcileWithin},
	{workflows.RemindID, "Remind of carts that were left", workflows.Remind, time.Hour, 30 * time.Minute},
}

func (s *Sagas) schedule(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for _, each := range schedules {
		_, err := s.temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
			ID:      each.id,
			Spec:    client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: each.every}}},
			Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP,
			Action: &client.ScheduleWorkflowAction{
				ID: each.id, Workflow: each.workflow, TaskQueue: order.Queue,
				// A run that cannot go on (new code cannot replay it) would keep every later one from
				// starting. It has nothing to undo, so it may be ended.
				WorkflowRunTimeout: each.within,
				StaticSummary:      each.summary,
			},
		})
		if err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			return err
		}
	}
	return nil
}

// firstAnswer is the version that the provider's first word makes of a payment.
const firstAnswer = 2

// HearPayment tells the checkout of an order that waits for its customer that
// the payment has changed, and keeps the order's own word on its payment up to
// date after that.
//
// The signal is a hint, so a lost one costs time only: it is given after the
// transaction, and nobody waits for it. The first answer is the one that a
// checkout is waiting for itself: no customer is asked before it, and it is the
// only one that most payments ever get.
func (s *Sagas) HearPayment(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	if event.Sequence <= firstAnswer {
		return nil
	}
	about, err := events.Decode[events.PaymentChanged](event)
	if err != nil {
		return err
	}
	if event.Type == events.PaymentRefundFailed {
		return order.RefundCameBack(ctx, tx, about)
	}
	waiting, err := order.FollowPayment(ctx, tx, about)
	if err != nil || !waiting {
		return err
	}
	go s.nudge(ctx, workflows.CheckoutID(about.OrderID), workflows.PaymentChanged)
	return nil
}
