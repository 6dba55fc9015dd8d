package payment

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/sql/paymentdb"
)

// AuthorizePayment asks for an order's money: it is held, or taken at once when
// in.Capture is automatic. It may be called as often as one likes and charges
// once. A bank that wants the customer is an answer, not a failure; a bank that
// says no is ErrCardDeclined, again at every repeat. ErrProviderUnavailable
// means that nobody knows yet: call again, and the same key is sent again.
//
// Two transactions: the attempt is written down before the provider is asked,
// the answer after, and neither is open meanwhile.
func (s *Service) AuthorizePayment(ctx context.Context, in AuthorizePaymentInput) (Payment, error) {
	if err := s.checkAuthorization(in); err != nil {
		return Payment{}, err
	}
	leave, err := s.by(chosen(in.PaymentMethod)).enter()
	if err != nil {
		return Payment{}, err
	}
	defer leave()
	row, attempt, err := s.claim(ctx, in)
	if err != nil {
		return Payment{}, err
	}
	switch {
	case attempt == nil && row.Status == string(StatusUnknown):
		row, err = s.observe(ctx, row, nil) // it is being processed
	case attempt == nil: // it is answered already
	case attempt.Sends == 1:
		row, err = s.authorize(ctx, row, *attempt)
	default:
		row, err = s.authorizeAgain(ctx, row, *attempt)
	}
	if err != nil {
		return Payment{}, err
	}
	return s.authorized(row)
}

// authorized is what AuthorizePayment answers about a payment.
func (s *Service) authorized(row paymentdb.Payment) (Payment, error) {
	switch status := PaymentStatus(row.Status); {
	case status == StatusFailed:
		return Payment{}, refusal(row)
	case row.VoidedAt != nil, status == StatusVoided:
		return Payment{}, ErrPaymentVoided
	case status == StatusPending, status == StatusUnknown:
		return Payment{}, ErrProviderUnavailable.Because(fmt.Errorf("payment %s is %s", row.ID, row.Status))
	}
	return s.payment(row), nil
}

// claim writes the payment and its first attempt down. When the order has a
// payment already, it answers that one, with the attempt to repeat or with nil
// when there is none to repeat.
func (s *Service) claim(ctx context.Context, in AuthorizePaymentInput) (paymentdb.Payment, *paymentdb.Attempt, error) {
	at := instant()
	row := paymentdb.Payment{
		ID: id.New(), OrderID: in.OrderID, UserID: &in.UserID, Amount: in.Amount.Amount, Currency: in.Amount.Currency,
		Capture: string(in.Capture), Provider: string(chosen(in.PaymentMethod)), WantedAttempt: 1,
		Status: string(StatusPending), Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	attempt := paymentdb.Attempt{
		Key: in.OrderID.String() + ":" + opAuthorize + ":1", PaymentID: row.ID, Operation: opAuthorize, N: 1,
		Amount: row.Amount, PaymentMethod: in.PaymentMethod, Faults: in.Faults, Sends: 1,
	}
	claimed, err := read(ctx, s, func(db *paymentdb.Queries) (int64, error) {
		return db.ClaimPayment(ctx, paymentdb.ClaimPaymentParams{
			ID: row.ID, OrderID: row.OrderID, UserID: in.UserID, Amount: row.Amount, Currency: row.Currency, Capture: row.Capture, Provider: row.Provider,
			CreatedAt: at, Key: attempt.Key, PaymentMethod: attempt.PaymentMethod, Faults: attempt.Faults,
		})
	})
	if err != nil {
		return row, nil, fmt.Errorf("claim payment of order %s: %w", in.OrderID, err)
	}
	if claimed == 1 {
		return row, &attempt, nil
	}
	return s.reclaim(ctx, in)
}

func (s *Service) reclaim(ctx context.Context, in AuthorizePaymentInput) (paymentdb.Payment, *paymentdb.Attempt, error) {
	row, err := s.byOrder(ctx, in.OrderID)
	if err != nil {
		return row, nil, err
	}
	if row.UserID != nil && (*row.UserID != in.UserID || row.Amount != in.Amount.Amount ||
		row.Currency != in.Amount.Currency || row.Capture != string(in.Capture)) {
		return row, nil, ErrPaymentDiffers
	}
	if row.VoidedAt != nil || settled(row.Status) || row.Status == string(StatusRequiresAction) {
		return row, nil, nil
	}
	row, attempt, err := s.take(ctx, row.ID)
	if err == nil && attempt != nil && row.VoidedAt != nil { // just now: the rest is up to VoidPayment
		return row, nil, errors.Join(ErrPaymentVoided, s.lost(ctx, row, attempt, ErrPaymentVoided))
	}
	return row, attempt, err
}

// authorize sends an authorization and records what comes of it.
func (s *Service) authorize(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (paymentdb.Payment, error) {
	word, err := s.of(row).authorize(ctx, row, attempt)
	if err == nil && word.replayed { // it tells how things were; ask how they are
		word, err = s.of(row).retrieve(ctx, word.ID)
	}
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return s.refuse(ctx, row, refused)
	case err != nil:
		return row, s.lost(ctx, row, &attempt, err)
	}
	return s.settle(ctx, row, word)
}

// maxKeys bounds how often a request that certainly came to nothing is tried
// under a new key.
const maxKeys = 3

// authorizeAgain finds out what came of an authorization whose answer is not
// known, and sends it again, with the same key, when nothing is known to have.
func (s *Service) authorizeAgain(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (paymentdb.Payment, error) {
	word, err := s.of(row).find(ctx, row)
	if err != nil {
		return row, s.lost(ctx, row, &attempt, err)
	}
	if word != nil {
		return s.settle(ctx, row, *word)
	}
	answered, err := s.authorize(ctx, row, attempt)
	if !errors.Is(err, errReplayed) || attempt.N >= maxKeys {
		return answered, err
	}
	// The provider has kept an outage for this key. When it did nothing before,
	// the key is worthless and the next one may be used.
	if row, err = s.byID(ctx, row.ID); err != nil {
		return row, err
	}
	word, err = s.of(row).trace(ctx, row, attempt)
	if err != nil {
		return row, s.lost(ctx, row, &attempt, err)
	}
	if word != nil {
		return s.settle(ctx, row, *word)
	}
	next, err := s.again(ctx, row, attempt)
	if err != nil {
		return row, err
	}
	return s.authorize(ctx, row, next)
}

// refuse records a request that the provider will never grant.
func (s *Service) refuse(ctx context.Context, row paymentdb.Payment, refused *refusedError) (paymentdb.Payment, error) {
	failed := row
	failed.Status, failed.Failure = string(StatusFailed), ErrPaymentMethodUnknown.Reason
	switch refused.code {
	case codeAmount, "amount_too_small", "amount_too_large":
		failed.Failure = ErrAmountRefused.Reason
	}
	row, err := s.record(ctx, row, failed, ended(ending{state: attemptFailed, problem: refused.code + " " + refused.param}))
	if errors.Is(err, errMoved) {
		return row, ErrPaymentInProgress.Because(err)
	}
	return row, err
}

// checkAuthorization refuses what could never be authorized.
func (s *Service) checkAuthorization(in AuthorizePaymentInput) error {
	_, unknown := money.Exponent(in.Amount.Currency)
	switch {
	case unknown != nil, in.Amount.Amount <= 0, !token(in.PaymentMethod),
		in.Capture != CaptureAutomatic && in.Capture != CaptureManual, in.Faults != "" && !s.options.AllowFaults,
		in.OrderID == uuid.Nil, in.UserID == uuid.Nil:
		return ErrPaymentInvalid
	}
	return s.offered(in.PaymentMethod)
}

// token reports whether a payment method can be a provider's token: 1 to 255
// visible ASCII characters.
func token(method string) bool {
	visible := func(r rune) bool { return r > ' ' && r <= '~' }
	return method != "" && len(method) <= 255 && strings.IndexFunc(method, func(r rune) bool { return !visible(r) }) < 0
}
