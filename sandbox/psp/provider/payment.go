package provider

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"kassa/sql/pspdb"
)

// payment is an intent with what belongs to it: as it was read, then as it shall be written.
// Nothing here reads or writes; see store.go.
type payment struct {
	intent pspdb.PaymentIntent
	charge *pspdb.Charge // the latest attempt, nil before the first
	refund *pspdb.Refund // the one this request makes or changes, nil otherwise

	now     time.Time
	page    string // address of the 3-D Secure pages
	entries []pspdb.LedgerEntry
	events  []happened
}

// happened is a webhook event to come: its type, and the object it shows.
type happened struct {
	kind   string
	object any
}

// The accounts of the ledger.
const (
	cardAccount     = "card"
	heldAccount     = "held"
	merchantAccount = "merchant"
)

// newID makes an id that looks like one of Stripe's.
func newID(prefix string) string { return prefix + "3" + rand.Text()[:23] }

func (p *payment) json() *intentJSON { return intentObject(p.intent, p.page) }

// changed says whether anything has to be written.
func (p *payment) changed() bool { return p.intent.Version == 0 || len(p.events) > 0 }

func (p *payment) happen(kind string, object any) {
	p.events = append(p.events, happened{kind: kind, object: object})
}

// announce reports the intent in its new state.
func (p *payment) announce(kind string) { p.happen("payment_intent."+kind, p.json()) }

func (p *payment) move(kind, debit, credit string, amount int64) {
	refund := ""
	if p.refund != nil {
		refund = p.refund.ID
	}
	p.entries = append(p.entries, pspdb.LedgerEntry{
		Kind: kind, Debit: debit, Credit: credit, Amount: amount, RefundID: refund,
	})
}

// attempt makes the charge that the bank is asked for.
func (p *payment) attempt(status, declineCode string) {
	p.charge = &pspdb.Charge{
		ID: newID("ch_"), IntentID: p.intent.ID, Amount: p.intent.Amount, Currency: p.intent.Currency,
		Status: status, PaymentMethod: p.intent.PaymentMethod, DeclineCode: declineCode, CreatedAt: p.now,
	}
	p.intent.LatestCharge = p.charge.ID
}

// accept is the bank's yes: the money is taken, or held when it is captured by hand.
func (p *payment) accept() {
	p.attempt("succeeded", "")
	p.intent.LastError, p.intent.SettleAt = nil, nil
	if p.intent.CaptureMethod == "manual" {
		p.intent.Status = "requires_capture"
		p.intent.AmountCapturable = p.intent.Amount
		p.move("authorize", cardAccount, heldAccount, p.intent.Amount)
		p.announce("amount_capturable_updated")
		return
	}
	p.intent.Status = "succeeded"
	p.intent.AmountReceived = p.intent.Amount
	p.charge.AmountCaptured = p.intent.Amount
	p.move("charge", cardAccount, merchantAccount, p.intent.Amount)
	p.announce("succeeded")
}

// decline is the bank's no: the attempt has failed, the intent waits for another method.
func (p *payment) decline(code string) *refusal {
	p.attempt("failed", code)
	why := explain(code)
	return p.fail(errorJSON{
		Type: cardError, Code: why.code, DeclineCode: why.reason, DocURL: docURL(why.code), Message: why.message,
		Charge: p.charge.ID, PaymentMethod: methodObject(p.intent.PaymentMethod, true),
	})
}

// unauthenticated is the customer who did not pass 3-D Secure.
func (p *payment) unauthenticated() *refusal {
	return p.fail(errorJSON{
		Type: invalidRequest, Code: "payment_intent_authentication_failure",
		DocURL: docURL("payment_intent_authentication_failure"),
		Message: "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new " +
			"PaymentMethod to attempt to fulfill this PaymentIntent again.",
		PaymentMethod: methodObject(p.intent.PaymentMethod, true),
	})
}

// fail puts the intent back to where it needs a payment method, with the reason.
func (p *payment) fail(reason errorJSON) *refusal {
	p.intent.Status, p.intent.PaymentMethod, p.intent.SettleAt = "requires_payment_method", "", nil
	p.intent.LastError, _ = json.Marshal(reason)
	p.announce("payment_failed")
	reason.PaymentIntent = p.json()
	return &refusal{status: 402, detail: reason}
}

// capture takes a part of what is held, at most all of it. When it is final, the rest is let go.
func (p *payment) capture(amount int64, final bool) {
	rest := p.intent.AmountCapturable - amount
	p.intent.AmountReceived += amount
	p.charge.AmountCaptured += amount
	if amount > 0 {
		p.move("capture", heldAccount, merchantAccount, amount)
	}
	if rest > 0 && !final {
		p.intent.AmountCapturable = rest
		p.announce("amount_capturable_updated")
		return
	}
	p.intent.Status, p.intent.AmountCapturable = "succeeded", 0
	if rest > 0 {
		p.charge.AmountReleased += rest
		p.move("release", heldAccount, cardAccount, rest)
	}
	p.announce("succeeded")
}

// capturesInParts says whether a capture may leave the rest held: when it was asked for, and the
// card's network can do it (docs.stripe.com/payments/multicapture).
func (p *payment) capturesInParts() bool {
	switch methods[p.charge.PaymentMethod].brand {
	case "amex", "discover", "mastercard", "visa":
		return p.intent.Multicapture
	}
	return false
}

// cancel ends the intent and lets go of what is held.
func (p *payment) cancel(reason string) {
	if held := p.intent.AmountCapturable; held > 0 {
		p.intent.AmountCapturable = 0
		p.charge.AmountReleased = held
		p.move("release", heldAccount, cardAccount, held)
	}
	p.intent.Status, p.intent.CancellationReason, p.intent.CanceledAt = "canceled", reason, &p.now
	p.announce("canceled")
}

// giveBack returns captured money. status is the refund's: what is pending counts as given.
func (p *payment) giveBack(amount int64, status, reason string, metadata json.RawMessage) {
	p.refund = &pspdb.Refund{
		ID: newID("re_"), IntentID: p.intent.ID, ChargeID: p.charge.ID, Amount: amount, Currency: p.intent.Currency,
		Status: status, Reason: reason, Metadata: metadata, CreatedAt: p.now,
	}
	p.intent.AmountRefunded += amount
	p.charge.AmountRefunded += amount
	p.move("refund", merchantAccount, cardAccount, amount)
	p.happen("refund.created", refundObject(*p.refund))
	p.happen("charge.refunded", chargeObject(*p.charge))
}

// takeBack undoes a refund that the bank could not deliver.
func (p *payment) takeBack() {
	p.refund.Status, p.refund.SettleAt = "failed", nil
	p.intent.AmountRefunded -= p.refund.Amount
	p.charge.AmountRefunded -= p.refund.Amount
	p.move("refund_failed", cardAccount, merchantAccount, p.refund.Amount)
	p.happen("refund.failed", refundObject(*p.refund))
}
