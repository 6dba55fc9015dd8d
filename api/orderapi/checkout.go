package orderapi

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.uber.org/zap"

	"kassa/activities/order"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/logging"
	"kassa/internal/money"
	"kassa/internal/operations"
	"kassa/internal/telemetry"
	"kassa/workflows"
)

// CheckoutRequest is what a customer wants to buy, and how.
type CheckoutRequest struct {
	Lines           []CheckoutLine      `json:"lines,omitempty" minItems:"1" maxItems:"100" nullable:"false" doc:"What to buy. Left out on a checkout: what is in the customer's cart."`
	ShippingAddress order.PostalAddress `json:"shipping_address" doc:"Where it goes."`
	ShippingOption  string              `json:"shipping_option,omitempty" enum:"standard,express" doc:"How it is shipped. Left out: as the cart says, else standard." example:"standard"`
	Coupon          string              `json:"coupon,omitempty" minLength:"1" maxLength:"64" doc:"Code of a coupon. Left out when the cart is ordered: the cart's." example:"WELCOME10"`
	PaymentMethod   string              `json:"payment_method" minLength:"1" maxLength:"255" pattern:"^[A-Za-z0-9_]+$" doc:"The payment provider's token for the means of payment." example:"pm_card_visa"`
	Capture         string              `json:"capture,omitempty" enum:"automatic,manual" default:"automatic" doc:"Whether the money is taken now or when the goods are shipped." example:"automatic"`
	ExpectedTotal   *money.Money        `json:"expected_total,omitempty" doc:"What the customer was shown. When the total is another one by now, nothing is ordered (409 price_changed). Its currency is the order's; without it the cart's, else EUR."`
}

// CheckoutLine is how many pieces of a variant to buy.
type CheckoutLine struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant." example:"0199f3c2-0000-7000-8000-000000000002"`
	Quantity  int64     `json:"quantity" minimum:"1" maximum:"10000" doc:"Pieces." example:"2"`
}

type checkoutInput struct {
	Prefer string `header:"Prefer" doc:"wait=N: answer after at most N seconds (0 to 30; 10 by default). respond-async: answer at once." example:"wait=10"`
	Body   CheckoutRequest
}

type orderOutput struct {
	Status     int
	Location   string `header:"Location" doc:"Where the order is."`
	ETag       string `header:"ETag" doc:"The order's version."`
	RetryAfter string `header:"Retry-After" doc:"On 202: seconds after which to look again."`
	Body       order.Order
}

var ordersCreated = promauto.With(telemetry.Registry).NewCounter(prometheus.CounterOpts{
	Name: "orders_created_total", Help: "Orders placed, whatever became of them.",
})

// DeskOptions are the shop's own rules about orders.
type DeskOptions struct {
	ReviewAbove    int64  // orders of a greater total, in minor units of whatever currency, are reviewed; 0 for none
	ReviewSeconds  int64  // how long somebody has to approve such an order
	DeliverSeconds int64  // after so long a shipment is taken for delivered; 0 for never
	ReturnSeconds  int64  // how long a return may wait for its goods; 0 for ever
	Seller         Seller // on invoices
}

// Desk takes orders and what is to become of them.
type Desk struct {
	orders  *order.Service
	sagas   *Sagas
	caller  *operations.Caller
	options DeskOptions
}

// NewDesk makes it. caller reaches the cart service for carts and coupons, the
// product service for prices and the payment service for the history of payments.
func NewDesk(orders *order.Service, sagas *Sagas, caller *operations.Caller, options DeskOptions) *Desk {
	return &Desk{orders: orders, sagas: sagas, caller: caller, options: options}
}

// checkout prices the lines, places the order and leads it to its end: 201
// when it is confirmed, 402 or 409 when it came to nothing, 202 when it still
// runs or waits for the customer. operation is the scope of the key.
func (d *Desk) checkout(ctx context.Context, operation string, in *checkoutInput) (*orderOutput, error) {
	buyer, _ := identity.From(ctx)
	wait := httpapi.Wait(in.Prefer, 10*time.Second)
	claim := order.FindPlacedInput{UserID: buyer.UserID, Operation: operation, Key: httpapi.IdempotencyKey(ctx), Fingerprint: httpapi.Fingerprint(ctx)}

	placed, err := d.place(ctx, claim, in.Body)
	if err != nil {
		// The key may have placed an order when prices were others, or Temporal was up.
		before, failed := d.orders.FindPlacedOrder(ctx, claim)
		if failed != nil {
			if errors.Is(failed, order.ErrKeyReused) {
				return nil, failed
			}
			return nil, err
		}
		placed = before
	}
	o := placed.Order
	if !placed.Replayed {
		ordersCreated.Inc()
	}
	ctx = logging.With(ctx, zap.Stringer("order_id", o.ID), zap.String("workflow_id", workflows.CheckoutID(o.ID)))
	if o.Status == order.Pending {
		if o, err = d.sagas.checkout(ctx, o, wait); err != nil {
			return nil, err
		}
	}
	if placed.Replayed {
		httpapi.MarkReplayed(ctx)
	}
	return outcome(o)
}

// place prices what is wanted and records the order.
func (d *Desk) place(ctx context.Context, claim order.FindPlacedInput, in CheckoutRequest) (order.Placed, error) {
	if err := d.sagas.available(); err != nil {
		return order.Placed{}, err
	}
	want, err := d.wish(ctx, claim.UserID, in)
	if err != nil {
		return order.Placed{}, err
	}
	priced, err := d.quote(ctx, claim.UserID, want, in)
	if err != nil {
		return order.Placed{}, err
	}
	return d.orders.PlaceOrder(ctx, order.PlaceOrderInput{
		UserID: claim.UserID, Operation: claim.Operation, Key: claim.Key, Fingerprint: claim.Fingerprint,
		Priced: priced, PaymentMethod: in.PaymentMethod, Capture: in.Capture, ReviewSeconds: d.review(priced.Total),
		ShippingOption: want.ShippingOption, ShippingAddress: in.ShippingAddress,
		CartID: want.CartID, CartVersion: want.Version, Coupon: want.Coupon,
	})
}

// review is how long somebody has to approve an order of this total, in
// seconds; 0 when nobody must. It is decided once, and kept with the order.
func (d *Desk) review(total money.Money) int64 {
	if d.options.ReviewAbove == 0 || total.Amount <= d.options.ReviewAbove {
		return 0
	}
	return d.options.ReviewSeconds
}

// outcome is the answer to a checkout whose order is o.
func outcome(o order.Order) (*orderOutput, error) {
	if rejection := order.RejectionOf(o); rejection != nil {
		return nil, rejection.With("order_id", o.ID)
	}
	out := shape(o)
	out.Location = "/api/v1/orders/" + o.ID.String()
	if out.Status = 201; !o.Status.Settled() {
		out.Status, out.RetryAfter = 202, "1"
	}
	return out, nil
}

func shape(o order.Order) *orderOutput {
	return &orderOutput{Status: 200, ETag: httpapi.ETag(o.Version), Body: o}
}
