package payment

import (
	"github.com/google/uuid"

	"kassa/events"
	"kassa/sql/paymentdb"
)

// intent is a payment as the provider knows it, at the moment it answered.
// Amounts are minor units of our currency table.
type intent struct {
	ID          string
	Status      string // one of the provider's, below
	Currency    string // ISO 4217, upper case
	Capturable  int64
	Received    int64
	Refunded    int64 // given back of what was received; only a look with the charge knows it
	ActionURL   string
	DeclineCode string
	OrderID     string       // from its metadata
	PaymentID   string       // from its metadata
	CaptureID   string       // from its metadata: the newest capture
	Refunds     []refundWord // some or all of its refunds; nil when nobody asked
	Attempt     int32        // from its metadata: the number of the authorization that it came of
	replayed    bool         // the answer to an earlier request, kept for its idempotency key: it may be old
}

// The provider's states of an intent.
const (
	intentNeedsMethod  = "requires_payment_method" // declined, or never confirmed
	intentNeedsConfirm = "requires_confirmation"
	intentNeedsAction  = "requires_action"
	intentProcessing   = "processing"
	intentHeld         = "requires_capture"
	intentTaken        = "succeeded"
	intentCanceled     = "canceled"
)

// refundWord is a refund as the provider knows it. Its amount is in the intent's.
type refundWord struct {
	ID       string
	RefundID string // ours, from its metadata; "" when it is none of ours
	Status   string // one of RefundStatus, but never requested
}

// hasMoney reports whether the intent holds or has taken money that was not given back.
func (i intent) hasMoney() bool { return i.Capturable > 0 || i.Received > i.Refunded }

// after is the payment when the provider's word is taken. It depends on the
// word alone, not on what we believed: whoever calls it has made sure that the
// word is newer than the row.
func after(row paymentdb.Payment, word intent) paymentdb.Payment {
	row.ProviderPaymentID = word.ID
	row.ActionUrl = ""
	row.Authorized, row.Captured, row.Refunded = 0, 0, 0
	switch word.Status {
	case intentNeedsAction:
		row.Status, row.ActionUrl = string(StatusRequiresAction), word.ActionURL
	case intentProcessing, intentNeedsConfirm:
		row.Status = string(StatusUnknown)
	case intentHeld:
		row.Status, row.Authorized, row.Captured, row.Refunded = string(StatusAuthorized), word.Capturable+word.Received, word.Received, word.Refunded
	case intentTaken:
		row.Status, row.Authorized, row.Captured, row.Refunded = string(StatusCaptured), word.Received, word.Received, word.Refunded
		if word.Received > 0 && word.Refunded == word.Received {
			row.Status = string(StatusRefunded)
		}
	case intentCanceled:
		if row.Status != string(StatusFailed) {
			row.Status = string(StatusVoided)
		}
	case intentNeedsMethod:
		row.Status = string(StatusFailed)
		row.Failure, row.DeclineCode = ErrCardDeclined.Reason, word.DeclineCode
	}
	if row.Status != string(StatusFailed) {
		row.Failure, row.DeclineCode = "", ""
	}
	return row
}

// attemptState is how an authorization went, by the provider's word.
func attemptState(word intent) string {
	switch word.Status {
	case intentNeedsAction:
		return attemptNeedsAction
	case intentProcessing, intentNeedsConfirm:
		return attemptUnknown
	case intentHeld, intentTaken:
		return attemptSucceeded
	case intentNeedsMethod:
		return attemptDeclined
	default:
		return attemptFailed
	}
}

// settled reports whether nothing more can come of the payment by itself.
func settled(status string) bool {
	switch PaymentStatus(status) {
	case StatusPending, StatusUnknown, StatusRequiresAction:
		return false
	case StatusAuthorized, StatusCaptured, StatusVoided, StatusRefunded, StatusFailed:
	}
	return true
}

// The kinds of transaction.
const (
	kindUnknown        = "unknown"
	kindActionRequired = "action_required"
	kindMethodChanged  = "method_changed"
	kindAuthorized     = "authorized"
	kindCaptured       = "captured"
	kindReleased       = "released"
	kindVoided         = "voided"
	kindRefunded       = "refunded"
	kindRefundFailed   = "refund_failed"
	kindFailed         = "failed"
)

// eventOf is the event that tells a kind of transaction; "unknown" is no fact
// and has none.
var eventOf = map[string]string{
	kindActionRequired: events.PaymentActionRequired,
	kindMethodChanged:  events.PaymentMethodChanged,
	kindAuthorized:     events.PaymentAuthorized,
	kindCaptured:       events.PaymentReceived,
	kindReleased:       events.PaymentReleased,
	kindVoided:         events.PaymentVoided,
	kindRefunded:       events.PaymentRefunded,
	kindRefundFailed:   events.PaymentRefundFailed,
	kindFailed:         events.PaymentFailed,
}

// step is one change of a payment. Each has its own version, transaction, ledger
// entry and event.
type step struct {
	now     paymentdb.Payment // after it
	kind    string
	amount  int64      // minor units that it is about, 0 when no money moved
	request *uuid.UUID // the capture or refund that made it or came back, nil when it is not known to be one
}

// steps divides what a look has found into changes of one kind each: each of our
// refunds that came back, then what was taken, then the rest. None when nothing
// has changed.
func steps(before, now paymentdb.Payment, told report) []step {
	var all []step
	add := func(kind string, amount int64, request *uuid.UUID, row paymentdb.Payment) {
		all = append(all, step{now: row, kind: kind, amount: amount, request: request})
		before = row
	}
	for _, refund := range told.back {
		came := min(refund.Amount, before.Refunded)
		add(kindRefundFailed, came, &refund.ID, withRefunded(before, before.Refunded-came))
	}
	if now.Captured > before.Captured && now.Refunded != before.Refunded {
		add(kindCaptured, now.Captured-before.Captured, told.made(opCapture), withRefunded(now, before.Refunded))
	}
	if moved(before, now) {
		kind, amount := happened(before, now)
		add(kind, amount, told.made(operationOf[kind]), now)
	}
	return all
}

// operationOf is what was asked of the provider when a kind of transaction names
// the request that made it.
var operationOf = map[string]string{kindCaptured: opCapture, kindRefunded: opRefund}

// withRefunded is a payment of which so much was given back.
func withRefunded(row paymentdb.Payment, refunded int64) paymentdb.Payment {
	if row.Refunded = refunded; row.Status == string(StatusRefunded) && refunded < row.Captured {
		row.Status = string(StatusCaptured)
	}
	return row
}

// happened names the change from one state of a payment to the next, and the
// money it is about.
func happened(before, now paymentdb.Payment) (kind string, amount int64) {
	switch {
	case now.Status == string(StatusPending):
		return kindMethodChanged, 0
	case now.Refunded < before.Refunded:
		return kindRefundFailed, before.Refunded - now.Refunded
	case now.Refunded > before.Refunded:
		return kindRefunded, now.Refunded - before.Refunded
	case now.Captured > before.Captured:
		return kindCaptured, now.Captured - before.Captured
	}
	switch PaymentStatus(now.Status) {
	case StatusRequiresAction:
		return kindActionRequired, 0
	case StatusAuthorized:
		return kindAuthorized, max(0, now.Authorized-before.Authorized)
	case StatusCaptured, StatusRefunded: // no more was taken
		return kindReleased, max(0, before.Authorized-now.Authorized)
	case StatusVoided:
		return kindVoided, before.Authorized
	case StatusFailed:
		return kindFailed, 0
	case StatusPending, StatusUnknown:
	}
	return kindUnknown, 0
}

// moved reports whether a payment changed in what its version counts. A
// provider's id that became known is not enough: it comes with a change.
func moved(before, now paymentdb.Payment) bool {
	return before.Status != now.Status || before.Authorized != now.Authorized || before.Captured != now.Captured ||
		before.Refunded != now.Refunded || before.ActionUrl != now.ActionUrl || before.ProviderPaymentID != now.ProviderPaymentID
}

// posting is one line of a ledger entry.
type posting struct {
	account string
	amount  int64 // minor units: debit positive, credit negative
}

// The accounts; the table ledger_accounts says what is in them.
const (
	accountHolds       = "card_holds"
	accountCommitments = "hold_commitments"
	accountClearing    = "provider_clearing"
	accountOrders      = "customer_orders"
	accountBank        = "bank_account"
	accountRefundsDue  = "refunds_due"
)

// postings books a change. They follow from the amounts before and after, so
// the ledger cannot disagree with the payments. Nil when no money moved.
func postings(before, now paymentdb.Payment) []posting {
	var lines []posting
	held := (now.Authorized - now.Captured) - (before.Authorized - before.Captured)
	if held != 0 {
		lines = append(lines, posting{accountHolds, held}, posting{accountCommitments, -held})
	}
	taken, back := now.Captured-before.Captured, now.Refunded-before.Refunded
	if Provider(now.Provider) == ProviderBankTransfer {
		return append(lines, transferPostings(taken, back)...)
	}
	if taken != back {
		lines = append(lines, posting{accountClearing, taken - back}, posting{accountOrders, back - taken})
	}
	return lines
}

// transferPostings books what came on our bank account, and what is to be sent
// back from it.
func transferPostings(taken, back int64) []posting {
	var lines []posting
	if taken != 0 {
		lines = append(lines, posting{accountBank, taken}, posting{accountOrders, -taken})
	}
	if back != 0 {
		lines = append(lines, posting{accountOrders, back}, posting{accountRefundsDue, -back})
	}
	return lines
}
