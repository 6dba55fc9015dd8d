package payment

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/stripe/stripe-go/v86"
)

// errKeyUsed says that the idempotency key belongs to another request.
var errKeyUsed = errors.New("the idempotency key was used for another request")

// errReplayed marks an outage that the provider has kept for the key: the
// request is over, and sending it again will not tell how it ended.
var errReplayed = errors.New("kept for the key")

// refusedError is the provider's definite no to a request, which changed nothing.
type refusedError struct {
	code  string // the provider's error code, or its status when there is none
	param string // the parameter it is about, "" for none
	cause error
}

func (e *refusedError) Error() string { return "the provider refuses: " + e.cause.Error() }
func (e *refusedError) Unwrap() error { return e.cause }

// classify sorts what went wrong: errKeyUsed and *refusedError are definite and
// nothing has changed; after ErrProviderUnavailable nobody knows.
func classify(err error) error {
	var e *stripe.Error
	if !errors.As(err, &e) {
		return ErrProviderUnavailable.Because(err)
	}
	// Its own text may quote the request, and with it what is not for logs.
	cause := fmt.Errorf("%s %d %s %s (request %s)", e.Type, e.HTTPStatusCode, e.Code, e.Param, e.RequestID)
	switch status := e.HTTPStatusCode; {
	case status >= http.StatusInternalServerError && replayed(e.LastResponse):
		return ErrProviderUnavailable.Because(errors.Join(errReplayed, cause))
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests, status == http.StatusConflict,
		status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ErrProviderUnavailable.Because(cause)
	case e.Type == stripe.ErrorTypeIdempotency:
		return errors.Join(errKeyUsed, cause)
	}
	code := string(e.Code)
	if code == "" {
		code = http.StatusText(e.HTTPStatusCode)
	}
	return &refusedError{code: code, param: e.Param, cause: cause}
}

// unanswered is why a question about payments has no answer. A question that is
// refused has told nothing about them, so that is no definite no.
func unanswered(err error) error {
	var refused *refusedError
	if errors.As(err, &refused) {
		return ErrProviderUnavailable.Because(refused.cause)
	}
	return err
}

// replayed reports whether an answer was kept for its idempotency key.
func replayed(response *stripe.APIResponse) bool {
	return response != nil && response.Header.Get("Idempotent-Replayed") == "true"
}

// readIntent reads what we need of an intent.
func readIntent(pi *stripe.PaymentIntent) (intent, error) {
	currency := strings.ToUpper(string(pi.Currency))
	word := intent{
		ID: pi.ID, Status: string(pi.Status), Currency: currency,
		OrderID: pi.Metadata["order_id"], PaymentID: pi.Metadata["payment_id"], CaptureID: pi.Metadata["capture_id"],
		Attempt:  attemptNumber(pi.Metadata),
		replayed: replayed(pi.LastResponse),
	}
	if pi.LastPaymentError != nil {
		word.DeclineCode = declineCode(pi.LastPaymentError)
	}
	if next := pi.NextAction; next != nil && next.RedirectToURL != nil {
		word.ActionURL = next.RedirectToURL.URL
	}
	refunded := int64(0)
	if charge := pi.LatestCharge; charge != nil && charge.AmountCaptured > 0 {
		refunded = charge.AmountRefunded
		if pi.AmountCapturable == 0 { // what captures have let go counts as refunded on a charge
			refunded -= charge.Amount - charge.AmountCaptured
		}
	}
	for _, amount := range []struct {
		ours *int64
		wire int64
	}{{&word.Capturable, pi.AmountCapturable}, {&word.Received, pi.AmountReceived}, {&word.Refunded, refunded}} {
		*amount.ours = fromWire(amount.wire, currency)
	}
	if word.ID == "" || word.Status == "" {
		return intent{}, ErrProviderUnavailable.Because(errors.New("the provider's answer is no payment intent"))
	}
	return word, nil
}

// attemptNumber reads the number of an authorization, which the first one does
// not carry.
func attemptNumber(metadata map[string]string) int32 {
	n, err := strconv.ParseInt(metadata["attempt"], 10, 32)
	if err != nil {
		return 1
	}
	return int32(n)
}

// readRefund reads what we need of a refund.
func readRefund(r *stripe.Refund) refundWord {
	return refundWord{ID: r.ID, RefundID: r.Metadata["refund_id"], Status: refundStatus(r.Status)}
}

// refundStatus is what the provider says of a refund, in our words.
func refundStatus(status stripe.RefundStatus) string {
	switch status {
	case stripe.RefundStatusSucceeded:
		return string(RefundSucceeded)
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		return string(refundFailed)
	case stripe.RefundStatusPending, stripe.RefundStatusRequiresAction:
	}
	return string(RefundPending)
}

// declineCode is the bank's reason, or the provider's word for it.
func declineCode(e *stripe.Error) string {
	if e.DeclineCode != "" {
		return string(e.DeclineCode)
	}
	return string(e.Code)
}

// The provider writes most amounts as we do: in the currency's minor units.
// Source: https://docs.stripe.com/currencies#special-cases
const (
	// kronaPerUnit: ISK has no decimals but is written as if it had two.
	kronaPerUnit = 100
	// lastDigit: amounts with three decimals must end in 0.
	lastDigit = 10
)

// toWire is an amount as the provider wants it. The amounts it cannot take are
// refused.
func toWire(amount int64, currency string) (int64, error) {
	switch currency {
	case "ISK":
		if amount > math.MaxInt64/kronaPerUnit {
			return 0, &refusedError{code: codeAmount, param: "amount", cause: errors.New("too large to be written")}
		}
		return amount * kronaPerUnit, nil
	case "BHD", "JOD", "KWD", "OMR", "TND":
		if amount%lastDigit != 0 {
			return 0, &refusedError{code: codeAmount, param: "amount", cause: errors.New("three decimals, and the last is not 0")}
		}
	}
	return amount, nil
}

// codeAmount stands for an amount that we know the provider refuses.
const codeAmount = "invalid_charge_amount"

func fromWire(amount int64, currency string) int64 {
	if currency == "ISK" {
		return amount / kronaPerUnit
	}
	return amount
}
