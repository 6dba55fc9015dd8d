package verify_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"

	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/id"
)

// mutation is one thing gone wrong, and the one invariant that must say so.
type mutation struct {
	invariant string
	name      string
	happens   func(w *world)
}

// sql is a mutation by statements; %s stands for the id of the order.
func sql(database string, of func(w *world) order.Order, statements ...string) func(w *world) {
	return func(w *world) {
		for i, statement := range statements {
			if n := countVerbs(statement); n > 0 {
				args := make([]any, n)
				for k := range args {
					args[k] = "'" + of(w).ID.String() + "'"
				}
				statements[i] = fmt.Sprintf(statement, args...)
			}
		}
		w.exec(database, statements...)
	}
}

// heard lets every consumer have heard what is told after the mutation, and
// nothing else, so that only the publisher is wrong.
func heard(happens func(w *world)) func(w *world) {
	return func(w *world) {
		happens(w)
		w.tell()
		w.unhear()
	}
}

func countVerbs(statement string) (n int) {
	for i := range len(statement) - 1 {
		if statement[i:i+2] == "%s" {
			n++
		}
	}
	return n
}

func bought(w *world) order.Order    { return w.bought }
func declined(w *world) order.Order  { return w.declined }
func cancelled(w *world) order.Order { return w.cancelled }

func checkoutOf(o order.Order) string { return "checkout/" + o.ID.String() }
func cancelOf(o order.Order) string   { return "cancel/" + o.ID.String() }

// paidOrder places, reserves, pays and confirms one more order; between may
// spoil it before its events are published and its ledger entry is sealed.
func (w *world) paidOrder(between string) {
	w.t.Helper()
	o := w.buy(w.payments(), w.bought.UserID, "pm_card_visa", "automatic")
	w.exec("payments", fmt.Sprintf(between, "'"+o.ID.String()+"'"))
	w.publish()
}

const outboxRow = "INSERT INTO outbox (id, type, subject, sequence, event, created_at, published_at) SELECT gen_random_uuid(), "

const postingsOf = `FROM ledger_entries JOIN payments ON payments.id = ledger_entries.payment_id
	WHERE ledger_entries.id = ledger_postings.entry_id AND payments.order_id = %s`

// charge takes money at the provider without the payment service knowing.
func (w *world) charge(orderID string) {
	w.t.Helper()
	params := &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(4242), Currency: stripe.String("eur"), Confirm: stripe.Bool(true),
		PaymentMethod: stripe.String("pm_card_visa"), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	}
	if orderID != "" {
		params.AddMetadata("order_id", orderID)
	}
	_, err := w.stripe().V1PaymentIntents.Create(w.t.Context(), params)
	require.NoError(w.t, err)
}

// ship takes so many red mugs, and the blue one, of an order out of the warehouse.
func (w *world) ship(o order.Order, red int64) {
	w.t.Helper()
	_, err := w.stock().ShipStock(w.t.Context(), inventory.ShipStockInput{OrderID: o.ID, ShipmentID: id.New(), Lines: []inventory.StockLine{
		{VariantID: w.variants[0], Quantity: red}, {VariantID: w.variants[1], Quantity: 1},
	}})
	require.NoError(w.t, err)
	w.publish()
}

var mutations = []mutation{
	{"I1", "more is reserved than there is", func(w *world) {
		of := fmt.Sprintf(" WHERE variant_id = '%s'", w.variants[1])
		w.exec("inventory", "ALTER TABLE stock DROP CONSTRAINT stock_reserved", "UPDATE stock SET on_hand = 1"+of, "UPDATE movements SET quantity = 1"+of)
	}},
	{"I2", "the counter of reserved units is off", sql("inventory", nil, "UPDATE stock SET reserved = reserved + 1")},
	{"I3", "a movement is off", sql("inventory", nil, "UPDATE movements SET quantity = quantity - 1 WHERE kind = 'adjust'")},
	{"I3", "a parcel holds more than left the warehouse", func(w *world) {
		w.ship(w.bought, 1)
		w.exec("inventory", "UPDATE shipment_lines SET quantity = quantity + 1 WHERE quantity = 1")
	}},
	{"I3", "something came back that no return tells of", func(w *world) {
		w.ship(w.bought, 2)
		w.exec("inventory", "UPDATE reservation_lines SET returned = 1 WHERE shipped = 2")
	}},
	{"I3", "a reservation of which nothing is left is still held", func(w *world) {
		w.ship(w.bought, 2)
		w.exec("inventory", "UPDATE reservations SET status = 'held', shipped_at = NULL WHERE status = 'shipped'")
	}},
	{"I4", "stock is held for nobody's order", func(w *world) {
		_, err := w.reserve(order.Order{ID: id.New()}, 1)
		require.NoError(w.t, err)
		w.publish()
	}},
	{"I4", "an order was closed before its stock went back", func(w *world) {
		o := w.place(w.bought.UserID, 1)
		_, err := w.reserve(o, 1)
		require.NoError(w.t, err)
		w.close(o, payment.ErrCardDeclined)
		w.publish()
	}},
	{"I5", "fewer units are held than were bought", func(w *world) {
		o := w.place(w.bought.UserID, 3)
		_, err := w.reserve(o, 2)
		require.NoError(w.t, err)
		w.payAndConfirm(o)
	}},
	{"I5", "nothing is held of what was bought", func(w *world) { w.payAndConfirm(w.place(w.bought.UserID, 1)) }},

	{"O1", "a row is unlike its events", sql("orders", bought, "UPDATE orders SET shipping_option = 'express' WHERE id = %s")},
	{"O1", "a version has no event", sql("orders", bought, "UPDATE orders SET version = version + 1 WHERE id = %s")},
	{"O1", "a line was changed", sql("orders", bought, "UPDATE order_lines SET sku = 'MUG-GREEN' WHERE order_id = %s AND position = 0")},
	{"O1", "a closed order was closed again", heard(sql("orders", declined,
		"UPDATE orders SET version = version + 1 WHERE id = %s",
		"INSERT INTO order_events SELECT id, version, 'order.rejected', '{\"status\": \"rejected\"}', 'saga', updated_at FROM orders WHERE id = %s",
		outboxRow+"'order.rejected', id::text, version, '{}', now(), now() FROM orders WHERE id = %s"))},
	{"O1", "an order was asked to be cancelled after it had been", sql("orders", cancelled,
		"UPDATE orders SET version = version + 1 WHERE id = %s",
		"UPDATE order_events SET version = 5 WHERE version = 3 AND order_id = %s",
		"UPDATE order_events SET version = version - 1 WHERE version > 3 AND order_id = %s",
		"UPDATE orders SET version = version - 1 WHERE id = %s",
		"UPDATE outbox SET sequence = (SELECT version FROM order_events WHERE order_events.type = outbox.type AND order_id = %s) WHERE subject = %s")},
	{"O1", "money went back that the order does not know of", sql("orders", bought,
		`INSERT INTO refunds (id, order_id, status, amount, allocation, words, actor, created_at, completed_at)
		SELECT gen_random_uuid(), id, 'succeeded', 100, '{}', '', 'support', now(), now() FROM orders WHERE id = %s`)},
	{"O1", "a shipment left that the order does not know of", sql("orders", bought,
		`INSERT INTO shipments (id, order_id, status, carrier, tracking, capture, final, actor, created_at, shipped_at)
		SELECT id, id, 'shipped', 'DHL', '', 0, false, 'support', now(), now() FROM orders WHERE id = %s`,
		"INSERT INTO shipment_lines (shipment_id, line_id, quantity) SELECT order_id, id, 1 FROM order_lines WHERE order_id = %s AND position = 0")},
	{"O2", "a confirmed order was paid in part", func(w *world) {
		o := w.place(w.bought.UserID, 1)
		_, err := w.reserve(o, 1)
		require.NoError(w.t, err)
		paid, err := w.pay(w.payments(), o, eur(o.Total.Amount-100), "pm_card_visa", "automatic")
		require.NoError(w.t, err)
		w.confirm(o, paid)
		w.publish()
	}},
	{"O2", "a confirmed order lost its payment", func(w *world) {
		_, err := w.payments().VoidPayment(w.t.Context(), payment.VoidPaymentInput{OrderID: w.manual.ID})
		require.NoError(w.t, err)
		w.publish()
	}},
	{"O2", "money was taken for a shipment that failed, and stays", func(w *world) { w.keepsMoney() }},
	{"O3", "an order was rejected and its money kept", func(w *world) {
		o := w.place(w.bought.UserID, 1)
		_, err := w.pay(w.payments(), o, o.Total, "pm_card_visa", "automatic")
		require.NoError(w.t, err)
		w.close(o, payment.ErrCardDeclined)
		w.publish()
	}},
	{"O3", "an order was rejected while its customer may still pay", func(w *world) {
		_, err := w.stock().ReleaseStock(w.t.Context(), inventory.ReleaseStockInput{OrderID: w.awaiting.ID})
		require.NoError(w.t, err)
		w.close(w.awaiting, order.ErrPaymentExpired)
		w.publish()
	}},
	{"O4", "a line does not cost its price times its quantity", sql("orders", bought,
		"ALTER TABLE order_lines DROP CONSTRAINT order_lines_total", "UPDATE order_lines SET total = total + 1 WHERE order_id = %s AND position = 0")},
	{"O5", "a pending order has no saga", func(w *world) {
		w.sagas.forget(checkoutOf(w.place(w.bought.UserID, 1)))
		w.publish()
	}},
	{"O5", "an operator terminated a checkout", func(w *world) { w.sagas.of(checkoutOf(w.awaiting)).Status = terminated }},
	{"O5", "an operator terminated a return", func(w *world) {
		lines := fmt.Sprintf("SELECT '%s', id, 1 FROM order_lines WHERE order_id = '%s' LIMIT 1", w.bought.ID, w.bought.ID)
		w.exec("orders", fmt.Sprintf("INSERT INTO returns (id, order_id, status, reason, restock, actor, version, created_at, updated_at) SELECT id, id, 'received', '', true, '', 1, created_at, created_at FROM orders WHERE id = '%s'", w.bought.ID),
			"INSERT INTO return_lines (return_id, line_id, quantity) "+lines)
		w.sagas.add("return/"+w.bought.ID.String(), terminated)
	}},
	{"O5", "a refund has no saga", func(w *world) {
		_, err := w.orders().PlanRefund(w.t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: w.bought.ID, Actor: "support"})
		require.NoError(w.t, err)
		w.publish()
	}},
	{"O5", "a cancellation has no saga", func(w *world) {
		_, err := w.orders().RequestCancel(w.t.Context(), order.RequestCancelInput{OrderID: w.bought.ID, Actor: w.bought.UserID.String(), Reason: "late"})
		require.NoError(w.t, err)
		w.publish()
	}},
	{"O6", "a key placed two orders", sql("orders", bought, "ALTER TABLE orders DROP CONSTRAINT orders_key",
		"UPDATE orders SET idempotency_key = 'once' WHERE user_id = (SELECT user_id FROM orders WHERE id = %s)")},

	{"O7", "a coupon was used more often than is counted", sql("carts", nil, "UPDATE coupons SET uses = 0")},
	{"O7", "a coupon was used more often than it may be", sql("carts", nil,
		"ALTER TABLE coupons DROP CONSTRAINT coupons_uses", "UPDATE coupons SET uses = 3",
		"INSERT INTO coupon_redemptions SELECT gen_random_uuid(), code, user_id, discount, currency, status, redeemed_at FROM coupon_redemptions, generate_series(1, 2)",
		"UPDATE coupon_customers SET uses = 3")},
	{"O7", "a customer used a coupon more often than is counted", sql("carts", nil, "UPDATE coupon_customers SET uses = 0")},
	{"O7", "an order was given more than was taken for it", sql("carts", nil, "UPDATE coupon_redemptions SET discount = discount - 1")},
	{"O7", "an order carries a coupon of which no use was taken", func(w *world) {
		_, err := w.carts().RestoreCoupon(w.t.Context(), cart.RestoreCouponInput{OrderID: w.cheaper.ID})
		require.NoError(w.t, err)
	}},
	{"O7", "a closed order has kept its use of a coupon", func(w *world) {
		_, err := w.carts().RedeemCoupon(w.t.Context(), cart.RedeemCouponInput{OrderID: w.declined.ID, UserID: w.declined.UserID, Code: "FIVE", Discount: eur(500)})
		require.NoError(w.t, err)
	}},

	{"O6", "a cart made two orders", sql("orders", bought, "DROP INDEX orders_of_cart",
		`UPDATE orders SET cart_id = user_id, cart_version = 7 WHERE closed_at IS NULL AND user_id = (SELECT user_id FROM orders WHERE id = %s)`,
		`UPDATE order_events SET data = data || jsonb_build_object('cart_id', data ->> 'user_id', 'cart_version', 7)
		WHERE type = 'order.created' AND order_id IN (SELECT id FROM orders WHERE cart_id IS NOT NULL)`)},

	{"P1", "two authorizations succeeded", sql("payments", bought, `INSERT INTO attempts (key, payment_id, operation, n, state, amount, finished_at)
		SELECT order_id || ':authorize:2', id, 'authorize', 2, 'succeeded', amount, now() FROM payments WHERE order_id = %s`)},
	{"P1", "an attempt went out under another's key", sql("payments", nil, "UPDATE attempts SET key = 'authorize:1' WHERE state = 'declined'")},
	{"P1", "the provider charged an order again", func(w *world) { w.charge(w.bought.ID.String()) }},
	{"P2", "the history refunds another amount", sql("payments", nil, "UPDATE transactions SET amount = amount - 1 WHERE kind = 'refunded'")},
	{"P2", "a payment moved without a transaction", sql("payments", bought, "UPDATE payments SET version = version + 1 WHERE order_id = %s")},
	{"P2", "a refund was written down that nobody made", sql("payments", bought, `INSERT INTO refunds (id, payment_id, amount, status)
		SELECT gen_random_uuid(), id, 1, 'succeeded' FROM payments WHERE order_id = %s`)},
	{"P2", "a refund is over another amount", sql("payments", nil, "UPDATE refunds SET amount = amount - 1")},
	{"P2", "more is claimed by refunds than they ask for", sql("payments", bought, "UPDATE payments SET refund_claimed = 1 WHERE order_id = %s")},
	{"P2", "a part was taken that nobody asked for", sql("payments", nil, "DELETE FROM captures")},
	{"P3", "a refund was asked for and never made", sql("payments", bought, `INSERT INTO refunds (id, payment_id, amount, created_at)
		SELECT gen_random_uuid(), id, 1, created_at FROM payments WHERE order_id = %s`, "UPDATE payments SET refund_claimed = 1 WHERE order_id = %s")},
	{"P4", "a transfer came and was not booked", func(w *world) {
		w.transferred(w.place(w.bought.UserID, 1), false)
		w.exec("payments", `INSERT INTO bank_transfers (key, intent_id, payment_id, kind, amount)
			SELECT 'twice', intent_id, payment_id, 'received', amount FROM bank_transfers WHERE kind = 'expected'`)
	}},
	{"P3", "an answer of the provider got lost", sql("payments", bought, `UPDATE attempts SET state = 'unknown', finished_at = NULL
		WHERE payment_id = (SELECT id FROM payments WHERE order_id = %s)`)},
	{"P3", "a payment that is not wanted was not given back", sql("payments", bought, "UPDATE payments SET voided_at = now() WHERE order_id = %s")},
	{"P4", "the provider took money for an order that we do not have", func(w *world) { w.charge(uuid.NewString()) }},
	{"P4", "the provider took money for nothing", func(w *world) { w.charge("") }},
	{"P4", "the provider took money for an order that was rejected without paying", func(w *world) { w.charge(w.soldOut.ID.String()) }},
	{"P4", "the provider does not know a payment", sql("payments", bought, "UPDATE payments SET provider_payment_id = 'pi_gone' WHERE order_id = %s")},
	{"P4", "somebody refunded at the provider", func(w *world) {
		_, err := w.stripe().V1Refunds.Create(w.t.Context(), &stripe.RefundCreateParams{
			PaymentIntent: stripe.String(w.intentOf(w.bought)), Amount: stripe.Int64(100),
		})
		require.NoError(w.t, err)
	}},
	{"P4", "the provider lost an entry of its ledger", func(w *world) {
		w.exec("psp", fmt.Sprintf("DELETE FROM ledger_entries WHERE intent_id = '%s'", w.intentOf(w.bought)))
	}},
	{"P5", "a webhook was never applied", sql("payments", nil, "UPDATE webhooks SET applied_at = NULL, outcome = '' WHERE type = 'charge.refunded'")},

	{"L1", "an entry does not balance", func(w *world) {
		w.paidOrder("UPDATE ledger_postings SET amount = ledger_postings.amount + 1 " + postingsOf + " AND line = 1")
	}},
	{"L2", "a balance is off", sql("payments", nil, "UPDATE ledger_balances SET balance = balance + 1 WHERE account = 'provider_clearing'")},
	{"L2", "more was booked than was paid", func(w *world) {
		w.paidOrder("UPDATE ledger_postings SET amount = ledger_postings.amount + sign(ledger_postings.amount) " + postingsOf)
	}},
	{"L3", "an entry was dated back", sql("payments", nil, "UPDATE ledger_entries SET created_at = created_at - interval '1 day' WHERE sequence = 2")},
	{"L3", "the last hash is another", sql("payments", nil, "UPDATE ledger_entries SET hash = sha256('x') WHERE sequence = (SELECT max(sequence) FROM ledger_entries)")},
	{"L3", "a sequence was left out", sql("payments", nil, "UPDATE ledger_entries SET sequence = sequence + 1 WHERE sequence = (SELECT max(sequence) FROM ledger_entries)")},
	{"L3", "an entry was never sealed", func(w *world) {
		w.buy(w.payments(), w.bought.UserID, "pm_card_visa", "automatic")
		w.tell()
	}},

	{"E1", "an event was not published", sql("orders", nil, "UPDATE outbox SET published_at = NULL WHERE type = 'order.confirmed'")},
	{"E2", "an event was not applied", sql("orders", nil, "DELETE FROM inbox WHERE type = 'payment.failed'")},
	{"E2", "an event was applied that nobody told", func(w *world) {
		w.exec("orders", fmt.Sprintf("INSERT INTO inbox VALUES ('order-users', '%s', 'user.updated', 'x', 1, true)", id.New()))
	}},
	{"E3", "an order moved without its event", heard(sql("orders", nil, "DELETE FROM outbox WHERE type = 'order.cancelled'"))},
	{"E3", "an order did not do what was told", heard(sql("orders", bought,
		outboxRow+"'order.cancelled', %s, 9, '{}', now(), now()"))},
	{"E3", "money was given back without its event", heard(sql("payments", nil, "DELETE FROM outbox WHERE type = 'payment.refunded'"))},
	{"E3", "stock was held without its event", heard(sql("inventory", bought, "DELETE FROM outbox WHERE type = 'inventory.reserved' AND subject = %s"))},
	{"E3", "stock was counted without its event", heard(sql("inventory", nil, "DELETE FROM outbox WHERE type = 'inventory.changed' AND sequence = 2"))},
	{"E3", "a customer was reminded without its event", heard(sql("carts", nil, "DELETE FROM outbox WHERE type = 'cart.abandoned'"))},
	{"E3", "a product was changed without its event", heard(sql("products", nil, "DELETE FROM outbox WHERE type = 'product.updated'"))},
	{"E3", "an account was changed without its event", heard(sql("users", nil, "DELETE FROM outbox WHERE type = 'user.updated'"))},

	{"E3", "a session ended and its tokens live on", sql("users", nil, "DELETE FROM outbox WHERE type = 'user.sessions_revoked'")},
	{"E3", "nobody was told to write a mail", heard(sql("users", nil, "DELETE FROM outbox WHERE type = 'user.verification_requested'"))},

	{"E4", "an event was told twice", sql("notifications", nil, "ALTER TABLE messages DROP CONSTRAINT messages_once",
		"INSERT INTO messages SELECT (jsonb_populate_record(messages, jsonb_build_object('id', gen_random_uuid()))).* FROM messages LIMIT 1")},
	{"E4", "an event was taken in and told to nobody", sql("notifications", nil, "DELETE FROM messages WHERE kind = 'order_confirmed'")},
	{"E4", "somebody was told what nobody said", sql("notifications", nil,
		"INSERT INTO messages SELECT (jsonb_populate_record(messages, jsonb_build_object('id', gen_random_uuid(), 'event_id', gen_random_uuid()))).* FROM messages LIMIT 1")},
	{"E4", "a message was never tried", sql("notifications", nil,
		"UPDATE messages SET status = 'pending', attempts = 0, next_attempt_at = now(), settled_at = NULL WHERE kind = 'order_confirmed'")},

	{"E5", "an event was given up", func(w *world) {
		require.NoError(w.t, w.broker().Connect().Bury(w.t.Context(), "order-users", id.New().String(), "user.updated", "poison", []byte("{}")))
	}},

	{"W1", "a checkout ended and left its order", func(w *world) { w.sagas.of(checkoutOf(w.awaiting)).Status = failed }},
	{"W1", "a checkout goes on after its order is settled", func(w *world) { w.sagas.of(checkoutOf(w.bought)).Status = running }},
	{"W1", "an order was confirmed without a checkout", func(w *world) { w.sagas.forget(checkoutOf(w.bought)) }},
	{"W1", "an order was cancelled without a saga", func(w *world) { w.sagas.forget(cancelOf(w.cancelled)) }},
	{"W1", "a checkout completed twice", func(w *world) { w.sagas.add(checkoutOf(w.bought), completed) }},
	{"W1", "a checkout runs for nobody's order", func(w *world) { w.sagas.add("checkout/"+uuid.NewString(), running) }},
	{"W2", "a saga fails again and again", func(w *world) { w.sagas.of(checkoutOf(w.awaiting)).TaskAttempts = 9 }},

	{"U1", "a session has two live tokens", sql("users", nil, "DROP INDEX refresh_tokens_live",
		"INSERT INTO refresh_tokens SELECT sha256(hash), session_id, created_at, expires_at FROM refresh_tokens LIMIT 1")},
	{"U3", "an erased account kept its sessions", sql("users", nil,
		"INSERT INTO sessions (id, user_id, secret, created_at, expires_at) SELECT gen_random_uuid(), id, sha256('x'), now(), now() + interval '1 day' FROM users WHERE erased_at IS NOT NULL")},
	{"U3", "an erased account's name is still told", sql("users", nil,
		"UPDATE outbox SET event = jsonb_set(event, '{data,name}', '\"Dora\"') WHERE type = 'user.erased'")},
	{"U4", "an erasure came to a halt", sql("users", nil, "UPDATE users SET erasure_requested_at = now() - interval '2 hours' WHERE email = 'cy@example.com'")},
	{"U2", "an event tells an address", sql("users", nil, `UPDATE outbox SET event = jsonb_set(event, '{data,contact}', '"Ben@Example.com"') WHERE type = 'user.updated'`)},
}

// transferred lets an order be paid by bank transfer.
func (w *world) transferred(o order.Order, came bool) {
	w.t.Helper()
	paid, err := w.pay(w.payments(), o, o.Total, "bank_transfer", "automatic")
	require.NoError(w.t, err)
	if came {
		_, err = w.payments().ReceivePayment(w.t.Context(), payment.ReceivePaymentInput{PaymentID: paid.ID, Amount: o.Total})
		require.NoError(w.t, err)
	}
	w.publish()
}

func (w *world) payAndConfirm(o order.Order) {
	w.t.Helper()
	paid, err := w.pay(w.payments(), o, o.Total, "pm_card_visa", "automatic")
	require.NoError(w.t, err)
	w.confirm(o, paid)
	w.publish()
}

// intentOf is the provider's id of an order's payment.
func (w *world) intentOf(o order.Order) (intent string) {
	w.t.Helper()
	require.NoError(w.t, w.pool("payments").QueryRow(w.t.Context(), "SELECT provider_payment_id FROM payments WHERE order_id = $1", o.ID).Scan(&intent))
	return intent
}

func TestEachCorruptionIsFoundByItsInvariant(t *testing.T) {
	shop := openShop(t)
	require.True(t, shop.check().OK(), "before anything is corrupted")
	shop.leave()
	shop.psp = ""

	for _, m := range mutations {
		t.Run(m.invariant+" "+m.name, func(t *testing.T) {
			w := shop.copied(t)
			m.happens(w)
			report := w.check()
			for _, result := range report.Results {
				for _, finding := range result.Findings {
					t.Logf("%s %s: %s", result.ID, finding.Key, finding.What)
				}
			}
			require.Equal(t, []string{m.invariant}, report.Broken())
			require.False(t, report.OK())
		})
	}
}

func TestEachInvariantHasACorruption(t *testing.T) {
	known := map[string]bool{}
	for _, m := range mutations {
		known[m.invariant] = true
	}
	for _, result := range emptyWorld(t).check().Results {
		require.True(t, known[result.ID], "no corruption for %s", result.ID)
	}
}
