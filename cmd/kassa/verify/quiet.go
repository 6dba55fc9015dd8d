package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// commotion is what a quiet system has none of: one query per database and
// kind, each counting.
var commotion = []struct{ database, what, count string }{
	{orders, "orders under way", `SELECT count(*) FROM orders WHERE status = 'pending' OR (cancel_requested_at IS NOT NULL AND closed_at IS NULL)`},
	{orders, "shipments and refunds under way", `
		SELECT (SELECT count(*) FROM shipments WHERE status = 'preparing') + (SELECT count(*) FROM refunds WHERE status = 'requested')
		     + (SELECT count(*) FROM returns WHERE status = 'received')`},
	{payments, "payments in doubt", `
		SELECT (SELECT count(*) FROM payments WHERE status IN ('pending', 'unknown') OR (voided_at IS NOT NULL AND status IN ('requires_action', 'authorized', 'captured')))
		     + (SELECT count(*) FROM attempts WHERE state IN ('in_progress', 'unknown'))`},
	{payments, "webhooks to apply", `SELECT count(*) FROM webhooks WHERE applied_at IS NULL`},
	{payments, "ledger entries to seal", `SELECT count(*) FROM ledger_entries WHERE sequence IS NULL`},
	{notifications, "messages to send", `SELECT count(*) FROM messages WHERE status = 'pending' AND attempts = 0`},
	{orders, "events of orders to publish", eventsWaiting},
	{payments, "events of payments to publish", eventsWaiting},
	{inventory, "events of inventory to publish", eventsWaiting},
	{carts, "events of carts to publish", eventsWaiting},
	{products, "events of products to publish", eventsWaiting},
	{users, "events of users to publish", eventsWaiting},
}

const eventsWaiting = `SELECT count(*) FROM outbox WHERE published_at IS NULL`

const (
	askEvery  = 500 * time.Millisecond
	tellEvery = 5 * time.Second
)

// settle waits until nothing is under way any more, or for as long as it may,
// and answers what still is.
func (v *verifier) settle(ctx context.Context) ([]string, error) {
	deadline := time.Now().Add(v.Settle)
	told := time.Now()
	for {
		busy, err := v.busy(ctx)
		if err != nil || len(busy) == 0 || time.Now().After(deadline) {
			return busy, err
		}
		if time.Since(told) > tellEvery {
			v.Progress("waiting until the system is quiet: " + strings.Join(busy, ", "))
			told = time.Now()
		}
		select {
		case <-ctx.Done():
			return busy, ctx.Err()
		case <-time.After(askEvery):
		}
	}
}

// busy says what is under way. An order that waits for its customer is not.
func (v *verifier) busy(ctx context.Context) ([]string, error) {
	l := v.begin()
	defer l.close()
	for _, database := range opening {
		if err := l.open(ctx, database); err != nil {
			return nil, err
		}
	}
	var busy []string
	for _, c := range commotion {
		count, err := rows[struct{ N int }](ctx, l, c.database, c.count)
		if err != nil {
			return nil, err
		}
		if count[0].N > 0 {
			busy = append(busy, fmt.Sprintf("%s: %d", c.what, count[0].N))
		}
	}
	if len(busy) > 0 {
		return busy, nil
	}
	_, unapplied, err := appliedOnce(ctx, l)
	if err != nil {
		return nil, err
	}
	perConsumer := map[string]int{}
	for _, f := range unapplied {
		name, _, _ := strings.Cut(f.Key, " ")
		perConsumer[name]++
	}
	for name, n := range perConsumer {
		busy = append(busy, fmt.Sprintf("events for %s to apply: %d", name, n))
	}
	slices.Sort(busy)
	if len(busy) > 0 {
		return busy, nil
	}
	if busy, err = v.unheard(ctx, l); err != nil || len(busy) > 0 || v.sagas == nil {
		return busy, err
	}
	return v.openSagas(ctx, l)
}

// unheard says how many customers have satisfied their bank without our knowing:
// the provider's webhook got lost, and Reconcile has still to ask.
func (v *verifier) unheard(ctx context.Context, l *look) ([]string, error) {
	if v.Provider == "" {
		return nil, nil
	}
	waiting, err := rows[struct{ ID string }](ctx, l, payments, `SELECT provider_payment_id AS id FROM payments WHERE status = 'requires_action' AND provider = 'card'`)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	books, err := v.books(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the provider: %w", err)
	}
	forCustomers := by(waiting, func(w struct{ ID string }) string { return w.ID })
	n := 0
	for _, in := range books {
		if _, waits := forCustomers[in.ID]; waits && amountsOf(in) != (amounts{}) {
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("customers' payments to hear of: %d", n)}, nil
}

// openSagas says how many sagas run that do not wait for a customer, an operator
// or a parcel: the
// cancellation of an order looks only every 30 s whether the order is closed.
func (v *verifier) openSagas(ctx context.Context, l *look) ([]string, error) {
	open, err := v.sagas.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the open sagas: %w", err)
	}
	waiting, err := rows[struct{ ID string }](ctx, l, orders, `
		SELECT 'checkout/' || id FROM orders WHERE status IN ('awaiting_payment', 'in_review', 'held')
		UNION ALL
		SELECT 'fulfil/' || id FROM shipments WHERE status = 'shipped'
		UNION ALL
		SELECT 'return/' || id FROM returns WHERE status IN ('requested', 'approved')
		UNION ALL
		SELECT DISTINCT 'erase/' || user_id FROM orders WHERE closed_at IS NULL`)
	if err != nil {
		return nil, err
	}
	forCustomers := by(waiting, func(w struct{ ID string }) string { return w.ID })
	open = slices.DeleteFunc(open, func(e Execution) bool { _, waits := forCustomers[e.ID]; return waits })
	if len(open) == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("sagas to end: %d", len(open))}, nil
}
