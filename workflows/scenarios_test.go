package workflows

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/activities/user"
	"kassa/internal/money"
)

// scenarios are all the ways that sagas go.
var scenarios = slices.Concat(checkouts, coupons, reviews, shipments, refunds, returns, erasures, reminders)

var checkouts = []scenario{
	{name: "Checkout: everyone says yes", saga: Checkout},

	{name: "Checkout: ReserveStock says no", saga: Checkout, answers: answering("ReserveStock", outOfStock)},
	{name: "Checkout: ReserveStock is silent for a while", saga: Checkout, answers: answering("ReserveStock", silentFor(3))},
	{name: "Checkout: ReserveStock never answers", saga: Checkout, answers: answering("ReserveStock", silent)},
	{name: "Checkout: cancelled during ReserveStock", saga: Checkout, answers: answering("ReserveStock", cancelled)},

	{name: "Checkout: AuthorizePayment says no", saga: Checkout, answers: answering("AuthorizePayment", cardDeclined)},
	{name: "Checkout: AuthorizePayment is silent for a while", saga: Checkout, answers: answering("AuthorizePayment", silentFor(2))},
	{name: "Checkout: AuthorizePayment never answers", saga: Checkout, answers: answering("AuthorizePayment", silent)},
	{name: "Checkout: cancelled during AuthorizePayment", saga: Checkout, answers: answering("AuthorizePayment", cancelled)},

	{name: "Checkout: ConfirmOrder is silent for a while", saga: Checkout, answers: answering("ConfirmOrder", silentFor(5))},
	{name: "Checkout: ConfirmOrder is silent for long", saga: Checkout, answers: answering("ConfirmOrder", silentFor(30))},
	{name: "Checkout: cancelled during ConfirmOrder", saga: Checkout, answers: answering("ConfirmOrder", cancelled)},
	{name: "Checkout: the order was closed behind the saga's back", saga: Checkout, answers: answering("ConfirmOrder", closed)},

	{name: "Checkout: an undo is silent for a while", saga: Checkout, answers: answering("AuthorizePayment", cardDeclined, "VoidPayment", silentFor(4))},
	{name: "Checkout: an undo is refused at first", saga: Checkout, answers: answering("AuthorizePayment", cardDeclined, "VoidPayment", refusedFor(2))},
	{name: "Checkout: RejectOrder is silent for a while", saga: Checkout, answers: answering("ReserveStock", outOfStock, "RejectOrder", silentFor(3))},

	{name: "Checkout: begun again after it was confirmed, and ReserveStock never answers", saga: Checkout, state: order.Confirmed, answers: answering("ReserveStock", silent)},
	{name: "Checkout: begun again after it was confirmed, and AuthorizePayment never answers", saga: Checkout, state: order.Confirmed, answers: answering("AuthorizePayment", silent)},
	{name: "Checkout: begun again after it was shipped, and AuthorizePayment never answers", saga: Checkout, state: order.Shipped, answers: answering("AuthorizePayment", silent)},
	{name: "Checkout: begun again after it was confirmed, and cancelled", saga: Checkout, state: order.Confirmed, answers: answering("ReserveStock", cancelled)},
	{name: "Checkout: begun again after it was undone", saga: Checkout, answers: answering("ReserveStock", no(inventory.ErrReservationReleased))},
	{name: "Checkout: begun again after it was cancelled", saga: Checkout, state: order.Cancelled, answers: answering("ReserveStock", no(inventory.ErrReservationReleased), "RejectOrder", closed)},
	{name: "Checkout: confirmed by a worker believed dead, while everything is undone", saga: Checkout, answers: answering("ReserveStock", cancelled, "RejectOrder", answer(confirmedMeanwhile))},

	{name: "3-D Secure: the customer satisfies the bank", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, payment.StatusCaptured}, after: 3 * time.Second, then: signalled},
	{name: "3-D Secure: the customer fails the bank's test", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, payment.StatusFailed}, after: 3 * time.Second, then: signalled},
	{name: "3-D Secure: the customer never comes", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer}},
	{name: "3-D Secure: the webhook was lost, the money is there", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, payment.StatusCaptured}},
	{name: "3-D Secure: a signal without news", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, needsCustomer, payment.StatusCaptured}, after: 3 * time.Second, then: signalled},
	{name: "3-D Secure: the payment service is silent at the deadline", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer}, answers: answering("ResolvePayment", silent)},
	{name: "3-D Secure: cancelled while waiting", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer}, after: 3 * time.Second, then: cancelledThen},
	{name: "3-D Secure: AwaitPayment is silent for a while", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, payment.StatusCaptured}, answers: answering("AwaitPayment", silentFor(2)), after: 3 * time.Second, then: signalled},

	{name: "Cancel: a confirmed order", saga: Cancel, state: order.Confirmed},
	{name: "Cancel: an order whose checkout undoes itself", saga: Cancel, order: busy, after: time.Second, then: func(w *world) { w.state = order.Rejected }},
	{name: "Cancel: an order that is confirmed after all", saga: Cancel, order: busy, after: time.Second, then: func(w *world) { w.state = order.Confirmed }},
	{name: "Cancel: an order whose checkout is gone", saga: Cancel, order: deserted},
	{name: "Cancel: an order whose checkout is gone, begun again and confirmed meanwhile", saga: Cancel, order: deserted, answers: answering("RejectOrder", answer(confirmedMeanwhile))},
	{name: "Cancel: the payment service is silent for long", saga: Cancel, state: order.Confirmed, answers: answering("VoidPayment", silentFor(30))},
	{name: "Cancel: cancelled by an operator while giving back", saga: Cancel, state: order.Confirmed, answers: answering("VoidPayment", cancelled)},

	{name: "Reconcile: an order without a saga, a payment in doubt, money and stock of a closed order", saga: Reconcile, state: "left alone"},
	{name: "Reconcile: a service is out", saga: Reconcile, state: "left alone", answers: answering("ListUnsettledPayments", silent)},
}

var intervention = uuid.MustParse("0199f3c2-0000-7000-8000-000000000009")

// withCoupon orders with a coupon.
func withCoupon(in *order.Purchase) {
	in.Coupon, in.Discount = "WELCOME10", &money.Money{Amount: 380, Currency: "EUR"}
}

var coupons = []scenario{
	{name: "Coupon: everyone says yes", saga: Checkout, change: withCoupon},
	{name: "Coupon: RedeemCoupon says no", saga: Checkout, change: withCoupon, answers: answering("RedeemCoupon", no(cart.ErrCouponExhausted))},
	{name: "Coupon: RedeemCoupon is silent for a while", saga: Checkout, change: withCoupon, answers: answering("RedeemCoupon", silentFor(3))},
	{name: "Coupon: RedeemCoupon never answers", saga: Checkout, change: withCoupon, answers: answering("RedeemCoupon", silent)},
	{name: "Coupon: cancelled during RedeemCoupon", saga: Checkout, change: withCoupon, answers: answering("RedeemCoupon", cancelled)},
	{name: "Coupon: ReserveStock says no", saga: Checkout, change: withCoupon, answers: answering("ReserveStock", outOfStock)},
	{name: "Coupon: AuthorizePayment says no", saga: Checkout, change: withCoupon, answers: answering("AuthorizePayment", cardDeclined)},
	{name: "Coupon: begun again after it was undone", saga: Checkout, change: withCoupon, answers: answering("RedeemCoupon", no(cart.ErrCouponRestored))},
	{name: "Coupon: the confirmed order is cancelled", saga: Cancel, change: withCoupon, state: order.Confirmed},
	{name: "Coupon: the cart service is silent for a while when the order is cancelled", saga: Cancel, change: withCoupon, state: order.Confirmed, answers: answering("RestoreCoupon", silentFor(3))},
}

// reviewed orders something that somebody must approve within 20 seconds.
func reviewed(in *order.Purchase) { in.ReviewSeconds = 20 }

// told is an operator's wish.
func told(update string) func(w *world) { return func(w *world) { w.tell(update) } }

// impatient pays by something that the customer has three minutes for.
func impatient(w *world) { w.await = []int64{180} }

var waitsForCustomer = []payment.PaymentStatus{needsCustomer, payment.StatusCaptured}

var reviews = []scenario{
	{name: "Review: somebody approves", saga: Checkout, change: reviewed, after: 3 * time.Second, then: told(ApproveUpdate)},
	{name: "Review: somebody rejects", saga: Checkout, change: reviewed, after: 3 * time.Second, then: told(RejectUpdate)},
	{name: "Review: nobody decides", saga: Checkout, change: reviewed},
	{name: "Review: cancelled while waiting", saga: Checkout, change: reviewed, after: 3 * time.Second, then: cancelledThen},
	{name: "Review: StartReview is silent for a while", saga: Checkout, change: reviewed, answers: answering("StartReview", silentFor(2)), after: 8 * time.Second, then: told(ApproveUpdate)},
	{name: "Review: ApproveOrder is silent for a while", saga: Checkout, change: reviewed, answers: answering("ApproveOrder", silentFor(2)), after: 3 * time.Second, then: told(ApproveUpdate)},
	{name: "Review: held and resumed, then approved", saga: Checkout, change: reviewed, after: 2 * time.Second, then: told(HoldUpdate), later: []moment{
		{4 * time.Second, told(ApproveUpdate)}, {6 * time.Second, told(ResumeUpdate)}, {8 * time.Second, told(ApproveUpdate)},
	}},

	{name: "Hold: held while the customer pays, then resumed", saga: Checkout, paid: waitsForCustomer, after: 2 * time.Second, then: told(HoldUpdate), later: []moment{
		{4 * time.Second, signalled}, {6 * time.Second, told(ResumeUpdate)},
	}},
	{name: "Hold: cancelled while held", saga: Checkout, paid: waitsForCustomer, after: 2 * time.Second, then: told(HoldUpdate), later: []moment{{4 * time.Second, cancelledThen}}},
	{name: "Hold: HoldOrder says no", saga: Checkout, paid: waitsForCustomer, answers: answering("HoldOrder", no(order.ErrNotUnderway)), after: 2 * time.Second, then: told(HoldUpdate)},
	{name: "Hold: HoldOrder is silent for a while", saga: Checkout, paid: waitsForCustomer, answers: answering("HoldOrder", silentFor(2)), after: 2 * time.Second, then: told(HoldUpdate), later: []moment{
		{8 * time.Second, told(ResumeUpdate)},
	}},
	{name: "Hold: ResumeOrder is silent for a while", saga: Checkout, paid: waitsForCustomer, answers: answering("ResumeOrder", silentFor(2)), after: 2 * time.Second, then: told(HoldUpdate), later: []moment{
		{4 * time.Second, told(ResumeUpdate)},
	}},
	{name: "Hold: an operator does not wait for the next try of an undo", saga: Checkout, answers: answering("AuthorizePayment", cardDeclined, "VoidPayment", refusedFor(2)), after: 5 * time.Second, then: told(RetryUpdate)},

	{
		name: "3-D Secure: the payment service is silent after a signal", saga: Checkout, paid: waitsForCustomer, with: impatient, answers: answering("ResolvePayment", answer(silentUntilLoud)),
		after: 3 * time.Second, then: signalled, later: []moment{{150 * time.Second, func(w *world) { w.loud = true }}},
	},
	{
		name: "3-D Secure: another means of payment", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, needsCustomer, payment.StatusCaptured},
		with:  func(w *world) { w.pages = []string{"https://bank.example/one", "https://bank.example/two"} },
		after: 3 * time.Second, then: signalled, later: []moment{{6 * time.Second, signalled}},
	},
	{
		name: "3-D Secure: a bank transfer instead, which takes longer", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, needsCustomer, payment.StatusCaptured},
		with: func(w *world) {
			w.await, w.pages = []int64{10, 60}, []string{"https://bank.example/3ds", ""}
		},
		after: 3 * time.Second, then: signalled, later: []moment{{20 * time.Second, signalled}},
	},
	{
		name: "3-D Secure: a bank transfer instead, and nobody said so", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, needsCustomer},
		with: func(w *world) { w.await = []int64{10, 30} },
	},
	{
		name: "3-D Secure: a card instead of a bank transfer, looked at while it changes", saga: Checkout,
		paid:  []payment.PaymentStatus{needsCustomer, payment.StatusPending, needsCustomer, payment.StatusCaptured},
		with:  func(w *world) { w.await = []int64{60, 0} },
		after: 2 * time.Second, then: signalled, later: []moment{{4 * time.Second, signalled}, {6 * time.Second, signalled}},
	},
}

var restitution = order.Restitution{
	RefundID: uuid.MustParse("0199f3c2-0000-7000-8000-00000000000a"), OrderID: purchase.OrderID, UserID: purchase.UserID, Total: purchase.Total, Amount: money.New(1899, "EUR"),
}

var refunds = []scenario{
	{name: "Refund: a part of the money", saga: Refund, in: restitution, state: order.Delivered},
	{name: "Refund: all of the money, before it was shipped", saga: Refund, in: restitution, state: order.Confirmed, with: func(w *world) { w.release = true }},
	{name: "Refund: RefundPayment says no", saga: Refund, in: restitution, state: order.Delivered, answers: answering("RefundPayment", no(payment.ErrRefundExceeds))},
	{name: "Refund: RefundPayment is silent for a while", saga: Refund, in: restitution, state: order.Delivered, answers: answering("RefundPayment", silentFor(3))},
	{name: "Refund: cancelled during RefundPayment", saga: Refund, in: restitution, state: order.Delivered, answers: answering("RefundPayment", cancelled)},
	{name: "Refund: CompleteRefund is silent for a while", saga: Refund, in: restitution, state: order.Delivered, answers: answering("CompleteRefund", silentFor(3))},
	{name: "Refund: FailRefund is silent for a while", saga: Refund, in: restitution, state: order.Delivered, answers: answering("RefundPayment", no(payment.ErrRefundFailed), "FailRefund", silentFor(3))},
	{name: "Refund: ReleaseStock is silent for a while", saga: Refund, in: restitution, state: order.Confirmed, with: func(w *world) { w.release = true }, answers: answering("ReleaseStock", silentFor(3))},
}

// parcel is taken for delivered after 10 seconds.
var parcel = order.Parcel{
	ShipmentID: uuid.MustParse("0199f3c2-0000-7000-8000-00000000000b"), OrderID: purchase.OrderID, UserID: purchase.UserID, Total: purchase.Total,
	Items: []order.Item{{VariantID: purchase.Items[0].VariantID, Quantity: 1}}, Capture: money.New(0, "EUR"), DeliverSeconds: 10,
}

// unpaid is a parcel whose money was only held so far.
func unpaid() order.Parcel {
	p := parcel
	p.Capture = money.New(2149, "EUR")
	return p
}

func forEver() order.Parcel {
	p := parcel
	p.DeliverSeconds = 0
	return p
}

func heard(signal string) func(w *world) { return func(w *world) { w.news(signal) } }

var exceeds = no(inventory.ErrShipmentExceeds)

var shipments = []scenario{
	{name: "Fulfil: shipped, and delivered when nobody says otherwise", saga: Fulfil, in: parcel, state: order.Confirmed},
	{name: "Fulfil: somebody says that it has arrived", saga: Fulfil, in: parcel, state: order.Confirmed, after: 3 * time.Second, then: heard(ShipmentDelivered)},
	{name: "Fulfil: nobody waits for the delivery", saga: Fulfil, in: forEver(), state: order.Confirmed},
	{name: "Fulfil: cancelled while on its way", saga: Fulfil, in: parcel, state: order.Confirmed, after: 3 * time.Second, then: cancelledThen},
	{name: "Fulfil: its share of the money is taken first", saga: Fulfil, in: unpaid(), state: order.Confirmed},
	{name: "Fulfil: CapturePayment says no", saga: Fulfil, in: unpaid(), state: order.Confirmed, answers: answering("CapturePayment", no(payment.ErrCaptureIndivisible))},
	{name: "Fulfil: somebody took money by hand before", saga: Fulfil, in: unpaid(), state: order.Confirmed, answers: answering("CapturePayment", noOnce(payment.ErrCaptureExceeds))},
	{name: "Fulfil: CapturePayment is silent for a while", saga: Fulfil, in: unpaid(), state: order.Confirmed, answers: answering("CapturePayment", silentFor(3))},
	{name: "Fulfil: cancelled during CapturePayment", saga: Fulfil, in: unpaid(), state: order.Confirmed, answers: answering("CapturePayment", cancelled)},
	{name: "Fulfil: ShipStock says no", saga: Fulfil, in: parcel, state: order.Confirmed, answers: answering("ShipStock", exceeds)},
	{name: "Fulfil: ShipStock says no after the money was taken", saga: Fulfil, in: unpaid(), state: order.Confirmed, answers: answering("ShipStock", exceeds)},
	{name: "Fulfil: ShipStock says no after the rest of the money was taken", saga: Fulfil, in: unpaid(), state: order.Confirmed, answers: answering("CapturePayment", noOnce(payment.ErrCaptureExceeds), "ShipStock", exceeds)},
	{name: "Fulfil: RefundPayment says no to what was taken for goods that do not go", saga: Fulfil, in: unpaid(), state: order.Confirmed, answers: answering("ShipStock", exceeds, "RefundPayment", no(payment.ErrRefundFailed))},
	{name: "Fulfil: ShipStock is silent for a while", saga: Fulfil, in: parcel, state: order.Confirmed, answers: answering("ShipStock", silentFor(3))},
	{name: "Fulfil: cancelled during ShipStock", saga: Fulfil, in: parcel, state: order.Confirmed, answers: answering("ShipStock", cancelled)},
	{name: "Fulfil: MarkShipped is silent for a while", saga: Fulfil, in: parcel, state: order.Confirmed, answers: answering("MarkShipped", silentFor(3))},
	{name: "Fulfil: FailShipment is silent for a while", saga: Fulfil, in: parcel, state: order.Confirmed, answers: answering("ShipStock", exceeds, "FailShipment", silentFor(3))},
	{name: "Fulfil: MarkDelivered is silent for a while", saga: Fulfil, in: parcel, state: order.Confirmed, answers: answering("MarkDelivered", silentFor(3))},
}

// homecoming expires after 10 seconds.
var homecoming = order.Homecoming{
	ReturnID: uuid.MustParse("0199f3c2-0000-7000-8000-00000000000c"), OrderID: purchase.OrderID, UserID: purchase.UserID, Total: purchase.Total,
	Items: parcel.Items, ExpireSeconds: 10,
}

func finds(statuses ...string) func(w *world) {
	return func(w *world) { w.home = slices.Clone(statuses) }
}

var arrived = finds("received")

var returns = []scenario{
	{
		name: "Return: approved, then received", saga: Return, in: homecoming, state: order.Delivered, with: finds("requested", "approved", "received"),
		after: 3 * time.Second, then: heard(ReturnChanged), later: []moment{{6 * time.Second, heard(ReturnChanged)}},
	},
	{name: "Return: somebody rejects it", saga: Return, in: homecoming, state: order.Delivered, with: finds("requested", "rejected"), after: 3 * time.Second, then: heard(ReturnChanged)},
	{name: "Return: nobody does anything about it", saga: Return, in: homecoming, state: order.Delivered, with: finds("requested")},
	{name: "Return: cancelled while waiting", saga: Return, in: homecoming, state: order.Delivered, with: finds("requested"), after: 3 * time.Second, then: cancelledThen},
	{name: "Return: the goods cannot be sold again", saga: Return, in: homecoming, state: order.Delivered, with: func(w *world) { w.home, w.broken = []string{"received"}, true }},
	{name: "Return: nothing is left to be given back", saga: Return, in: homecoming, state: order.Delivered, with: func(w *world) { w.home, w.release = []string{"received"}, true }},
	{name: "Return: RefundPayment says no", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("RefundPayment", no(payment.ErrRefundFailed))},
	{name: "Return: RefundPayment is silent for a while", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("RefundPayment", silentFor(3))},
	{name: "Return: cancelled during RefundPayment", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("RefundPayment", cancelled)},
	{name: "Return: PlanReturnRefund is silent for a while", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("PlanReturnRefund", silentFor(3))},
	{name: "Return: RestockReturn says no", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("RestockReturn", noOnce(inventory.ErrReturnExceeds))},
	{name: "Return: RestockReturn says no for a while", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("RestockReturn", refusedFor(2))},
	{name: "Return: RestockReturn is silent for a while", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("RestockReturn", silentFor(3))},
	{name: "Return: cancelled during RestockReturn", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("RestockReturn", cancelled)},
	{name: "Return: CompleteReturn is silent for a while", saga: Return, in: homecoming, state: order.Delivered, with: arrived, answers: answering("CompleteReturn", silentFor(3))},
	{name: "Return: ExpireReturn is silent for a while", saga: Return, in: homecoming, state: order.Delivered, with: finds("requested"), answers: answering("ExpireReturn", silentFor(3))},
}

var person = user.EraseUserInput{UserID: purchase.UserID}

var erasures = []scenario{
	{name: "Erase: everyone says yes", saga: Erase, in: person},
	{name: "Erase: ForgetCartOwner is silent for a while", saga: Erase, in: person, answers: answering("ForgetCartOwner", silentFor(3))},
	{name: "Erase: ForgetRecipient is silent for a while", saga: Erase, in: person, answers: answering("ForgetRecipient", silentFor(3))},
	{name: "Erase: ForgetVisitor is silent for a while", saga: Erase, in: person, answers: answering("ForgetVisitor", silentFor(3))},
	{name: "Erase: ForgetCustomer is silent for a while", saga: Erase, in: person, answers: answering("ForgetCustomer", silentFor(3))},
	{name: "Erase: EraseUser is silent for a while", saga: Erase, in: person, answers: answering("EraseUser", silentFor(3))},
	{name: "Erase: cancelled during ForgetCartOwner", saga: Erase, in: person, answers: answering("ForgetCartOwner", cancelled)},
	{name: "Erase: an order is still on its way", saga: Erase, in: person, with: func(w *world) { w.open = 1 }},
	{name: "Erase: cancelled while an order is on its way", saga: Erase, in: person, with: func(w *world) { w.open = 1 }, after: 3 * time.Second, then: cancelledThen},
}

var reminders = []scenario{
	{name: "Remind: more carts than one call tells of", saga: Remind, with: func(w *world) { w.carts = []int{remindAtMost, 3} }},
	{name: "Remind: the cart service is out", saga: Remind, answers: answering("RemindAbandonedCarts", silent)},
}
