package shopper

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kassa/internal/id"
)

// Insist checks out until there is a definite answer, as a good client does: a
// broken connection, a 5xx, "too many requests" and an order that still runs
// are asked about again, with the same key. An order that waits for the customer
// is definite. It fails when ctx ends first, and when the shop names two orders
// for the one key.
func (c *Customer) Insist(ctx context.Context, wish Wish) (Answer, error) {
	if wish.Key == "" {
		wish.Key = id.New().String()
	}
	known := uuid.Nil
	for tries, pause := 1, 50*time.Millisecond; ; tries, pause = tries+1, min(2*pause, time.Second) {
		answer, err := c.Buy(ctx, wish)
		answer.Tries = tries
		if orderID := answer.OrderID(); orderID != uuid.Nil {
			if known != uuid.Nil && known != orderID {
				return answer, fmt.Errorf("key %s has led to two orders: %s and %s", wish.Key, known, orderID)
			}
			known = orderID
		}
		if err == nil && answer.Definite() {
			return answer, nil
		}
		select {
		case <-ctx.Done():
			return answer, fmt.Errorf("no definite answer for key %s after %d tries, the last was %d: %w", wish.Key, tries, answer.Status, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// Definite reports whether asking again would change nothing.
func (a Answer) Definite() bool {
	switch {
	case a.Order != nil:
		return a.Status == http.StatusCreated || a.Order.Status == "awaiting_payment"
	case a.Problem != nil:
		return !a.Problem.Retryable
	default:
		return false
	}
}

// OrderID is the order that the answer is about; the zero UUID when it names none.
func (a Answer) OrderID() uuid.UUID {
	if a.Order != nil {
		return a.Order.Id
	}
	if a.Problem == nil {
		return uuid.Nil
	}
	text, _ := a.Problem.AdditionalProperties["order_id"].(string)
	orderID, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil
	}
	return orderID
}
