package payment

import (
	"context"
	"fmt"

	"kassa/sql/paymentdb"
)

// provider moves the money of payments in one way. Stripe does it with cards,
// Bank with transfers to our own account. Its word alone decides how a payment
// is; what it has taken in, it does not do twice for the same attempt's key.
type provider interface {
	// enter takes one of the places for its callers, or refuses at once. Call
	// leave when done.
	enter() (leave func(), err error)
	// authorize asks for the money. A no of the customer's bank is a word.
	authorize(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (intent, error)
	// perform does a capture, a refund or a void, and answers how the payment is
	// afterwards and the provider's id of what was done.
	perform(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (word intent, providerID string, err error)
	// retrieve answers how an intent is.
	retrieve(ctx context.Context, intentID string) (intent, error)
	// truth is retrieve with the refunds, of the same moment.
	truth(ctx context.Context, intentID string) (intent, error)
	// find looks for what it has of a payment: nil when it seems to have nothing.
	find(ctx context.Context, row paymentdb.Payment) (*intent, error)
	// trace is find without the doubt, for one attempt, and may be slow.
	trace(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (*intent, error)
	// fence makes an authorization that was not found impossible: nil says that
	// nothing will ever come of it. Otherwise it has arrived, and this is it.
	fence(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (*intent, error)
	// giveBack undoes an intent that is not, or not any more, the payment's own.
	giveBack(ctx context.Context, row paymentdb.Payment, stray intent) error
}

// of is the provider of a payment.
func (s *Service) of(row paymentdb.Payment) provider { return s.by(Provider(row.Provider)) }

func (s *Service) by(p Provider) provider {
	if p == ProviderBankTransfer {
		return s.bank
	}
	return s.stripe
}

// methodBankTransfer is the payment method of bank transfers; every other one is
// a token of a card.
const methodBankTransfer = "bank_transfer"

// chosen is who takes a payment method.
func chosen(method string) Provider {
	if method == methodBankTransfer {
		return ProviderBankTransfer
	}
	return ProviderCard
}

// offered refuses a payment method whose provider is not configured.
func (s *Service) offered(method string) error {
	for _, p := range s.options.Providers {
		if p == chosen(method) {
			return nil
		}
	}
	if len(s.options.Providers) == 0 {
		return nil
	}
	return ErrPaymentMethodUnknown.Because(fmt.Errorf("%s is not configured", chosen(method)))
}

// superseded reports whether a word is about an intent that is not the payment's
// own any more, because its customer has chosen another method since.
func superseded(row paymentdb.Payment, word intent) bool { return word.Attempt < row.WantedAttempt }
