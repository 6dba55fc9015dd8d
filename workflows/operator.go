package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/order"
	"kassa/activities/payment"
)

// The updates by which an operator steps into a checkout. Each takes an
// order.Intervention: who asks and why is in the order service.
const (
	HoldUpdate    = "hold"    // stop at the next step
	ResumeUpdate  = "resume"  // go on
	RetryUpdate   = "retry"   // do not wait any longer
	ApproveUpdate = "approve" // let an order in review through
	RejectUpdate  = "reject"  // or not
)

// operator is what somebody asks of a checkout, until the saga has done it. A
// saga stops between its steps only, so an update is answered when it is there.
type operator struct {
	hold, resume, verdict *asked
	approves              bool       // the verdict
	rejects               *uuid.UUID // the intervention that rejected the order; nil when nobody has
	held, reviewing, over bool
	nudged                bool // somebody has asked to wait no longer
	bell                  workflow.Channel
}

// asked is an update that waits for the saga.
type asked struct {
	order.Intervention
	done bool
	err  error
}

// listen begins to take updates.
func listen(ctx workflow.Context) (*operator, error) {
	o := &operator{bell: workflow.NewBufferedChannel(ctx, 1)}
	underway := func() error {
		if o.over {
			return order.ErrNotUnderway
		}
		return nil
	}
	undecided := func() error {
		if !o.reviewing || o.held || o.verdict != nil {
			return order.ErrNotInReview
		}
		return nil
	}
	handlers := []struct {
		name     string
		may      func() error
		remember func(a *asked)
	}{
		{HoldUpdate, func() error {
			if o.hold != nil || o.held {
				return order.ErrIllegalStep
			}
			return underway()
		}, func(a *asked) { o.hold = a }},
		{ResumeUpdate, func() error {
			if !o.held || o.resume != nil {
				return order.ErrNotHeld
			}
			return nil
		}, func(a *asked) { o.resume = a }},
		{ApproveUpdate, undecided, func(a *asked) { o.verdict, o.approves = a, true }},
		{RejectUpdate, undecided, func(a *asked) { o.verdict, o.approves = a, false }},
	}
	for _, h := range handlers {
		err := workflow.SetUpdateHandlerWithOptions(ctx, h.name, func(ctx workflow.Context, in order.Intervention) error {
			a := &asked{Intervention: in}
			h.remember(a)
			o.bell.SendAsync(nil)
			if err := workflow.Await(ctx, func() bool { return a.done || o.over }); err != nil {
				return err
			}
			if !a.done {
				return order.ErrNotUnderway // the saga has ended before it came to it
			}
			return a.err
		}, workflow.UpdateHandlerOptions{Validator: func(order.Intervention) error { return h.may() }})
		if err != nil {
			return nil, err
		}
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, RetryUpdate, func(ctx workflow.Context, in order.Intervention) error {
		o.nudged = true
		o.bell.SendAsync(nil)
		_, err := call(here(ctx), orders.RetryOrder, in)
		return err
	}, workflow.UpdateHandlerOptions{Validator: func(order.Intervention) error { return underway() }})
	return o, err
}

// leave ends the taking of updates, and comes back when all are answered.
func (o *operator) leave(ctx workflow.Context) {
	o.over = true
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	_ = workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// pass is where an operator can hold the saga: it comes back when nobody does.
func (o *operator) pass(ctx workflow.Context) error {
	for o.hold != nil {
		hold := o.hold
		_, hold.err = call(here(ctx), orders.HoldOrder, hold.Intervention)
		o.held, o.hold, hold.done = hold.err == nil, nil, true
		if !o.held {
			continue
		}
		_ = workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueSet(string(order.Held)))
		workflow.SetCurrentDetails(ctx, "Held by an operator. It goes on when somebody resumes it.")
		err := o.resumed(ctx, hold.OrderID)
		_ = workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueUnset())
		if o.held = false; err != nil {
			return err
		}
		resume := o.resume
		_, resume.err = call(here(ctx), orders.ResumeOrder, resume.Intervention)
		if o.resume, resume.done = nil, true; resume.err != nil {
			return resume.err
		}
	}
	return nil
}

// heldLook is how often a held saga looks whether its order is still held.
const heldLook = 30 * time.Minute

// resumed waits until somebody resumes the saga. One that an operator has reset to
// where it was held may find that its order was closed meanwhile: then nobody will,
// and it ends as a cancelled one.
func (o *operator) resumed(ctx workflow.Context, orderID uuid.UUID) error {
	goes := func() bool { return o.resume != nil }
	if workflow.GetVersion(ctx, "look while held", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return workflow.Await(ctx, goes)
	}
	for {
		ok, err := workflow.AwaitWithTimeout(ctx, heldLook, goes)
		if err != nil || ok {
			return err
		}
		now, err := call(here(ctx), orders.ReadState, order.ReadOrderInput{OrderID: orderID})
		if err == nil && now.Status.Closed() {
			return temporal.NewCanceledError()
		}
	}
}

// review waits until somebody has approved the order. It answers
// order.ErrOrderDeclined when somebody has rejected it, or nobody did anything
// for as long as the order says.
func (o *operator) review(ctx workflow.Context, in order.Purchase, paid payment.Payment) error {
	if in.ReviewSeconds <= 0 {
		return nil
	}
	_, err := call(here(ctx), orders.StartReview, order.StartReviewInput{
		OrderID: in.OrderID, UserID: in.UserID, Total: in.Total, PaymentID: paid.ID, PaymentStatus: string(paid.Status),
	})
	if err != nil {
		return err
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueSet(string(order.InReview))); err != nil {
		return err
	}
	defer func() { _ = workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueUnset()) }()
	o.reviewing = true
	defer func() { o.reviewing = false }()

	timer, stop := workflow.WithCancel(ctx)
	defer stop()
	expired := false
	next := workflow.NewSelector(ctx)
	next.AddReceive(o.bell, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) })
	next.AddFuture(workflow.NewTimerWithOptions(timer, time.Duration(in.ReviewSeconds)*time.Second, workflow.TimerOptions{Summary: "nobody has approved it in time"}),
		func(workflow.Future) { expired = true })
	for o.verdict == nil && !expired {
		workflow.SetCurrentDetails(ctx, "Waiting for somebody to approve or reject the order.")
		if next.Select(ctx); ctx.Err() != nil {
			return ctx.Err()
		}
		if err := o.pass(ctx); err != nil {
			return err
		}
	}
	if o.verdict == nil {
		return order.ErrOrderDeclined
	}
	verdict := o.verdict
	defer func() { verdict.done = true }()
	if !o.approves {
		o.rejects = &verdict.ID
		return order.ErrOrderDeclined
	}
	_, verdict.err = call(here(ctx), orders.ApproveOrder, verdict.Intervention)
	return verdict.err
}
