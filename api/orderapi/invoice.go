package orderapi

import (
	"bytes"
	"context"
	_ "embed" // the printable invoice
	"encoding/json"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/money"
)

// Seller is who writes the invoices.
type Seller struct {
	Name    string   `json:"name" doc:"The shop." example:"Kassa"`
	Address []string `json:"address,omitempty" doc:"Its address, line by line."`
	TaxID   string   `json:"tax_id,omitempty" doc:"Its number with the tax office." example:"DE123456789"`
}

// Invoice is what an order cost, what was paid and what was given back.
type Invoice struct {
	Number      string              `json:"number" doc:"Number of the invoice: the order's." example:"K-1000042"`
	OrderID     uuid.UUID           `json:"order_id" format:"uuid" doc:"The order."`
	IssuedAt    time.Time           `json:"issued_at" doc:"When the order was confirmed, UTC."`
	Status      order.Status        `json:"status" doc:"Where the order is in its life."`
	Seller      Seller              `json:"seller" doc:"Who sold."`
	Buyer       order.PostalAddress `json:"buyer" doc:"Who bought; empty when they were forgotten."`
	Lines       []order.Line        `json:"lines" doc:"What was ordered."`
	Subtotal    money.Money         `json:"subtotal" doc:"Sum of the lines."`
	Discount    money.Money         `json:"discount" doc:"What is taken off."`
	Coupon      string              `json:"coupon,omitempty" doc:"The coupon that it comes from."`
	Shipping    money.Money         `json:"shipping" doc:"Price of shipping."`
	Tax         money.Money         `json:"tax" doc:"Tax on top; 0 when prices include it."`
	TaxIncluded money.Money         `json:"tax_included" doc:"Tax contained in the total."`
	TaxRate     int64               `json:"tax_rate_basis_points" doc:"Rate of the tax, in hundredths of a percent."`
	Total       money.Money         `json:"total" doc:"What the customer paid."`
	Refunds     []order.Refund      `json:"refunds" doc:"What was given back."`
	Due         money.Money         `json:"due" doc:"total − refunds: what remains with the shop; 0 when the order was cancelled."`
}

type invoiceInput struct {
	ID     uuid.UUID `path:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Accept string    `header:"Accept" doc:"text/html for a page to print; JSON otherwise." example:"text/html"`
}

//go:embed invoice.html
var invoicePage string

var invoiceTemplate = template.Must(template.New("invoice").Funcs(template.FuncMap{
	"date":    func(t time.Time) string { return t.UTC().Format("2 January 2006") },
	"percent": percent,
}).Parse(invoicePage))

func registerInvoice(a *httpapi.API, orders *order.Service, desk *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "read-invoice", Method: "GET", Path: "/v1/orders/{id}/invoice", Tag: "Orders", Summary: "Read an order's invoice",
		Description: "JSON, or a page to print for a client that prefers text/html.",
		Access:      httpapi.Customer, Errors: []*fault.Error{order.ErrOrderNotFound, order.ErrNoInvoice},
		Content: map[string]any{"application/json": exampleInvoice, "text/html": "<!doctype html>\n<title>Invoice K-1000042</title>\n"},
	}, func(ctx context.Context, in *invoiceInput) (*streamOutput, error) {
		o, err := orders.ReadOrder(ctx, order.ReadOrderInput{OrderID: in.ID, UserID: onlyOf(ctx)})
		if err != nil {
			return nil, err
		}
		if o.ConfirmedAt == nil {
			return nil, order.ErrNoInvoice
		}
		return answer(invoiceOf(o, desk.options.Seller), prefersHTML(in.Accept))
	})
}

// answer writes the invoice before the answer begins, so that it is whole or an error.
func answer(invoice Invoice, html bool) (*streamOutput, error) {
	var page bytes.Buffer
	kind := "application/json"
	var err error
	if html {
		kind = "text/html; charset=utf-8"
		err = invoiceTemplate.Execute(&page, invoice)
	} else {
		err = json.NewEncoder(&page).Encode(invoice)
	}
	if err != nil {
		return nil, fmt.Errorf("invoice %s: %w", invoice.Number, err)
	}
	return &streamOutput{Body: func(h huma.Context) {
		h.SetHeader("Content-Type", kind)
		h.SetHeader("Vary", "Accept")
		if html { // its one style sheet is in it; nothing else may come or go
			h.SetHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		}
		h.SetStatus(http.StatusOK)
		_, _ = h.BodyWriter().Write(page.Bytes()) // a client that is gone
	}}, nil
}

func invoiceOf(o order.Order, seller Seller) Invoice {
	i := Invoice{
		Number: o.Number, OrderID: o.ID, IssuedAt: *o.ConfirmedAt, Status: o.Status, Seller: seller, Buyer: o.ShippingAddress, Lines: o.Lines,
		Subtotal: o.Subtotal, Discount: o.Discount, Coupon: o.Coupon, Shipping: o.Shipping, Tax: o.Tax, TaxIncluded: o.TaxIncluded, TaxRate: o.TaxRate,
		Total: o.Total, Refunds: []order.Refund{}, Due: money.New(o.Total.Amount-o.Refunded.Amount, o.Total.Currency),
	}
	for _, refund := range o.Refunds {
		if refund.Status == "succeeded" {
			i.Refunds = append(i.Refunds, refund)
		}
	}
	if o.Status == order.Cancelled {
		i.Due.Amount = 0
	}
	return i
}

// prefersHTML reports whether a client names HTML before JSON.
func prefersHTML(accept string) bool {
	for _, part := range strings.Split(accept, ",") {
		kind, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil || params["q"] == "0" {
			continue
		}
		switch kind {
		case "text/html", "application/xhtml+xml":
			return true
		case "application/json":
			return false
		}
	}
	return false
}

// percent shows hundredths of a percent: 1900 is "19 %", 550 is "5.5 %".
func percent(basisPoints int64) string {
	text := fmt.Sprintf("%d.%02d", basisPoints/100, basisPoints%100)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + " %"
}
