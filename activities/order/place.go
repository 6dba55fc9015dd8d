package order

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// PlaceOrderInput is a purchase that was priced and may begin.
type PlaceOrderInput struct {
	UserID          uuid.UUID     `json:"user_id"`
	Operation       string        `json:"operation"`   // operation id; with UserID the scope of Key
	Key             string        `json:"key"`         // the client's Idempotency-Key
	Fingerprint     []byte        `json:"fingerprint"` // SHA-256 of the request
	Priced          Priced        `json:"priced"`
	PaymentMethod   string        `json:"payment_method"`
	Capture         string        `json:"capture"` // automatic or manual
	ShippingOption  string        `json:"shipping_option"`
	ShippingAddress PostalAddress `json:"shipping_address"`

	CartID        *uuid.UUID `json:"cart_id,omitempty"`        // the cart that is ordered; nil for lines of the request
	CartVersion   int64      `json:"cart_version,omitempty"`   // and which version of it
	Coupon        string     `json:"coupon,omitempty"`         // the coupon that Priced.Discount comes from; "" without one
	ReviewSeconds int64      `json:"review_seconds,omitempty"` // how long somebody has to approve it; 0 when nobody must
}

// Placed is a recorded order.
type Placed struct {
	Order    Order `json:"order"`
	Replayed bool  `json:"replayed"` // the key had placed it before
}

// PlaceOrder records the order as pending and claims its idempotency key, in
// one statement: from here on the order cannot be lost. The same key with the
// same request answers the order that it placed; with another, ErrKeyReused.
func (s *Service) PlaceOrder(ctx context.Context, in PlaceOrderInput) (Placed, error) {
	if in.Priced.Total.Amount <= 0 {
		return Placed{}, ErrNothingToPay
	}
	o := newOrder(in, now())
	row, err := insertion(ctx, o, in)
	if err != nil {
		return Placed{}, err
	}
	var n int64
	err = s.read(ctx, func(q *orderdb.Queries) error {
		n, err = q.InsertOrder(ctx, row)
		return err
	})
	switch pg.Constraint(err) {
	case "orders_key":
		return s.placedBefore(ctx, in)
	case "orders_of_cart":
		return s.orderedBefore(ctx, in)
	}
	if err != nil {
		return Placed{}, fmt.Errorf("place order: %w", err)
	}
	o.Number = number(n)
	return Placed{Order: o}, nil
}

// FindPlacedInput names an order by the key that may have placed it.
type FindPlacedInput struct {
	UserID      uuid.UUID `json:"user_id"`
	Operation   string    `json:"operation"`
	Key         string    `json:"key"`
	Fingerprint []byte    `json:"fingerprint"`
}

// placedBefore answers the order that the key has placed, if the request is the same.
func (s *Service) placedBefore(ctx context.Context, in PlaceOrderInput) (Placed, error) {
	return s.FindPlacedOrder(ctx, FindPlacedInput{UserID: in.UserID, Operation: in.Operation, Key: in.Key, Fingerprint: in.Fingerprint})
}

// FindPlacedOrder answers the order that a key has placed: ErrOrderNotFound
// when it has placed none, ErrKeyReused when it was for another request.
func (s *Service) FindPlacedOrder(ctx context.Context, in FindPlacedInput) (Placed, error) {
	var o Order
	err := s.read(ctx, func(q *orderdb.Queries) error {
		row, err := q.GetOrderByKey(ctx, in.UserID, in.Operation, in.Key)
		if err != nil {
			return err
		}
		o, err = withLines(ctx, q, row)
		return err
	})
	switch {
	case pg.NotFound(err):
		return Placed{}, ErrOrderNotFound
	case err != nil:
		return Placed{}, fmt.Errorf("order of key: %w", err)
	case !bytes.Equal(o.fingerprint, in.Fingerprint):
		return Placed{}, ErrKeyReused
	}
	return Placed{Order: o, Replayed: true}, nil
}

// orderedBefore answers which order the cart has become, unless this very key did it.
func (s *Service) orderedBefore(ctx context.Context, in PlaceOrderInput) (Placed, error) {
	before, err := s.placedBefore(ctx, in)
	if !errors.Is(err, ErrOrderNotFound) {
		return before, err
	}
	var other uuid.UUID
	err = s.read(ctx, func(q *orderdb.Queries) error {
		other, err = q.GetOrderOfCart(ctx, in.CartID, &in.CartVersion)
		return err
	})
	if pg.NotFound(err) { // it was closed in between
		return Placed{}, fault.ErrUnavailable.Because(fmt.Errorf("cart %s was ordered and is not", in.CartID))
	}
	if err != nil {
		return Placed{}, fmt.Errorf("order of cart %s: %w", in.CartID, err)
	}
	return Placed{}, ErrCartOrdered.With("order_id", other)
}

func newOrder(in PlaceOrderInput, at time.Time) Order {
	o := Order{
		ID: id.New(), UserID: in.UserID, Status: Pending, PaymentStatus: "none",
		Lines:    make([]Line, len(in.Priced.Lines)),
		Subtotal: in.Priced.Subtotal, Discount: in.Priced.Discount, Shipping: in.Priced.Shipping, Tax: in.Priced.Tax, Total: in.Priced.Total,
		ShippingOption: in.ShippingOption, ShippingAddress: in.ShippingAddress,
		Fulfilment: fulfilNone, Refunded: in.Priced.Total.Zero(), TaxIncluded: in.Priced.TaxIncluded, TaxRate: in.Priced.TaxRate,
		Coupon: in.Coupon, CartID: in.CartID, cartVersion: in.CartVersion, reviewSeconds: in.ReviewSeconds,
		CreatedAt: at, UpdatedAt: at, Version: 1,
		paymentMethod: in.PaymentMethod, capture: in.Capture, fingerprint: in.Fingerprint,
	}
	o.TaxIncluded.Currency = in.Priced.Total.Currency // a quote without it has none
	for i, line := range in.Priced.Lines {
		o.Lines[i] = Line{ID: id.New(), PricedLine: line}
	}
	return o
}

// insertion is the order as the one statement that places it wants it.
func insertion(ctx context.Context, o Order, in PlaceOrderInput) (orderdb.InsertOrderParams, error) {
	row := orderdb.InsertOrderParams{
		ID: o.ID, UserID: o.UserID, PaymentMethod: o.paymentMethod, Capture: o.capture, Currency: o.Total.Currency,
		Subtotal: o.Subtotal.Amount, Discount: o.Discount.Amount, Shipping: o.Shipping.Amount, Tax: o.Tax.Amount, Total: o.Total.Amount,
		ShippingOption: o.ShippingOption, ShippingAddress: document(o.ShippingAddress),
		Operation: in.Operation, IdempotencyKey: in.Key, Fingerprint: in.Fingerprint, At: o.CreatedAt,
		CartID: o.CartID, CartVersion: o.version(), Coupon: unlessEmpty(o.Coupon), ReviewSeconds: o.reviewSeconds,
		TaxIncluded: o.TaxIncluded.Amount, TaxRateBasisPoints: o.TaxRate,
		EventType: events.OrderCreated, EventData: document(creation(o)), Actor: o.UserID.String(),
	}
	told := events.Order{OrderID: o.ID, UserID: o.UserID, Total: o.Total, CartID: o.CartID, CartVersion: o.cartVersion, Coupon: o.Coupon}
	if !o.Discount.IsZero() {
		told.Discount = &o.Discount
	}
	for _, line := range o.Lines {
		row.LineIds = append(row.LineIds, line.ID)
		row.VariantIds = append(row.VariantIds, line.VariantID)
		row.ProductIds = append(row.ProductIds, line.ProductID)
		row.Skus = append(row.Skus, line.SKU)
		row.Names = append(row.Names, line.Name)
		row.Quantities = append(row.Quantities, line.Quantity)
		row.UnitPrices = append(row.UnitPrices, line.UnitPrice.Amount)
		told.Lines = append(told.Lines, events.OrderLine{VariantID: line.VariantID, Quantity: line.Quantity})
	}
	event := events.New(source, events.OrderCreated, o.ID, 1, o.CreatedAt, told)
	var err error
	row.EventID = event.ID
	row.Event, err = outbox.Document(ctx, event)
	return row, err
}
