package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// ApplyWebhooksInput asks to apply stored webhooks.
type ApplyWebhooksInput struct {
	Limit int `json:"limit"` // at most so many; 0 means 200
}

// AppliedWebhooks counts what became of them.
type AppliedWebhooks struct {
	Done    int `json:"done"`    // applied, known before, or not our business
	Delayed int `json:"delayed"` // to be looked at again
}

// The outcomes of a webhook.
const (
	outcomeKnown     = "known"
	outcomeApplied   = "applied"
	outcomeIgnored   = "ignored"
	outcomeUnmatched = "unmatched"
	outcomeReturned  = "returned"
)

// ApplyWebhooks brings payments up to what stored webhooks tell. Most tell what
// we know; those cost a share of one query. For the others the provider is
// asked how things are, so it does not matter in which order webhooks come, nor
// how often.
func (s *Service) ApplyWebhooks(ctx context.Context, in ApplyWebhooksInput) (AppliedWebhooks, error) {
	if in.Limit <= 0 || in.Limit > 1000 {
		in.Limit = 200
	}
	work, err := s.waitingWebhooks(ctx, in.Limit)
	if err != nil || len(work.rows) == 0 {
		return AppliedWebhooks{}, err
	}
	var ended endings
	for _, row := range work.rows {
		n, err := readNotice(row.Payload)
		if err != nil { // it was readable when it came
			return AppliedWebhooks{}, err
		}
		outcome, err := s.apply(ctx, work, n)
		ended.add(row, outcome, err)
	}
	return ended.write(ctx, s)
}

// webhookWork is a batch of webhooks with the payments they are about.
type webhookWork struct {
	rows     []paymentdb.ListWaitingWebhooksRow
	byOrder  map[uuid.UUID]paymentdb.Payment
	byIntent map[string]paymentdb.Payment
	busy     map[uuid.UUID]bool // somebody waits for the provider's answer about it
}

func (s *Service) waitingWebhooks(ctx context.Context, limit int) (webhookWork, error) {
	work := webhookWork{byOrder: map[uuid.UUID]paymentdb.Payment{}, byIntent: map[string]paymentdb.Payment{}, busy: map[uuid.UUID]bool{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		db := paymentdb.New(conn)
		if work.rows, err = db.ListWaitingWebhooks(ctx, int32(limit)); err != nil || len(work.rows) == 0 { //nolint:gosec // at most 1000
			return err
		}
		orders, intents := []uuid.UUID{}, []string{}
		for _, row := range work.rows {
			if row.OrderID != nil {
				orders = append(orders, *row.OrderID)
			}
			if row.ProviderPaymentID != "" {
				intents = append(intents, row.ProviderPaymentID)
			}
		}
		payments, err := db.ListPaymentsOf(ctx, orders, intents)
		if err != nil {
			return err
		}
		unsettled := []uuid.UUID{}
		for _, p := range payments {
			work.byOrder[p.OrderID] = p
			if p.ProviderPaymentID != "" {
				work.byIntent[p.ProviderPaymentID] = p
			}
			if !settled(p.Status) {
				unsettled = append(unsettled, p.ID)
			}
		}
		if len(unsettled) == 0 {
			return nil
		}
		busy, err := db.ListBusyPayments(ctx, unsettled)
		for _, id := range busy {
			work.busy[id] = true
		}
		return err
	})
	if err != nil {
		return work, fmt.Errorf("read webhooks: %w", err)
	}
	return work, nil
}

// apply does what a webhook asks for and names the outcome. An error says that
// it should be looked at again.
func (s *Service) apply(ctx context.Context, work webhookWork, n notice) (outcome string, err error) {
	if !telling(n) {
		return outcomeIgnored, nil
	}
	row, matched := work.byOrder[n.orderID()]
	if !matched {
		row, matched = work.byIntent[n.intentID()]
	}
	switch {
	case !matched && n.orderID() != uuid.Nil:
		return outcomeUnmatched, nil
	case !matched:
		return outcomeIgnored, errUnmatched
	case work.busy[row.ID]:
		return "", ErrPaymentInProgress
	case Provider(row.Provider) != ProviderCard, row.ProviderPaymentID != "" && row.ProviderPaymentID != n.intentID(),
		n.Object.Object == "payment_intent" && attemptNumber(n.Object.Metadata) < row.WantedAttempt:
		return outcomeReturned, s.stripe.giveBack(ctx, row, intent{ID: n.intentID()})
	case known(row, n):
		return outcomeKnown, nil
	}
	return outcomeApplied, s.learn(ctx, row.OrderID, n.intentID())
}

// errUnmatched: a charge or refund whose payment is not known by its provider's
// id. It may come to be; otherwise it was never ours.
var errUnmatched = errors.New("no payment has this intent")

// learn takes the provider's present word about a payment, and gives the money
// back when the order does not want it.
func (s *Service) learn(ctx context.Context, orderID uuid.UUID, intentID string) error {
	row, err := s.byOrder(ctx, orderID)
	if err != nil {
		return err
	}
	leave, err := s.of(row).enter()
	if err != nil {
		return err
	}
	defer leave()
	row, attempt, err := s.take(ctx, row.ID)
	if err != nil {
		return err
	}
	if attempt != nil && attempt.Operation != opAuthorize {
		row, err = s.resume(ctx, row, *attempt)
	} else if word, problem := s.of(row).truth(ctx, intentID); problem != nil {
		err = s.lost(ctx, row, attempt, problem)
	} else {
		row, err = s.settle(ctx, row, word)
	}
	if err == nil && row.VoidedAt != nil {
		_, err = s.undo(ctx, row)
	}
	return err
}

// tellingTypes are the types of webhook that can tell something about a payment.
var tellingTypes = []string{
	"payment_intent.succeeded", "payment_intent.amount_capturable_updated", "payment_intent.requires_action",
	"payment_intent.payment_failed", "payment_intent.canceled", "charge.refunded",
	"refund.failed", "refund.updated", "charge.refund.updated",
}

// telling reports whether a webhook can tell something about a payment of ours.
func telling(n notice) bool {
	switch {
	case !slices.Contains(tellingTypes, n.Type), n.intentID() == "":
		return false
	case n.Object.Object == "payment_intent":
		return n.orderID() != uuid.Nil // each of ours names its order; a fence has none
	case n.Object.Object == "refund":
		return n.Object.Status != "pending" // which shows on the charge
	}
	return true
}

// known reports whether a webhook tells nothing new.
func known(row paymentdb.Payment, n notice) bool {
	status := PaymentStatus(row.Status)
	switch n.Type {
	case "payment_intent.succeeded":
		return status == StatusCaptured || status == StatusRefunded
	case "payment_intent.amount_capturable_updated":
		return status == StatusCaptured || status == StatusRefunded ||
			status == StatusAuthorized && row.Captured >= fromWire(n.Object.AmountReceived, row.Currency)
	case "payment_intent.payment_failed":
		return settled(row.Status)
	case "payment_intent.requires_action":
		return status != StatusPending && status != StatusUnknown
	case "payment_intent.canceled":
		return status == StatusVoided || status == StatusFailed
	case "charge.refunded":
		refunded := n.Object.AmountRefunded
		if status != StatusAuthorized { // what captures have let go counts as refunded on a charge
			refunded -= n.Object.Amount - n.Object.AmountCaptured
		}
		return row.Refunded == fromWire(refunded, row.Currency)
	}
	return false
}

// endings collects what became of a batch.
type endings struct {
	done     []string
	outcomes []string
	again    []string
	seconds  []int32
	failed   []int32
}

// maxUnmatched is how often a webhook without a payment is looked at.
const maxUnmatched = 4

func (e *endings) add(row paymentdb.ListWaitingWebhooksRow, outcome string, err error) {
	if errors.Is(err, errUnmatched) && row.Tries >= maxUnmatched {
		err = nil
	}
	switch {
	case err == nil:
		e.done, e.outcomes = append(e.done, row.ID), append(e.outcomes, outcome)
	case errors.Is(err, ErrPaymentInProgress):
		e.again, e.seconds, e.failed = append(e.again, row.ID), append(e.seconds, 2), append(e.failed, 0)
	default: // 2, 4, 8 … 512 s
		e.again, e.seconds, e.failed = append(e.again, row.ID), append(e.seconds, 2<<min(row.Tries, 8)), append(e.failed, 1)
	}
}

func (e *endings) write(ctx context.Context, s *Service) (AppliedWebhooks, error) {
	b := &batch{}
	db := paymentdb.New(b)
	err := errors.Join(db.FinishWebhooks(ctx, e.done, e.outcomes), db.DelayWebhooks(ctx, e.again, e.seconds, e.failed))
	if err == nil {
		err = b.send(ctx, s.pool)
	}
	if err != nil {
		return AppliedWebhooks{}, fmt.Errorf("finish webhooks: %w", err)
	}
	return AppliedWebhooks{Done: len(e.done), Delayed: len(e.again)}, nil
}
