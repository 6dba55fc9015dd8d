package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/internal/fault"
)

// ReturnChanged is the signal that tells the saga of a return to look at it. It
// is a hint: what was decided is in the order service's tables.
const ReturnChanged = "return-changed"

// ReturnID is the workflow id of a return.
func ReturnID(returnID interface{ String() string }) string { return "return/" + returnID.String() }

// Return leads goods back: somebody approves, the goods arrive, the money goes
// back, the goods go to the warehouse. A return that nobody does anything about
// for as long as it may take is rejected.
func Return(ctx workflow.Context, in order.Homecoming) (order.ReturnState, error) {
	ctx = forOrder(ctx, in.OrderID)
	goods, err := arrive(ctx, in)
	if err != nil || goods.Status != "received" {
		return goods, err
	}

	// The point of no return: the goods are here. What follows is only ever completed.
	back, err := call(here(ctx), orders.PlanReturnRefund, order.ReadReturnInput{ReturnID: in.ReturnID})
	if err == nil && back.Amount.Amount > 0 {
		if _, err = giveBack(ctx, back); err != nil {
			alarm(ctx, err) // somebody must give the money back another way; the goods are here all the same
			err = nil
		}
	}
	if err == nil && goods.Restock {
		err = restock(ctx, in)
	}
	if err == nil {
		goods, err = call(here(ctx), orders.CompleteReturn, order.ReadReturnInput{ReturnID: in.ReturnID})
	}
	if err != nil {
		alarm(ctx, err)
		return goods, err
	}
	workflow.SetCurrentDetails(ctx, "Done: the goods are back, and so is the money.")
	return goods, nil
}

// restock puts the goods back into the warehouse. A warehouse that refuses them
// disagrees with the order service about what was shipped, which somebody must
// mend: the alarm is raised, and it is asked again after a minute, then two, up
// to an hour. A saga that failed would be begun again every minute.
func restock(ctx workflow.Context, in order.Homecoming) error {
	for wait := time.Minute; ; wait = min(2*wait, time.Hour) {
		workflow.SetCurrentDetails(ctx, "Putting the goods back into the warehouse.")
		_, err := call(definitely(ctx, inventory.Queue), stock.RestockReturn, inventory.RestockReturnInput{
			OrderID: in.OrderID, ReturnID: in.ReturnID, Lines: stockLines(in.Items),
		})
		if err == nil || workflow.GetVersion(ctx, "ask a warehouse again", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
			return err
		}
		alarm(ctx, err)
		workflow.SetCurrentDetails(ctx, "Needs attention: the warehouse refuses the goods. "+fault.Of(err).Message+" It is asked again.")
		again, _ := workflow.NewDisconnectedContext(ctx)
		_ = workflow.Sleep(again, wait)
		_ = workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueUnset())
	}
}

// arrive waits until the goods are here, or the return is rejected, by somebody
// or because its time is up. Each decision gives it its time anew.
func arrive(ctx workflow.Context, in order.Homecoming) (goods order.ReturnState, err error) {
	changed := workflow.GetSignalChannel(ctx, ReturnChanged)
	for {
		goods, err = call(here(ctx), orders.ReadReturnState, order.ReadReturnInput{ReturnID: in.ReturnID})
		if err != nil || goods.Status != "requested" && goods.Status != "approved" {
			return goods, err
		}
		workflow.SetCurrentDetails(ctx, "Waiting for somebody to approve the return, then for its goods.")
		expired := false
		timer, stop := workflow.WithCancel(ctx)
		next := workflow.NewSelector(ctx)
		next.AddReceive(changed, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) })
		next.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
		if in.ExpireSeconds > 0 {
			next.AddFuture(workflow.NewTimerWithOptions(timer, time.Duration(in.ExpireSeconds)*time.Second, workflow.TimerOptions{Summary: "the return's time is up"}),
				func(workflow.Future) { expired = true })
		}
		next.Select(ctx)
		stop()
		if ctx.Err() != nil || expired {
			return call(here(ctx), orders.ExpireReturn, order.ReadReturnInput{ReturnID: in.ReturnID})
		}
	}
}
