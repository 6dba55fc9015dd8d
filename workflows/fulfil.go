package workflows

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/fault"
)

// ShipmentDelivered is the signal that tells the saga of a shipment to look
// whether it has arrived. It is a hint, like PaymentChanged.
const ShipmentDelivered = "shipment-delivered"

// FulfilID is the workflow id of a shipment.
func FulfilID(shipmentID interface{ String() string }) string {
	return "fulfil/" + shipmentID.String()
}

// Fulfil leads a shipment from being planned to delivered. The order service has
// claimed the pieces; a shipment whose money cannot be taken, or whose goods are
// not there, fails, and the claim is let go.
func Fulfil(ctx workflow.Context, in order.Parcel) (order.State, error) {
	ctx = forOrder(ctx, in.OrderID)
	state, left, err := ship(ctx, in)
	if err != nil || !left {
		return state, err
	}
	return deliver(ctx, in, state)
}

// ship takes the shipment's share of the money, when it was only held before,
// and then the goods out of the warehouse. None of its steps can be given up
// on: money moves in the first one.
func ship(ctx workflow.Context, in order.Parcel) (state order.State, left bool, err error) {
	var s saga
	defer s.settle(ctx, &err)
	paid, capture := "", in.ShipmentID
	if in.Capture.Amount > 0 {
		workflow.SetCurrentDetails(ctx, "Taking the money for the shipment.")
		var taken payment.Payment
		taken, err = call(definitely(ctx, payment.Queue), payments.CapturePayment, payment.CapturePaymentInput{
			OrderID: in.OrderID, CaptureID: in.ShipmentID, Amount: in.Capture, Final: in.Final,
		})
		if errors.Is(err, payment.ErrCaptureExceeds) { // somebody took money by hand before: what is left will do, be it nothing
			capture = order.RestCapture(in.ShipmentID)
			taken, err = call(definitely(ctx, payment.Queue), payments.CapturePayment, payment.CapturePaymentInput{OrderID: in.OrderID, CaptureID: capture})
		}
		if err != nil {
			return failShipment(ctx, in, "", err)
		}
		if paid = "captured"; taken.Captured.Amount < in.Total.Amount {
			paid = "partially_captured"
		}
	}

	workflow.SetCurrentDetails(ctx, "Taking the goods out of the warehouse.")
	_, err = call(definitely(ctx, inventory.Queue), stock.ShipStock, inventory.ShipStockInput{
		OrderID: in.OrderID, ShipmentID: in.ShipmentID, Lines: stockLines(in.Items),
	})
	if err != nil && paid != "" {
		switch workflow.GetVersion(ctx, "a shipment's refund is the order's", workflow.DefaultVersion, 2) {
		case workflow.DefaultVersion:
		case 1:
			return unshipInSteps(ctx, in, capture, paid, err)
		default:
			return unship(ctx, in, capture, paid, err)
		}
	}
	if err != nil {
		if in.Capture.Amount > 0 { // money for goods that do not go: it goes back under the shipment's id
			otherwise(&s, payment.Queue, payments.RefundPayment, payment.RefundPaymentInput{OrderID: in.OrderID, RefundID: in.ShipmentID, Amount: in.Capture})
			s.settle(ctx, &err)
		}
		alarm(ctx, err) // the order service and the warehouse disagree about what is left
		return failShipment(ctx, in, "", err)
	}

	// The point of no return: the goods have left.
	state, err = call(here(ctx), orders.MarkShipped, order.MarkShippedInput{OrderID: in.OrderID, ShipmentID: in.ShipmentID, PaymentStatus: paid})
	if err != nil {
		alarm(ctx, err)
	}
	return state, err == nil, err
}

// unship fails a shipment of which money was taken and whose goods do not go: the
// order service and the warehouse disagree about what is left. What its capture
// took, and nobody gave back since, is refunded by a saga of its own.
func unship(ctx workflow.Context, in order.Parcel, capture uuid.UUID, paid string, err error) (order.State, bool, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	_ = workflow.Sleep(ctx, time.Millisecond) // decided: see saga.decide
	alarm(ctx, err)
	taken, unknown := call(definitely(ctx, payment.Queue), payments.ReadCapture, payment.ReadCaptureInput{OrderID: in.OrderID, CaptureID: capture})
	if unknown != nil {
		alarm(ctx, unknown)
		return order.State{}, false, unknown
	}
	done, err := fail(ctx, order.FailShipmentInput{
		OrderID: in.OrderID, ShipmentID: in.ShipmentID, PaymentStatus: paid, Taken: taken.Taken, Captured: taken.Captured,
	}, err)
	if err == nil && done.Refund.Amount.Amount > 0 {
		// Reconcile starts it, too, when nobody does it here.
		if _, late := start(ctx, RefundID(in.ShipmentID), Refund, done.Refund, in.UserID, in.Total); late != nil {
			workflow.GetLogger(ctx).Warn("the refund of a shipment is left to reconcile", "shipment_id", in.ShipmentID, "error", late)
		}
	}
	return done.State, false, err
}

// unshipInSteps is unship for sagas that began before the order service planned
// the refund with the failure.
func unshipInSteps(ctx workflow.Context, in order.Parcel, capture uuid.UUID, paid string, err error) (order.State, bool, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	_ = workflow.Sleep(ctx, time.Millisecond)
	alarm(ctx, err)
	state, _, err := failShipment(ctx, in, paid, err)
	if err != nil {
		return state, false, err
	}
	taken, err := call(definitely(ctx, payment.Queue), payments.ReadCapture, payment.ReadCaptureInput{OrderID: in.OrderID, CaptureID: capture})
	if err == nil && taken.Left.Amount > 0 {
		var back order.Restitution
		back, err = call(here(ctx), orders.PlanShipmentRefund, order.PlanShipmentRefundInput{OrderID: in.OrderID, ShipmentID: in.ShipmentID, Amount: taken.Left})
		if err == nil && back.Amount.Amount > 0 {
			state, err = giveBack(ctx, back)
		}
	}
	if err != nil {
		alarm(ctx, err) // somebody must give the money back another way
	}
	return state, false, nil
}

// failShipment lets the pieces go that the shipment has claimed. That is an
// ordinary end. paid is how the payment stands after the shipment's share was
// taken, "" when none was.
func failShipment(ctx workflow.Context, in order.Parcel, paid string, err error) (order.State, bool, error) {
	done, err := fail(ctx, order.FailShipmentInput{OrderID: in.OrderID, ShipmentID: in.ShipmentID, PaymentStatus: paid}, err)
	return done.State, false, err
}

func fail(ctx workflow.Context, in order.FailShipmentInput, err error) (order.Unshipped, error) {
	why := fault.Of(err)
	in.Reason = why.Reason
	done, err := call(here(ctx), orders.FailShipment, in)
	if err != nil {
		alarm(ctx, err)
	}
	workflow.SetCurrentDetails(ctx, "Done: nothing was shipped. "+why.Message)
	return done, err
}

// deliver waits until somebody says that the shipment has arrived, or until it
// must have. A saga that is cancelled meanwhile leaves it on its way.
func deliver(ctx workflow.Context, in order.Parcel, state order.State) (order.State, error) {
	if in.DeliverSeconds <= 0 {
		workflow.SetCurrentDetails(ctx, "Done: the shipment is on its way.")
		return state, nil
	}
	workflow.SetCurrentDetails(ctx, "The shipment is on its way.")
	timer, stop := workflow.WithCancel(ctx)
	defer stop()
	next := workflow.NewSelector(ctx)
	next.AddReceive(workflow.GetSignalChannel(ctx, ShipmentDelivered), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) })
	next.AddFuture(workflow.NewTimerWithOptions(timer, time.Duration(in.DeliverSeconds)*time.Second, workflow.TimerOptions{Summary: "it must have arrived"}), func(workflow.Future) {})
	if next.Select(ctx); ctx.Err() != nil {
		return state, ctx.Err()
	}
	state, err := call(here(ctx), orders.MarkDelivered, order.MarkDeliveredInput{OrderID: in.OrderID, ShipmentID: in.ShipmentID, Actor: "saga"})
	workflow.SetCurrentDetails(ctx, "Done: the shipment has arrived.")
	return state, err
}

func stockLines(items []order.Item) []inventory.StockLine {
	lines := make([]inventory.StockLine, len(items))
	for i, item := range items {
		lines[i] = inventory.StockLine{VariantID: item.VariantID, Quantity: item.Quantity}
	}
	return lines
}
