package provider

import (
	"encoding/json"
	"net/url"
	"time"

	"kassa/sql/pspdb"
)

// apiVersion is the version of Stripe's API that is imitated: the one stripe-go v86 speaks.
const apiVersion = "2026-05-27.dahlia"

// intentJSON is a PaymentIntent as sent (docs.stripe.com/api/payment_intents/object).
type intentJSON struct {
	ID                      string          `json:"id"`
	Object                  string          `json:"object"`
	Amount                  int64           `json:"amount"`
	AmountCapturable        int64           `json:"amount_capturable"`
	AmountReceived          int64           `json:"amount_received"`
	AutomaticPaymentMethods *automaticJSON  `json:"automatic_payment_methods"`
	CanceledAt              *int64          `json:"canceled_at"`
	CancellationReason      *string         `json:"cancellation_reason"`
	CaptureMethod           string          `json:"capture_method"`
	ClientSecret            string          `json:"client_secret"`
	ConfirmationMethod      string          `json:"confirmation_method"`
	Created                 int64           `json:"created"`
	Currency                string          `json:"currency"`
	Customer                *string         `json:"customer"`
	Description             *string         `json:"description"`
	LastPaymentError        json.RawMessage `json:"last_payment_error"`
	LatestCharge            any             `json:"latest_charge"` // id, chargeJSON when expanded, nil before the first attempt
	Livemode                bool            `json:"livemode"`
	Metadata                json.RawMessage `json:"metadata"`
	NextAction              *nextActionJSON `json:"next_action"`
	PaymentMethod           *string         `json:"payment_method"`
	PaymentMethodTypes      []string        `json:"payment_method_types"`
	Processing              *processingJSON `json:"processing"`
	ReceiptEmail            *string         `json:"receipt_email"`
	SetupFutureUsage        *string         `json:"setup_future_usage"`
	Status                  string          `json:"status"`
}

type automaticJSON struct {
	AllowRedirects string `json:"allow_redirects"`
	Enabled        bool   `json:"enabled"`
}

type processingJSON struct {
	Card struct{} `json:"card"`
	Type string   `json:"type"`
}

type nextActionJSON struct {
	RedirectToURL *redirectJSON  `json:"redirect_to_url,omitempty"`
	Type          string         `json:"type"`
	UseStripeSDK  map[string]any `json:"use_stripe_sdk,omitempty"`
}

type redirectJSON struct {
	ReturnURL string `json:"return_url"`
	URL       string `json:"url"`
}

// chargeJSON is a Charge as sent (docs.stripe.com/api/charges/object).
type chargeJSON struct {
	ID                   string       `json:"id"`
	Object               string       `json:"object"`
	Amount               int64        `json:"amount"`
	AmountCaptured       int64        `json:"amount_captured"`
	AmountRefunded       int64        `json:"amount_refunded"` // what was released counts as given back
	BillingDetails       struct{}     `json:"billing_details"`
	Captured             bool         `json:"captured"`
	Created              int64        `json:"created"`
	Currency             string       `json:"currency"`
	Disputed             bool         `json:"disputed"`
	FailureCode          *string      `json:"failure_code"`
	FailureMessage       *string      `json:"failure_message"`
	Livemode             bool         `json:"livemode"`
	Metadata             struct{}     `json:"metadata"`
	Outcome              *outcomeJSON `json:"outcome"`
	Paid                 bool         `json:"paid"`
	PaymentIntent        string       `json:"payment_intent"`
	PaymentMethod        string       `json:"payment_method"`
	PaymentMethodDetails *methodJSON  `json:"payment_method_details"`
	Refunded             bool         `json:"refunded"`
	Status               string       `json:"status"`
}

type outcomeJSON struct {
	NetworkStatus string  `json:"network_status"`
	Reason        *string `json:"reason"`
	Type          string  `json:"type"`
}

// methodJSON is a PaymentMethod, and the details of the one a charge used.
type methodJSON struct {
	ID     string   `json:"id,omitempty"`
	Object string   `json:"object,omitempty"`
	Card   cardJSON `json:"card"`
	Type   string   `json:"type"`
}

type cardJSON struct {
	Brand    string `json:"brand"`
	Country  string `json:"country"`
	ExpMonth int    `json:"exp_month"`
	ExpYear  int    `json:"exp_year"`
	Last4    string `json:"last4"`
}

// refundJSON is a Refund as sent (docs.stripe.com/api/refunds/object).
type refundJSON struct {
	ID            string          `json:"id"`
	Object        string          `json:"object"`
	Amount        int64           `json:"amount"`
	Charge        string          `json:"charge"`
	Created       int64           `json:"created"`
	Currency      string          `json:"currency"`
	FailureReason *string         `json:"failure_reason,omitempty"`
	Metadata      json.RawMessage `json:"metadata"`
	PaymentIntent string          `json:"payment_intent"`
	Reason        *string         `json:"reason"`
	Status        string          `json:"status"`
}

// listJSON is a page of a list (docs.stripe.com/api/pagination) or of a search.
type listJSON[T any] struct {
	Object   string  `json:"object"`
	Data     []T     `json:"data"`
	HasMore  bool    `json:"has_more"`
	NextPage *string `json:"next_page,omitempty"`
	URL      string  `json:"url"`
}

// intentObject shows an intent; page is the address of 3-D Secure pages.
func intentObject(in pspdb.PaymentIntent, page string) *intentJSON {
	out := &intentJSON{
		ID: in.ID, Object: "payment_intent", Amount: in.Amount,
		AmountCapturable: in.AmountCapturable, AmountReceived: in.AmountReceived,
		CancellationReason: textOrNull(in.CancellationReason), CaptureMethod: in.CaptureMethod,
		ClientSecret: in.ClientSecret, ConfirmationMethod: in.ConfirmationMethod,
		Created: in.CreatedAt.Unix(), Currency: in.Currency, Description: textOrNull(in.Description),
		LastPaymentError: in.LastError, Metadata: in.Metadata, PaymentMethod: textOrNull(in.PaymentMethod),
		PaymentMethodTypes: []string{"card"}, Status: in.Status, CanceledAt: unixOrNull(in.CanceledAt),
	}
	if in.LatestCharge != "" {
		out.LatestCharge = in.LatestCharge
	}
	if in.Redirects {
		out.AutomaticPaymentMethods = &automaticJSON{AllowRedirects: "always", Enabled: true}
	}
	switch in.Status {
	case "processing":
		out.Processing = &processingJSON{Type: "card"}
	case "requires_action":
		out.NextAction = nextAction(in, page)
	}
	return out
}

// nextAction sends the customer to the 3-D Secure page. Without a return_url Stripe leaves that
// to its own JavaScript, which a server cannot use.
func nextAction(in pspdb.PaymentIntent, page string) *nextActionJSON {
	address := page + "/_sandbox/3ds/" + in.ID + "?secret=" + url.QueryEscape(in.ClientSecret)
	if in.ReturnUrl == "" {
		return &nextActionJSON{Type: "use_stripe_sdk", UseStripeSDK: map[string]any{
			"type": "three_d_secure_redirect", "stripe_js": address,
		}}
	}
	return &nextActionJSON{Type: "redirect_to_url", RedirectToURL: &redirectJSON{ReturnURL: in.ReturnUrl, URL: address}}
}

func chargeObject(c pspdb.Charge) *chargeJSON {
	out := &chargeJSON{
		ID: c.ID, Object: "charge", Amount: c.Amount, AmountCaptured: c.AmountCaptured,
		AmountRefunded: c.AmountRefunded + c.AmountReleased, Captured: c.AmountCaptured > 0 && c.AmountCaptured+c.AmountReleased == c.Amount,
		Created: c.CreatedAt.Unix(), Currency: c.Currency, Paid: c.Status == "succeeded",
		PaymentIntent: c.IntentID, PaymentMethod: c.PaymentMethod,
		PaymentMethodDetails: methodObject(c.PaymentMethod, false),
		Refunded:             c.AmountRefunded+c.AmountReleased == c.Amount, Status: c.Status,
		Outcome: &outcomeJSON{NetworkStatus: "approved_by_network", Type: "authorized"},
	}
	if c.Status == "failed" {
		why := explain(c.DeclineCode)
		out.FailureCode, out.FailureMessage = &why.code, &why.message
		out.Outcome = &outcomeJSON{NetworkStatus: "declined_by_network", Reason: &c.DeclineCode, Type: "issuer_declined"}
	}
	return out
}

func methodObject(id string, whole bool) *methodJSON {
	m := methods[id]
	out := &methodJSON{Type: "card", Card: cardJSON{
		Brand: m.brand, Country: m.country, ExpMonth: 12, ExpYear: time.Now().Year() + 3, Last4: m.last4,
	}}
	if whole {
		out.ID, out.Object = id, "payment_method"
	}
	return out
}

func refundObject(r pspdb.Refund) *refundJSON {
	out := &refundJSON{
		ID: r.ID, Object: "refund", Amount: r.Amount, Charge: r.ChargeID, Created: r.CreatedAt.Unix(),
		Currency: r.Currency, Metadata: r.Metadata, PaymentIntent: r.IntentID,
		Reason: textOrNull(r.Reason), Status: r.Status,
	}
	if r.Status == "failed" {
		reason := "lost_or_stolen_card"
		out.FailureReason = &reason
	}
	return out
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func unixOrNull(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	seconds := t.Unix()
	return &seconds
}
