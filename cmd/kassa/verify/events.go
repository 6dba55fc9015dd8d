package verify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"kassa/activities/notification"
)

const eventsPublished = `
SELECT id::text, format('%s of %s waits since %s', type, subject, created_at)
FROM outbox
WHERE published_at IS NULL
  AND created_at < @before`

const orderEventsTold = `
SELECT coalesce(order_events.order_id::text, told.subject), format('version %s: did %s, told %s',
       coalesce(order_events.version, told.sequence), coalesce(order_events.type, 'nothing'), coalesce(told.type, 'nothing'))
FROM order_events
FULL JOIN (SELECT * FROM outbox WHERE type LIKE 'order.%') AS told
       ON told.subject = order_events.order_id::text AND told.sequence = order_events.version AND told.type = order_events.type
WHERE (told.id IS NULL AND order_events.at > @since) OR (order_events.order_id IS NULL AND told.created_at > @since)`

// That the outcome of a payment became unknown is no fact, and has no event.
const paymentEventsTold = `
SELECT coalesce(done.payment_id::text, told.subject), format('version %s: did %s, told %s',
       coalesce(done.version, told.sequence), coalesce(done.kind, 'nothing'), coalesce(told.type, 'nothing'))
FROM (SELECT * FROM transactions WHERE kind <> 'unknown') AS done
FULL JOIN (SELECT * FROM outbox WHERE type LIKE 'payment.%') AS told
       ON told.subject = done.payment_id::text AND told.sequence = done.version
      AND told.type = 'payment.' || CASE done.kind WHEN 'captured' THEN 'received' ELSE done.kind END
WHERE (told.id IS NULL AND done.created_at > @since) OR (done.payment_id IS NULL AND told.created_at > @since)`

// A tombstone without lines held nothing, so there was nothing to tell.
const reservationEventsTold = `
WITH done AS (
    SELECT order_id::text AS subject, 1::bigint AS version, 'inventory.reserved' AS type, created_at AS at
    FROM reservations
    WHERE EXISTS (SELECT FROM reservation_lines WHERE reservation_lines.order_id = reservations.order_id)
    UNION ALL
    SELECT order_id::text, version, 'inventory.released', released_at
    FROM reservations
    WHERE status = 'released'
      AND EXISTS (SELECT FROM reservation_lines WHERE reservation_lines.order_id = reservations.order_id)
)
SELECT coalesce(done.subject, told.subject), format('version %s: did %s, told %s',
       coalesce(done.version, told.sequence), coalesce(done.type, 'nothing'), coalesce(told.type, 'nothing'))
FROM done
FULL JOIN (SELECT * FROM outbox WHERE type IN ('inventory.reserved', 'inventory.released')) AS told
       ON told.subject = done.subject AND told.sequence = done.version AND told.type = done.type
WHERE (told.id IS NULL AND done.at > @since) OR (done.subject IS NULL AND told.created_at > @since)`

// What keeps no history is compared by its version: the events of the last days
// must lead up to it without a gap.
const versionsTold = `
SELECT coalesce(things.id::text, told.subject), format('is at version %s; the %s events of late tell versions %s to %s',
       coalesce(things.version, 0), coalesce(told.events, 0), told.first, told.last)
FROM (%s) AS things (id, version, changed_at)
FULL JOIN (
    SELECT subject, count(*) AS events, min(sequence) AS first, max(sequence) AS last
    FROM outbox
    WHERE type IN (%s)
      AND created_at > @since
    GROUP BY subject
) AS told ON told.subject = things.id::text
WHERE things.id IS NULL
   OR (told.subject IS NULL AND things.changed_at > @since)
   OR told.last <> things.version
   OR told.events <> told.last - told.first + 1`

// The percent signs of versionsTold are filled in here.
var (
	stockEventsTold = fill(versionsTold,
		"SELECT variant_id, version, (SELECT max(created_at) FROM movements WHERE movements.variant_id = stock.variant_id) FROM stock",
		"'inventory.changed', 'inventory.low', 'inventory.back_in_stock'")
	productEventsTold = fill(versionsTold, "SELECT id, version, updated_at FROM products", "'product.created', 'product.updated', 'product.archived'")
	userEventsTold    = fill(versionsTold, "SELECT id, version, updated_at FROM users", "'user.registered', 'user.updated', 'user.erased'")
)

// Subscriber is a consumer of other services' events.
type Subscriber struct {
	Name     string // of its outbox.Consumer
	Database string // whose inbox it keeps
	Types    []string
}

// Subscribers are the consumers that the workers run; a test reads the workers
// to hold the list complete.
var Subscribers = []Subscriber{
	{Name: "product-stock", Database: products, Types: []string{"inventory.changed", "inventory.low", "inventory.back_in_stock"}},
	{Name: "order-users", Database: orders, Types: []string{"user.registered", "user.updated"}},
	{Name: "order-payments", Database: orders, Types: []string{"payment.action_required", "payment.authorized", "payment.received", "payment.failed", "payment.refund_failed"}},
	{Name: "analytics-orders", Database: analytics, Types: []string{"order.created", "order.confirmed", "order.cancelled", "order.refunded"}},
	{Name: "analytics-products", Database: analytics, Types: []string{"product.created", "product.updated", "product.archived"}},
	{Name: "cart-orders", Database: carts, Types: []string{"order.confirmed"}},
	{Name: "notification", Database: notifications, Types: notification.Heard},
}

// Publishers maps the first word of an event's type to the publisher's database.
var Publishers = map[string]string{"user": users, "product": products, "inventory": inventory, "cart": carts, "order": orders, "payment": payments}

// eventRow is an event of a publisher's outbox or of a consumer's inbox.
type eventRow struct {
	ID      uuid.UUID
	Type    string
	Subject string
	Due     bool // it was published so long ago that it must be applied
}

// appliedOnce is E2. The inbox's key makes it at most once; here is checked
// that it was at least once, and that nothing was applied that nobody told.
func appliedOnce(ctx context.Context, l *look) (int, []Finding, error) {
	var found []Finding
	looked := 0
	for _, s := range Subscribers {
		taken, err := rows[eventRow](ctx, l, s.Database, fmt.Sprintf(
			`SELECT event_id, type, subject, false FROM inbox WHERE consumer = '%s'`, s.Name))
		if err != nil {
			return 0, nil, err
		}
		told, err := s.told(ctx, l)
		if err != nil {
			return 0, nil, err
		}
		looked += len(told)
		inbox, outbox := by(taken, eventID), by(told, eventID)
		for _, e := range told {
			if _, applied := inbox[e.ID]; e.Due && !applied {
				found = append(found, Finding{s.Name + " " + e.ID.String(), fmt.Sprintf("%s of %s was not applied", e.Type, e.Subject)})
			}
		}
		for _, e := range taken {
			if _, published := outbox[e.ID]; !published && bornAt(e.ID).After(l.since) {
				found = append(found, Finding{s.Name + " " + e.ID.String(), fmt.Sprintf("%s of %s was applied, but never told", e.Type, e.Subject)})
			}
		}
	}
	return looked, found, nil
}

func eventID(e eventRow) uuid.UUID { return e.ID }

// bornAt is when an event's id, a UUIDv7, was made. A publisher has kept what
// is young by it, however late it was applied.
func bornAt(id uuid.UUID) time.Time { return time.Unix(id.Time().UnixTime()) }

// told reads what the publishers have told the subscriber.
func (s Subscriber) told(ctx context.Context, l *look) ([]eventRow, error) {
	var told []eventRow
	read := map[string]bool{}
	for _, typ := range s.Types {
		word, _, _ := strings.Cut(typ, ".")
		database, known := Publishers[word]
		if !known {
			return nil, fmt.Errorf("nobody publishes %s", typ)
		}
		if read[database] {
			continue
		}
		read[database] = true
		more, err := rows[eventRow](ctx, l, database, fmt.Sprintf(
			`SELECT id, type, subject, coalesce(published_at < @before, false) AND created_at > @since FROM outbox WHERE type IN ('%s')`,
			strings.Join(s.Types, "', '")))
		if err != nil {
			return nil, err
		}
		told = append(told, more...)
	}
	return told, nil
}

// addressesInEvents is U2: events hold ids, so no account's address may be in
// one. What people call themselves is told on purpose, whatever it is.
func addressesInEvents(ctx context.Context, l *look) (int, []Finding, error) {
	type mention struct{ Event, Address string }
	var mentions []mention
	events := 0
	for _, database := range opening {
		count, err := rows[struct{ N int }](ctx, l, database, "SELECT count(*) FROM outbox")
		if err != nil {
			return 0, nil, err
		}
		events += count[0].N
		more, err := rows[mention](ctx, l, database, `
			SELECT type || ' ' || id, lower((regexp_matches((event #- '{data,name}')::text, '[[:alnum:]._%+-]+@[[:alnum:].-]+[[:alnum:]]', 'g'))[1])
			FROM outbox
			WHERE event::text LIKE '%@%'`)
		if err != nil {
			return 0, nil, err
		}
		mentions = append(mentions, more...)
	}
	if len(mentions) == 0 {
		return events, nil, nil
	}
	accounts, err := rows[struct{ Address string }](ctx, l, users, "SELECT email FROM users")
	if err != nil {
		return 0, nil, err
	}
	known := by(accounts, func(a struct{ Address string }) string { return a.Address })
	var found []Finding
	for _, m := range mentions {
		if _, is := known[m.Address]; is {
			found = append(found, Finding{m.Event, "holds the e-mail address of an account"})
		}
	}
	return events, found, nil
}

func fill(format string, with ...string) string {
	for _, each := range with {
		format = strings.Replace(format, "(%s)", "("+each+")", 1)
	}
	return format
}
