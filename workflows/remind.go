package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"kassa/activities/cart"
)

const (
	// RemindID names the schedule that runs Remind, and its workflow.
	RemindID = "remind"
	// abandonedAfter is how long nobody must have touched a cart.
	abandonedAfter = 24 * time.Hour
	// remindAtMost bounds the carts of one call, remindCalls the calls of one run.
	remindAtMost, remindCalls = 500, 100
)

// Remind has the cart service tell of carts that their customers have left, once
// per version of a cart. A Temporal Schedule runs it every hour; what does not
// answer now may answer the next run.
func Remind(ctx workflow.Context) (done cart.Reminded, err error) {
	before := workflow.Now(ctx).Add(-abandonedAfter)
	for range remindCalls {
		told, err := call(briefly(ctx, cart.Queue), carts.RemindAbandonedCarts, cart.RemindAbandonedCartsInput{Before: before, Limit: remindAtMost})
		if err != nil {
			return done, err
		}
		if done.Carts += told.Carts; told.Carts < remindAtMost {
			break
		}
	}
	return done, nil
}
