package notification

import (
	"slices"

	"kassa/events"
)

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	Push  Channel = "push"
)

// The kinds of messages that are not told by an event.
const (
	kindCustom          = "custom"           // somebody of the shop wrote it
	kindWebhookDisabled = "webhook_disabled" // to whoever made the endpoint
)

// Kind is a message that an event causes.
type Kind struct {
	Name     string
	Channels []Channel // by which it may go; the customer's preferences decide
	content  content
}

// content says what a text is written from.
type content int

const (
	aboutOrder   content = iota // order.ReadOrderBriefs of about_id
	aboutRequest                // user.IssueMailToken of about_id
	aboutCart                   // the event alone
)

// Kinds is what customers are told, by the type of the event.
var Kinds = map[string]Kind{
	events.UserVerificationRequested:  {Name: "email_verification", Channels: []Channel{Email}, content: aboutRequest},
	events.UserPasswordResetRequested: {Name: "password_reset", Channels: []Channel{Email}, content: aboutRequest},

	events.CartAbandoned: {Name: "cart_abandoned", Channels: []Channel{Email, Push}, content: aboutCart},

	events.OrderConfirmed:       {Name: "order_confirmed", Channels: []Channel{Email, Push}},
	events.OrderRejected:        {Name: "order_rejected", Channels: []Channel{Email}},
	events.OrderAwaitingPayment: {Name: "order_awaiting_payment", Channels: []Channel{Email, SMS, Push}},
	events.OrderShipped:         {Name: "order_shipped", Channels: []Channel{Email, SMS, Push}},
	events.OrderDelivered:       {Name: "order_delivered", Channels: []Channel{Email, SMS, Push}},
	events.OrderCancelled:       {Name: "order_cancelled", Channels: []Channel{Email, Push}},
	events.OrderRefunded:        {Name: "order_refunded", Channels: []Channel{Email, Push}},
	events.OrderReturnReceived:  {Name: "order_returned", Channels: []Channel{Email}},
}

// mandatory are the kinds that go by e-mail whatever the customer prefers: an
// account cannot be used without some, and the law wants others in writing.
var mandatory = []string{"email_verification", "password_reset", "order_confirmed", "order_refunded", kindCustom, kindWebhookDisabled}

// wants reports whether the person is to be told the kind by the channel.
func (c Contact) wants(kind string, channel Channel) bool {
	if channel == Email && slices.Contains(mandatory, kind) {
		return true
	}
	switch channel {
	case Email:
		return c.Channels.Email
	case SMS:
		return c.Channels.SMS
	default:
		return c.Channels.Push
	}
}

// contentOf is what a kind's text is written from.
func contentOf(kind string) content {
	for _, k := range Kinds {
		if k.Name == kind {
			return k.content
		}
	}
	return aboutCart
}

// unpublished are the types that are nothing for programs outside.
var unpublished = []string{events.UserVerificationRequested, events.UserPasswordResetRequested}

// Published are the types that a webhook endpoint may hear.
var Published = slices.DeleteFunc(slices.Clone(Heard), func(typ string) bool { return slices.Contains(unpublished, typ) })

// Heard are the types of events that this service takes in: those of Kinds, and
// what programs outside may want to hear.
var Heard = []string{
	events.OrderCreated, events.OrderAwaitingPayment, events.OrderInReview, events.OrderApproved, events.OrderHeld, events.OrderResumed,
	events.OrderConfirmed, events.OrderRejected, events.OrderCancelRequested, events.OrderCancelled, events.OrderPaymentChanged,
	events.OrderShipped, events.OrderDelivered, events.OrderRefundRequested, events.OrderRefundFailed, events.OrderRefunded,
	events.OrderReturnRequested, events.OrderReturnApproved, events.OrderReturnReceived, events.OrderReturnRejected, events.OrderReturned,
	events.PaymentActionRequired, events.PaymentAuthorized, events.PaymentReceived, events.PaymentReleased, events.PaymentFailed,
	events.PaymentVoided, events.PaymentRefunded, events.PaymentRefundFailed, events.PaymentMethodChanged,
	events.ProductCreated, events.ProductUpdated, events.ProductArchived,
	events.InventoryChanged, events.InventoryLow, events.InventoryBackInStock,
	events.UserRegistered, events.UserUpdated, events.UserErased, events.UserVerificationRequested, events.UserPasswordResetRequested,
	events.CartAbandoned,
}
