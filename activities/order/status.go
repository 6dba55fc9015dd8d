package order

// Status is where an order is in its life.
type Status string

// The statuses of an order. What became of its goods alone is told by
// Order.Fulfilment: an order of which money was given back shows that.
const (
	Pending           Status = "pending"            // placed; its saga is at work
	AwaitingPayment   Status = "awaiting_payment"   // the customer must do something for the payment
	InReview          Status = "in_review"          // somebody must approve it
	Held              Status = "held"               // an operator has stopped its saga
	Confirmed         Status = "confirmed"          // stock reserved, money authorized or taken
	PartiallyShipped  Status = "partially_shipped"  // some of it has left
	Shipped           Status = "shipped"            // all of it has left
	Delivered         Status = "delivered"          // all of it has arrived
	PartiallyRefunded Status = "partially_refunded" // some of its money was given back
	Refunded          Status = "refunded"           // all of its money was given back
	Returned          Status = "returned"           // all of its goods came back
	Rejected          Status = "rejected"           // never confirmed; nothing held, nothing charged
	Cancelled         Status = "cancelled"          // was confirmed; stock and money returned
)

// underway are the statuses of an order whose checkout is not over.
var underway = []Status{Pending, AwaitingPayment, InReview, Held}

// Closed reports whether nothing can move the order any more.
func (s Status) Closed() bool { return s == Rejected || s == Cancelled }

// Settled reports whether the order's checkout is over.
func (s Status) Settled() bool {
	switch s {
	case Pending, AwaitingPayment, InReview, Held:
		return false
	default:
		return true
	}
}

// Bought reports whether the order was confirmed and not cancelled.
func (s Status) Bought() bool { return s.Settled() && !s.Closed() }

// How far an order's goods are.
const (
	fulfilNone      = "none"
	fulfilPreparing = "preparing" // the first shipment is under way
	fulfilPartial   = "partial"
	fulfilShipped   = "shipped"
	fulfilDelivered = "delivered"
)
