package provider

import (
	"context"
	"time"
)

var confirmParams = []string{
	"payment_method", "payment_method_types", "payment_method_options", "return_url", "off_session",
	"error_on_requires_action", "capture_method", "use_stripe_sdk", "receipt_email", "setup_future_usage",
	"shipping", "radar_options", "mandate_data",
}

// confirmation is what confirming an intent is told.
type confirmation struct {
	method          string
	returnURL       string
	offSession      bool // the customer is not there
	refuseChallenge bool // rather decline than ask for 3-D Secure
}

func (p *params) confirmation() confirmation {
	return confirmation{
		method:          p.text("payment_method"),
		returnURL:       p.text("return_url"),
		offSession:      p.flag("off_session"),
		refuseChallenge: p.flag("error_on_requires_action"),
	}
}

// confirmIntent is POST /v1/payment_intents/{id}/confirm.
var confirmIntent = operation{
	name: "confirm", known: confirmParams,
	load: loadIntent,
	change: func(c *call, p *payment) (any, *refusal) {
		in := c.params.confirmation()
		if method := c.params.choice("capture_method", p.intent.CaptureMethod, captureMethods...); c.params.refused == nil {
			p.intent.CaptureMethod = method
		}
		if c.params.refused != nil {
			return nil, c.params.refused
		}
		switch p.intent.Status {
		case "requires_payment_method", "requires_confirmation", "requires_action":
		case "succeeded", "requires_capture":
			return nil, wrongState(p, "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.")
		default:
			return nil, wrongState(p, "You cannot confirm this PaymentIntent because it has a status of %s.", p.intent.Status)
		}
		refused := p.confirm(in, c.plan)
		return p, refused
	},
}

// confirm asks the bank. A refusal with status 402 has changed the intent; another one has not.
func (p *payment) confirm(in confirmation, faults plan) *refusal {
	if in.method != "" {
		p.intent.PaymentMethod = in.method
	}
	if in.returnURL != "" {
		p.intent.ReturnUrl = in.returnURL
	}
	p.intent.OffSession = in.offSession
	m, known := methods[p.intent.PaymentMethod]
	switch {
	case p.intent.PaymentMethod == "":
		return invalid("payment_intent_unexpected_state", "", "You cannot confirm this PaymentIntent because it's missing a payment method. "+
			"You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.")
	case !known:
		return invalid("resource_missing", "payment_method", "No such PaymentMethod: '%s'", p.intent.PaymentMethod)
	case p.intent.Redirects && p.intent.ReturnUrl == "" && !in.offSession:
		return invalid("", "return_url", "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "+
			"Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. "+
			"If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "+
			"`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
	}
	return p.ask(m, in, faults)
}

// ask is the bank's part of a confirmation.
func (p *payment) ask(m method, in confirmation, faults plan) *refusal {
	if f, ok := faults["decline"]; ok {
		return p.decline(f.code)
	}
	challenged := m.challenge != never || faults.has("authentication_required")
	switch {
	case challenged && in.offSession && m.challenge != onlyInPerson:
		return p.decline("authentication_required")
	case challenged && in.offSession:
	case challenged && in.refuseChallenge:
		return p.decline("authentication_required")
	case challenged:
		p.intent.Status, p.intent.LastError = "requires_action", nil
		p.announce("requires_action")
		return nil
	}
	return p.conclude(m.declines, faults)
}

// conclude takes the bank's answer, now or late; an empty decline code is a yes.
func (p *payment) conclude(declineCode string, faults plan) *refusal {
	if f, ok := faults["late_success"]; ok {
		p.wait(f.after, declineCode)
		return nil
	}
	if f, ok := faults["late_decline"]; ok {
		p.wait(f.after, "generic_decline")
		return nil
	}
	if declineCode != "" {
		return p.decline(declineCode)
	}
	p.accept()
	return nil
}

// wait leaves the answer to settle.
func (p *payment) wait(after time.Duration, declineCode string) {
	at := p.now.Add(after)
	p.intent.Status, p.intent.LastError, p.intent.SettleAt, p.intent.SettleAs = "processing", nil, &at, declineCode
	p.announce("processing")
}

// authenticate is what the customer did on the 3-D Secure page.
func (s *Server) authenticate(ctx context.Context, id string, passed bool) (*payment, *refusal) {
	return s.alter(ctx, "authenticate", id, func(p *payment, faults plan) *refusal {
		if p.intent.Status != "requires_action" {
			return wrongState(p, "This PaymentIntent has a status of %s and waits for no authentication.", p.intent.Status)
		}
		if f, ok := faults["decline"]; ok {
			p.decline(f.code)
			return nil
		}
		if !passed {
			p.unauthenticated()
			return nil
		}
		p.conclude(methods[p.intent.PaymentMethod].declines, faults)
		return nil
	})
}
