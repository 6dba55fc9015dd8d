package orderapi

import (
	"time"

	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/money"
)

// These are shown in the API's document.
var (
	exampleOrder     = example(order.Confirmed)
	exampleCancelled = example(order.Cancelled)
	exampleInvoice   = invoiceOf(exampleOrder, Seller{Name: "Kassa", Address: []string{"Torstraße 1", "10119 Berlin"}, TaxID: "DE123456789"})

	exampleLater    = exampleOrder.ConfirmedAt.Add(24 * time.Hour)
	exampleShipment = order.Shipment{
		ID: uuid.MustParse("0199f3c2-9c1e-7d55-9d0e-5b8a3f4f7a10"), Status: "shipped", Carrier: "DHL", Tracking: "00340434161094042557",
		Lines: []order.PieceLine{{LineID: exampleOrder.Lines[0].ID, Quantity: 1}}, CreatedAt: exampleLater, ShippedAt: &exampleLater,
	}
	exampleRefund = order.Refund{
		ID: uuid.MustParse("0199f3c2-9d1e-7d55-9d0e-5b8a3f4f7a10"), OrderID: exampleOrder.ID, Status: "succeeded", Amount: money.New(1899, "EUR"),
		Lines:    []order.RefundLine{{LineID: exampleOrder.Lines[0].ID, Quantity: 1, Amount: money.New(1899, "EUR")}},
		Shipping: money.New(0, "EUR"), Tax: money.New(0, "EUR"), Why: "A cup arrived broken.", CreatedAt: exampleLater, CompletedAt: &exampleLater,
	}
	exampleReturn = order.GoodsReturn{
		ID: uuid.MustParse("0199f3c2-9e1e-7d55-9d0e-5b8a3f4f7a10"), OrderID: exampleOrder.ID, Status: "approved", Lines: exampleShipment.Lines,
		Reason: "Too small.", Restock: true, Version: 2, CreatedAt: exampleLater, UpdatedAt: exampleLater,
	}
)

func example(status order.Status) order.Order {
	eur := func(amount int64) money.Money { return money.New(amount, "EUR") }
	placed := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	confirmed, closed := placed.Add(21*time.Millisecond), placed.Add(time.Hour)
	paymentID := uuid.MustParse("0199f3c2-8c22-7d55-9d0e-5b8a3f4f7a11")
	o := order.Order{
		ID: uuid.MustParse("0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"), Number: "K-1000042",
		UserID: uuid.MustParse("0199f3c2-0000-7000-8000-000000000001"),
		Status: order.Confirmed, PaymentStatus: "captured", PaymentID: &paymentID, Fulfilment: "none",
		Lines: []order.Line{{ID: uuid.MustParse("0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a12"), PricedLine: order.PricedLine{
			VariantID: uuid.MustParse("0199f3c2-0000-7000-8000-000000000002"), ProductID: uuid.MustParse("0199f3c2-0000-7000-8000-000000000003"),
			SKU: "MUG-RED", Name: "Mug, red", Quantity: 2, UnitPrice: eur(1899), Total: eur(3798),
		}}},
		Subtotal: eur(3798), Discount: eur(0), Shipping: eur(499), Tax: eur(0), Total: eur(4297),
		TaxIncluded: eur(686), TaxRate: 1900, Refunded: eur(0),
		ShippingOption:  "standard",
		ShippingAddress: order.PostalAddress{Name: "Ada Lovelace", Line1: "Torstraße 1", City: "Berlin", PostalCode: "10119", Country: "DE"},
		CreatedAt:       placed, UpdatedAt: confirmed, ConfirmedAt: &confirmed, Version: 2,
	}
	if status == order.Cancelled {
		o.Status, o.PaymentStatus, o.Reason = order.Cancelled, "refunded", "ordered twice"
		o.UpdatedAt, o.CancelRequested, o.ClosedAt, o.Version = closed, &closed, &closed, 4
	}
	return o
}
