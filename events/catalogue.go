package events

import "strings"

// Kind is one type of event, described for those who listen.
type Kind struct {
	Type    string
	Subject string // whose id the subject is
	Payload any    // the zero value of its data's type
	Meaning string // a sentence
}

// Publisher is the service that tells it: the first word of the type.
func (k Kind) Publisher() string {
	publisher, _, _ := strings.Cut(k.Type, ".")
	return publisher
}

// Catalogue is every type of event, by publisher. docs/asyncapi.yaml is made
// from it, and a test holds it complete.
var Catalogue = []Kind{
	{UserRegistered, "user", User{}, "There is a new account."},
	{UserUpdated, "user", User{}, "An account has changed."},
	{UserErased, "user", UserGone{}, "Of an account nothing personal is left."},
	{UserVerificationRequested, "request", MailRequested{}, "A customer is to be sent a link that proves their e-mail address."},
	{UserPasswordResetRequested, "request", MailRequested{}, "A customer is to be sent a link to choose a new password."},
	{UserSessionsRevoked, "session, key or user", SessionsRevoked{}, "Access tokens are withdrawn before they expire."},

	{ProductCreated, "product", ProductChanged{}, "There is a new product."},
	{ProductUpdated, "product", ProductChanged{}, "A product, a variant or a price has changed."},
	{ProductArchived, "product", ProductChanged{}, "A product is not sold any more; told instead of product.updated."},

	{InventoryReserved, "order", StockHeld{}, "An order holds stock."},
	{InventoryReleased, "order", StockHeld{}, "An order no longer holds it."},
	{InventoryChanged, "variant", StockChanged{}, "Units came or went. Reservations do not count."},
	{InventoryLow, "variant", StockAvailable{}, "Few units are available, or none."},
	{InventoryBackInStock, "variant", StockAvailable{}, "None were available, and now some are."},

	{CartAbandoned, "cart", AbandonedCart{}, "A customer has left a cart with something in it; once per version of a cart."},

	{OrderCreated, "order", Order{}, "A checkout has begun."},
	{OrderAwaitingPayment, "order", Order{}, "The customer has to do something before the money can be had."},
	{OrderInReview, "order", Order{}, "Somebody must approve the order."},
	{OrderApproved, "order", Order{}, "Somebody has."},
	{OrderHeld, "order", Order{}, "An operator has stopped the order's saga."},
	{OrderResumed, "order", Order{}, "The saga goes on."},
	{OrderRetried, "order", Order{}, "An operator has told the saga not to wait."},
	{OrderConfirmed, "order", Order{}, "The order is bought: stock and money are held. It has the lines with their prices."},
	{OrderRejected, "order", Order{}, "The checkout came to nothing, and everything is undone."},
	{OrderCancelRequested, "order", Order{}, "Somebody wants the order cancelled."},
	{OrderCancelled, "order", Order{}, "The order is cancelled: stock and money are given back."},
	{OrderPaymentChanged, "order", Order{}, "The order's payment stands elsewhere than it did."},
	{OrderShipmentPlanned, "order", Order{}, "Some of the order is being made ready."},
	{OrderShipmentFailed, "order", Order{}, "A shipment never left."},
	{OrderShipped, "order", Order{}, "Some of the order has left, or all of it."},
	{OrderDelivered, "order", Order{}, "A shipment has arrived."},
	{OrderRefundRequested, "order", Order{}, "Money is to be given back."},
	{OrderRefundFailed, "order", Order{}, "Money could not be given back."},
	{OrderRefunded, "order", Order{}, "Money was given back."},
	{OrderReturnRequested, "order", Order{}, "The customer wants to send something back."},
	{OrderReturnApproved, "order", Order{}, "They may."},
	{OrderReturnReceived, "order", Order{}, "The goods are back."},
	{OrderReturnRejected, "order", Order{}, "They may not, or the goods are not as they should be."},
	{OrderReturned, "order", Order{}, "The goods are back, and their money too."},

	{PaymentActionRequired, "payment", PaymentChanged{}, "The bank wants the customer."},
	{PaymentMethodChanged, "payment", PaymentChanged{}, "The customer has chosen another method while the order waits."},
	{PaymentAuthorized, "payment", PaymentChanged{}, "The money is held."},
	{PaymentReceived, "payment", PaymentChanged{}, "Money is taken: all of it, or a part."},
	{PaymentReleased, "payment", PaymentChanged{}, "A part was taken, and the rest is let go."},
	{PaymentFailed, "payment", PaymentChanged{}, "The bank or the provider said no."},
	{PaymentVoided, "payment", PaymentChanged{}, "Nothing was taken, and nothing is held any more."},
	{PaymentRefunded, "payment", PaymentChanged{}, "Money was given back."},
	{PaymentRefundFailed, "payment", PaymentChanged{}, "Money that was given back came back to us."},
}
