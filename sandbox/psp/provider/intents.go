package provider

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kassa/sql/pspdb"
)

// createParams are the parameters of creating an intent; those that only matter for what this
// sandbox does not do (shipping, statement descriptors and so on) are accepted and ignored.
var createParams = append([]string{
	"amount", "currency", "confirm", "confirmation_method", "description", "metadata", "automatic_payment_methods",
	"statement_descriptor", "statement_descriptor_suffix", "amount_details", "payment_details", "transfer_group",
}, confirmParams...)

var captureMethods = []string{"automatic", "automatic_async", "manual"}

// createIntent is POST /v1/payment_intents.
var createIntent = operation{
	name: "create", known: createParams,
	load: func(_ context.Context, s *Server, c *call) (*payment, *refusal) {
		p := s.payment(newIntent(c.params))
		c.params.expand("latest_charge")
		c.params.confirmation()
		c.params.flag("confirm")
		return p, c.params.refused
	},
	change: func(c *call, p *payment) (any, *refusal) {
		in := c.params.confirmation()
		if c.params.flag("confirm") {
			return p, p.confirm(in, c.plan)
		}
		if c.params.has("off_session") {
			return nil, invalid("parameter_invalid_empty", "off_session", "You can only pass in off_session when confirm is true.")
		}
		if _, known := methods[in.method]; in.method != "" && !known {
			return nil, invalid("resource_missing", "payment_method", "No such PaymentMethod: '%s'", in.method)
		}
		if in.method != "" {
			p.intent.PaymentMethod, p.intent.Status = in.method, "requires_confirmation"
		}
		return p, nil
	},
}

// newIntent reads the parameters of a new intent.
func newIntent(params *params) pspdb.PaymentIntent {
	params.required("amount")
	id, now := newID("pi_"), time.Now().UTC().Truncate(time.Microsecond)
	in := pspdb.PaymentIntent{
		ID: id, Amount: params.amount("amount", 0), Currency: strings.ToLower(params.required("currency")),
		CaptureMethod:      params.choice("capture_method", "automatic_async", captureMethods...),
		ConfirmationMethod: params.choice("confirmation_method", "automatic", "automatic", "manual"),
		Status:             "requires_payment_method", Redirects: redirects(params), Multicapture: multicapture(params), Description: params.text("description"),
		Metadata: params.metadata(nil), ReturnUrl: params.text("return_url"),
		OrderID: params.text("metadata[order_id]"), ClientSecret: id + "_secret_" + newID("")[:20], CreatedAt: now,
	}
	checkAmount(params, in.Amount, in.Currency)
	if u, err := url.Parse(in.ReturnUrl); in.ReturnUrl != "" && (err != nil || !slices.Contains([]string{"http", "https"}, u.Scheme)) {
		params.refuse(invalid("url_invalid", "return_url", "Not a valid URL"))
	}
	return in
}

// redirects says whether payment methods that leave the page are allowed, as they are unless the
// caller lists its types or says otherwise.
func redirects(params *params) bool {
	if types := params.list("payment_method_types"); len(types) > 0 {
		if !slices.Equal(types, []string{"card"}) {
			params.refuse(invalid("", "payment_method_types", "The payment method types are invalid: this sandbox knows card."))
		}
		return false
	}
	switch params.choice("automatic_payment_methods[allow_redirects]", "always", "always", "never") {
	case "never":
		return false
	default:
		return params.text("automatic_payment_methods[enabled]") != "false"
	}
}

// multicapture says whether the caller wants to capture in parts.
func multicapture(params *params) bool {
	return params.choice("payment_method_options[card][request_multicapture]", "never", "if_available", "never") == "if_available"
}

// leastAmounts are the smallest charges by currency, in minor units
// (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts); others take any.
var leastAmounts = map[string]int64{
	"usd": 50, "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
	"gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
	"pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}

// mostAmount is the largest charge: eight digits in any currency but a few.
const mostAmount = 99_999_999

func checkAmount(params *params, amount int64, currency string) {
	switch {
	case len(currency) != 3 || strings.Trim(currency, "abcdefghijklmnopqrstuvwxyz") != "":
		params.refuse(invalid("", "currency", "Invalid currency: %s.", currency))
	case amount < leastAmounts[currency]:
		params.refuse(invalid("amount_too_small", "amount", "Amount must be at least %d minor units of %s.", leastAmounts[currency], currency))
	case amount > mostAmount:
		params.refuse(invalid("amount_too_large", "amount", "Amount must be no more than %d minor units.", int64(mostAmount)))
	}
}

// loadIntent reads the intent in the path.
func loadIntent(ctx context.Context, s *Server, c *call) (*payment, *refusal) {
	c.params.expand("latest_charge")
	if c.params.refused != nil {
		return nil, c.params.refused
	}
	p, err := s.read(ctx, c.id)
	switch {
	case err != nil:
		return nil, s.broken("read payment", err)
	case p == nil:
		return nil, missing("payment_intent", "intent", c.id)
	}
	return p, nil
}

// captureIntent is POST /v1/payment_intents/{id}/capture.
var captureIntent = operation{
	name: "capture", known: []string{"amount_to_capture", "final_capture", "metadata", "statement_descriptor", "statement_descriptor_suffix"},
	load: loadIntent,
	change: func(c *call, p *payment) (any, *refusal) {
		if p.intent.Status != "requires_capture" {
			return nil, wrongState(p, "This PaymentIntent could not be captured because it has a status of %s. "+
				"Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", p.intent.Status)
		}
		final := c.params.choice("final_capture", "true", "true", "false") == "true"
		amount := p.intent.AmountCapturable
		// Nothing more, and letting go of the rest, ends an intent that was captured in part.
		if rest := c.params.text("amount_to_capture") == "0" && final && p.intent.AmountReceived > 0; rest {
			amount = 0
		} else {
			amount = c.params.amount("amount_to_capture", amount)
		}
		p.intent.Metadata = c.params.metadata(p.intent.Metadata)
		switch {
		case c.params.refused != nil:
			return nil, c.params.refused
		case amount > p.intent.AmountCapturable:
			return nil, refuse(http.StatusBadRequest, invalidRequest, "amount_too_large", "amount_to_capture",
				"The provided amount_to_capture (%d) is greater than the capturable amount (%d).", amount, p.intent.AmountCapturable)
		case !final && !p.capturesInParts():
			return nil, invalid("", "final_capture", "You cannot set final_capture to false because multicapture is not available for this PaymentIntent.")
		}
		p.capture(amount, final)
		return p, nil
	},
}

var cancellationReasons = []string{"duplicate", "fraudulent", "requested_by_customer", "abandoned"}

// cancelIntent is POST /v1/payment_intents/{id}/cancel.
var cancelIntent = operation{
	name: "cancel", known: []string{"cancellation_reason"},
	load: loadIntent,
	change: func(c *call, p *payment) (any, *refusal) {
		reason := c.params.choice("cancellation_reason", "", cancellationReasons...)
		switch p.intent.Status {
		case "succeeded", "canceled", "processing":
			return nil, wrongState(p, "You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the "+
				"following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action.", p.intent.Status)
		}
		switch {
		case c.params.refused != nil:
			return nil, c.params.refused
		case p.intent.AmountReceived > 0:
			return nil, wrongState(p, "You cannot cancel this PaymentIntent because a part of it was captured. "+
				"Capture it with an amount_to_capture of 0 and final_capture to release the rest.")
		}
		p.cancel(reason)
		return p, nil
	},
}
