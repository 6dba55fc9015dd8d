package order

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"kassa/internal/money"
)

// Order is a customer's purchase. Its shipments, refunds and returns come whole,
// not by pages: each that holds takes a piece or a minor unit that no other has, and
// the staff of the shop asked for, or turned down, each that came to nothing.
type Order struct {
	ID              uuid.UUID      `json:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Number          string         `json:"number" doc:"What the customer reads aloud." example:"K-1000042"`
	UserID          uuid.UUID      `json:"user_id" format:"uuid" doc:"The customer." example:"0199f3c2-0000-7000-8000-000000000001"`
	CustomerName    string         `json:"customer_name,omitempty" doc:"The customer's name as the order service last heard it; absent until then." example:"Ada Lovelace"`
	Status          Status         `json:"status" enum:"pending,awaiting_payment,in_review,held,confirmed,partially_shipped,shipped,delivered,partially_refunded,refunded,returned,rejected,cancelled" doc:"Where the order is in its life." example:"confirmed"`
	PaymentStatus   string         `json:"payment_status" enum:"none,requires_action,authorized,partially_captured,captured,partially_refunded,voided,refunded" doc:"Where its money is, as the payment service last said." example:"captured"`
	PaymentID       *uuid.UUID     `json:"payment_id,omitempty" format:"uuid" doc:"The payment, once there is one." example:"0199f3c2-8c22-7d55-9d0e-5b8a3f4f7a11"`
	ActionURL       string         `json:"action_url,omitempty" doc:"Where the customer must go to authenticate the payment (3-D Secure); present while the order awaits payment."`
	Reason          string         `json:"reason,omitempty" doc:"Why it was rejected or cancelled: a stable word." example:"out_of_stock"`
	Fulfilment      string         `json:"fulfilment" enum:"none,preparing,partial,shipped,delivered" doc:"How far its goods are, whatever became of the money." example:"none"`
	Lines           []Line         `json:"lines" doc:"What was ordered, at the price of that moment."`
	Subtotal        money.Money    `json:"subtotal" doc:"Sum of the lines."`
	Discount        money.Money    `json:"discount" doc:"What is taken off the subtotal."`
	Shipping        money.Money    `json:"shipping" doc:"Price of shipping."`
	Tax             money.Money    `json:"tax" doc:"Tax that comes on top; 0 when prices include it."`
	Total           money.Money    `json:"total" doc:"subtotal − discount + shipping + tax."`
	TaxIncluded     money.Money    `json:"tax_included" doc:"Tax contained in the total, for information."`
	TaxRate         int64          `json:"tax_rate_basis_points" doc:"Rate of the tax, in hundredths of a percent." example:"1900"`
	Refunded        money.Money    `json:"refunded" doc:"What was given back since it was confirmed; a cancellation does not count."`
	Coupon          string         `json:"coupon,omitempty" doc:"The coupon that the discount comes from." example:"WELCOME10"`
	CartID          *uuid.UUID     `json:"cart_id,omitempty" format:"uuid" doc:"The cart it was ordered from."`
	Shipments       []Shipment     `json:"shipments,omitempty" doc:"Its parcels, oldest first, with tracking."`
	Refunds         []Refund       `json:"refunds,omitempty" doc:"Money given back, oldest first."`
	Returns         []GoodsReturn  `json:"returns,omitempty" doc:"Goods that come back, oldest first."`
	ShippingOption  string         `json:"shipping_option" doc:"The chosen way of shipping." example:"standard"`
	ShippingAddress PostalAddress  `json:"shipping_address" doc:"Where it goes."`
	CreatedAt       time.Time      `json:"created_at" doc:"When it was placed, UTC."`
	UpdatedAt       time.Time      `json:"updated_at" doc:"When its last event happened, UTC."`
	ConfirmedAt     *time.Time     `json:"confirmed_at,omitempty" doc:"When it was confirmed, UTC."`
	ClosedAt        *time.Time     `json:"closed_at,omitempty" doc:"When it was rejected or cancelled, UTC."`
	CancelRequested *time.Time     `json:"cancel_requested_at,omitempty" doc:"When somebody asked to cancel it, UTC."`
	NeedsAttention  string         `json:"needs_attention,omitempty" doc:"What its saga cannot get past by itself, for support."`
	Version         int64          `json:"version" doc:"Number of events so far; also the ETag." example:"2"`
	rejection       map[string]any // what the client was told beside the reason
	rejectedBy      string         // code of the fault that rejected it, or ""
	paymentMethod   string
	capture         string
	fingerprint     []byte
	cartVersion     int64
	reviewSeconds   int64
}

// Line is what was ordered of one variant.
type Line struct {
	ID uuid.UUID `json:"id" format:"uuid" doc:"Line id."`
	PricedLine
}

// PricedLine is a line of a quote.
type PricedLine struct {
	VariantID uuid.UUID   `json:"variant_id" format:"uuid" doc:"The variant."`
	ProductID uuid.UUID   `json:"product_id" format:"uuid" doc:"Its product."`
	SKU       string      `json:"sku" doc:"Stock keeping unit." example:"MUG-RED"`
	Name      string      `json:"name" doc:"Name as of then." example:"Mug, red"`
	Quantity  int64       `json:"quantity" doc:"Pieces." example:"2"`
	UnitPrice money.Money `json:"unit_price" doc:"Price of one."`
	Total     money.Money `json:"total" doc:"unit_price × quantity."`
}

// Priced is what the product service quotes for some lines.
type Priced struct {
	Lines    []PricedLine `json:"lines"`
	Subtotal money.Money  `json:"subtotal"`
	Discount money.Money  `json:"discount"`
	Shipping money.Money  `json:"shipping"`
	Tax      money.Money  `json:"tax"`
	Total    money.Money  `json:"total"`

	TaxIncluded money.Money `json:"tax_included"`          // contained in the total, for information
	TaxRate     int64       `json:"tax_rate_basis_points"` // of either tax, in hundredths of a percent
}

// PostalAddress is where an order goes.
type PostalAddress struct {
	Name       string `json:"name" minLength:"1" maxLength:"200" doc:"Who receives it." example:"Ada Lovelace"`
	Line1      string `json:"line1" minLength:"1" maxLength:"200" doc:"Street and number." example:"Torstraße 1"`
	Line2      string `json:"line2,omitempty" maxLength:"200" doc:"Anything more."`
	City       string `json:"city" minLength:"1" maxLength:"100" doc:"Town." example:"Berlin"`
	PostalCode string `json:"postal_code" minLength:"1" maxLength:"20" doc:"Postal code." example:"10119"`
	Country    string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2." example:"DE"`
}

// State is where an order stands, without anything personal: what a saga may keep.
type State struct {
	OrderID       uuid.UUID  `json:"order_id"`
	Status        Status     `json:"status"`
	Reason        string     `json:"reason,omitempty"` // why it was rejected
	PaymentStatus string     `json:"payment_status"`
	PaymentID     *uuid.UUID `json:"payment_id,omitempty"`
	Fulfilment    string     `json:"fulfilment,omitempty"`
	Version       int64      `json:"version"`
	UpdatedAt     time.Time  `json:"updated_at"`
	ConfirmedAt   *time.Time `json:"confirmed_at,omitempty"`
	ClosedAt      *time.Time `json:"closed_at,omitempty"`
	actionURL     string     // where the customer must go, while the order awaits payment
}

// Apply brings the order to a later state.
func (o Order) Apply(s State) Order {
	o.Status, o.PaymentStatus, o.PaymentID = s.Status, s.PaymentStatus, s.PaymentID
	o.Fulfilment, o.Version, o.UpdatedAt, o.ConfirmedAt, o.ClosedAt = s.Fulfilment, s.Version, s.UpdatedAt, s.ConfirmedAt, s.ClosedAt
	return o
}

// Purchase is what the checkout saga needs to know of an order.
type Purchase struct {
	OrderID       uuid.UUID   `json:"order_id"`
	UserID        uuid.UUID   `json:"user_id"`
	Items         []Item      `json:"items"`
	Total         money.Money `json:"total"`
	PaymentMethod string      `json:"payment_method"` // the provider's token
	Capture       string      `json:"capture"`        // automatic or manual

	Coupon        string       `json:"coupon,omitempty"`         // to be redeemed; "" without one
	Discount      *money.Money `json:"discount,omitempty"`       // what the coupon takes off; nil without one
	ReviewSeconds int64        `json:"review_seconds,omitempty"` // how long somebody has to approve it; 0 when nobody must
}

// Item is how many pieces of a variant an order wants.
type Item struct {
	VariantID uuid.UUID `json:"variant_id"`
	Quantity  int64     `json:"quantity"`
}

// PurchaseOf is the order as its saga sees it.
func PurchaseOf(o Order) Purchase {
	p := Purchase{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentMethod: o.paymentMethod, Capture: o.capture, Items: make([]Item, len(o.Lines))}
	p.ReviewSeconds = o.reviewSeconds
	if o.Coupon != "" {
		p.Coupon, p.Discount = o.Coupon, &o.Discount
	}
	for i, line := range o.Lines {
		p.Items[i] = Item{VariantID: line.VariantID, Quantity: line.Quantity}
	}
	return p
}

// details reads what was stored beside a rejection's reason.
func details(document []byte) map[string]any {
	var out map[string]any
	_ = json.Unmarshal(document, &out) // written by RejectOrder; absent otherwise
	return out
}
