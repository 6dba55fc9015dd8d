package verify

import "context"

// check looks for violations. It answers how many rows it has looked at.
type check func(ctx context.Context, l *look) (rows int, found []Finding, err error)

// invariant is something that must always be so.
type invariant struct {
	id    string
	name  string
	needs need
	check check
}

// need is a witness beside the databases, without whom an invariant is not checked.
type need int

const (
	theSagas need = 1 << iota
	theProvider
	theBroker
)

// lacks names the witnesses that are missing.
func (i invariant) lacks(v *verifier) []string {
	var missing []string
	if i.needs&theSagas != 0 && v.sagas == nil {
		missing = append(missing, "Temporal to ask")
	}
	if i.needs&theProvider != 0 && v.Provider == "" {
		missing = append(missing, "sandbox provider to ask")
	}
	if i.needs&theBroker != 0 && v.NATS == "" {
		missing = append(missing, "broker to ask")
	}
	return missing
}

// invariants is what is checked, in the order of the report. A query answers
// the violations: what each is about, and what is wrong.
var invariants = []invariant{
	{id: "I1", name: "0 ≤ reserved ≤ on hand", check: query(inventory, "stock", stockInBounds)},
	{id: "I2", name: "reserved = what live reservations add up to", check: query(inventory, "stock", stockReserved)},
	{id: "I3", name: "on hand = what movements add up to; sold = shipped", check: all(
		query(inventory, "stock", stockMoved), query(inventory, "movements", stockPassed), query(inventory, "reservations", reservationsShipped))},
	{id: "I4", name: "no live reservation of a closed order, none without an order", check: reservationsWanted},
	{id: "I5", name: "confirmed order ⇔ reservation of the same variants and quantities", check: reservationsMatch},

	{id: "O1", name: "only legal transitions; the row is the fold of its events; no gaps", check: all(
		query(orders, "orders", orderVersions), query(orders, "order_events", orderTransitions), query(orders, "orders", orderFold), query(orders, "order_lines", orderLines), query(orders, "orders", orderGoods))},
	{id: "O2", name: "confirmed order ⇒ one payment of its total, authorized or captured; nothing kept for what never left", check: all(confirmedPaid, failedShipmentsRefunded)},
	{id: "O3", name: "closed order ⇒ nothing taken, nothing held", check: closedUnpaid},
	{id: "O4", name: "lines, discount, shipping and tax make the total", check: query(orders, "orders", orderArithmetic)},
	{id: "O5", name: "nothing pending beyond its deadline without an open saga", needs: theSagas, check: pendingOwned},
	{id: "O6", name: "one order per idempotency key and per cart version", check: query(orders, "orders", orderKeys)},
	{id: "O7", name: "every coupon within its limits and equal to the orders that carry it", check: all(
		query(carts, "coupons", couponUses), query(carts, "coupon_customers", customerUses), couponsCarried)},

	{id: "P1", name: "one charge per order; keys of attempts are unique", check: all(
		query(payments, "attempts", attemptKeys), query(payments, "payments", attemptsSucceeded), chargedOnce)},
	{id: "P2", name: "0 ≤ refunded ≤ captured ≤ authorized; the history, captures and refunds agree", check: all(
		query(payments, "payments", paymentAmounts), query(payments, "transactions", paymentHistory), query(payments, "refunds", paymentRequests))},
	{id: "P3", name: "nothing in doubt beyond its deadline", check: query(payments, "payments", paymentsInDoubt)},
	{id: "P4", name: "we and the provider agree, both ways", needs: theProvider, check: all(ourMoneyIsTheirs, theirMoneyIsOurs, query(payments, "bank_transfers", transfersAgree))},
	{id: "P5", name: "webhooks are unique and applied", check: query(payments, "webhooks", webhooksApplied)},

	{id: "L1", name: "every ledger entry sums to 0 per currency, so the ledger does", check: query(payments, "ledger_entries", entriesBalance)},
	{id: "L2", name: "balances = what postings add up to; ledger = payments", check: all(
		query(payments, "ledger_balances", ledgerBalances), query(payments, "payments", ledgerOfPayments))},
	{id: "L3", name: "ledger sequence without gaps, hash chain intact", check: all(
		chainIntact, query(payments, "ledger_entries", entriesSealed))},

	{id: "E1", name: "events are published in time", check: everywhere("outbox", eventsPublished)},
	{id: "E2", name: "every published event is applied once by each subscriber", check: appliedOnce},
	{id: "E3", name: "no state change without its event, no event without its change", check: all(
		query(orders, "order_events", orderEventsTold), query(payments, "transactions", paymentEventsTold),
		query(inventory, "reservations", reservationEventsTold), query(inventory, "stock", stockEventsTold),
		query(carts, "carts", abandonedCartsTold),
		query(products, "products", productEventsTold), query(users, "users", userEventsTold),
		query(users, "sessions", withdrawalsTold), query(users, "mail_requests", mailsTold))},
	{id: "E4", name: "one message per event, channel and person", check: all(
		query(notifications, "messages", messagesOnce), query(notifications, "inbox", eventsToldToPeople()),
		query(notifications, "messages", messagesHaveEvents), query(notifications, "messages", messagesTried))},
	{id: "E5", name: "no event was given up and left lying", needs: theBroker, check: deadLettersTriaged},

	{id: "W1", name: "one saga per order; ended saga ⇔ settled order", needs: theSagas, check: sagasMatch},
	{id: "W2", name: "no saga is stuck in a failing workflow task", needs: theSagas, check: sagasRun},

	{id: "U1", name: "at most one live refresh token per session", check: query(users, "sessions", liveTokens)},
	{id: "U2", name: "no account's e-mail address in an event", check: addressesInEvents},
	{id: "U3", name: "nothing personal is left of an erased account", check: query(users, "users", erasedEmpty)},
	{id: "U4", name: "no erasure goes on for more than an hour", check: query(users, "users", erasuresOver)},
}

// query checks by a query in one database. counted is the table whose rows it
// looks at.
func query(database, counted, violations string) check {
	return func(ctx context.Context, l *look) (int, []Finding, error) {
		count, err := rows[struct{ N int }](ctx, l, database, "SELECT count(*) FROM "+counted)
		if err != nil {
			return 0, nil, err
		}
		found, err := rows[Finding](ctx, l, database, violations)
		return count[0].N, found, err
	}
}

// everywhere checks by the same query in every database.
func everywhere(counted, violations string) check {
	checks := make([]check, len(opening))
	for i, database := range opening {
		checks[i] = query(database, counted, violations)
	}
	return all(checks...)
}

// all is several checks of one invariant.
func all(checks ...check) check {
	return func(ctx context.Context, l *look) (total int, found []Finding, err error) {
		for _, each := range checks {
			n, more, err := each(ctx, l)
			if err != nil {
				return total, found, err
			}
			total, found = total+n, append(found, more...)
		}
		return total, found, nil
	}
}
