package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v86"
)

// search looks intents up by their order. It is quick, but it may not yet see
// one that was made within the last minute.
func (s *Stripe) search(ctx context.Context, orderID uuid.UUID) ([]intent, error) {
	params := &stripe.PaymentIntentSearchParams{}
	params.Query = fmt.Sprintf("metadata[%q]:%q", "order_id", orderID)
	params.Limit = stripe.Int64(10)
	params.Single = true
	params.AddExpand("data.latest_charge")
	var found []intent
	err := s.measure(ctx, "search", func(ctx context.Context) error {
		for each, err := range s.client.V1PaymentIntents.Search(ctx, params).All(ctx) {
			if err != nil {
				return classify(err)
			}
			one, err := readIntent(each)
			if err != nil {
				return err
			}
			found = append(found, one)
		}
		return nil
	})
	return found, unanswered(err)
}

// clockSkew is how far our clock and the provider's may be apart, with the time
// that a request may be under way.
const clockSkew = time.Minute

// scanMost bounds a scan, in intents.
const scanMost = 5000

// scan goes through all intents made in a time for those of an order. It is
// slow and sees everything: no intent means that there is none. It fails when
// there are too many to go through.
func (s *Stripe) scan(ctx context.Context, orderID uuid.UUID, from, until time.Time) ([]intent, error) {
	params := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{
		GreaterThanOrEqual: from.Add(-clockSkew).Unix(),
		LesserThanOrEqual:  until.Add(clockSkew).Unix(),
	}}
	params.Limit = stripe.Int64(100)
	params.AddExpand("data.latest_charge")
	wanted, seen := orderID.String(), 0
	var found []intent
	err := s.measure(ctx, "scan", func(ctx context.Context) error {
		for each, err := range s.client.V1PaymentIntents.List(ctx, params).All(ctx) {
			if err != nil {
				return classify(err)
			}
			if seen++; seen > scanMost {
				return ErrProviderUnavailable.Because(fmt.Errorf("more than %d intents from %s to %s", scanMost, from, until))
			}
			if each.Metadata["order_id"] != wanted {
				continue
			}
			one, err := readIntent(each)
			if err != nil {
				return err
			}
			found = append(found, one)
		}
		return nil
	})
	return found, unanswered(err)
}

// refundsMost bounds the refunds of one payment that are looked at.
const refundsMost = 1000

// refunds lists what was given back of an intent, newest first.
func (s *Stripe) refunds(ctx context.Context, intentID string) ([]refundWord, error) {
	params := &stripe.RefundListParams{PaymentIntent: stripe.String(intentID)}
	params.Limit = stripe.Int64(100)
	found := []refundWord{}
	err := s.measure(ctx, "list refunds", func(ctx context.Context) error {
		for each, err := range s.client.V1Refunds.List(ctx, params).All(ctx) {
			if err != nil {
				return classify(err)
			}
			if found = append(found, readRefund(each)); len(found) > refundsMost {
				return ErrProviderUnavailable.Because(fmt.Errorf("more than %d refunds of %s", refundsMost, intentID))
			}
		}
		return nil
	})
	return found, unanswered(err)
}
