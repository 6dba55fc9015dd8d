package outbox

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/cloudevent"
)

// head is the newest version of a subject that the consumer has applied.
type head struct {
	before int64 // as it was when the transaction began
	now    int64 // with the batch applied
}

// aggregate names what an event's sequence counts. Two services may publish
// about the same subject, such as an order id, each with versions of its own.
func aggregate(event cloudevent.Event) string { return event.Source + "/" + event.Subject }

const insertHeads = `
INSERT INTO inbox_heads (consumer, subject, sequence)
SELECT $1, subject, 0
FROM unnest($2::text[]) AS subject
ON CONFLICT DO NOTHING`

const selectHeads = `
SELECT subject, sequence
FROM inbox_heads
WHERE consumer = $1
  AND subject = ANY($2)
ORDER BY subject
FOR UPDATE`

// lockHeads answers the heads of the batch's subjects and keeps other
// instances of the consumer from them until the transaction ends.
func (i *inbox) lockHeads(ctx context.Context, tx pgx.Tx, batch []*delivery) (map[string]*head, error) {
	names := make([]string, 0, len(batch))
	for _, d := range batch {
		names = append(names, aggregate(d.event))
	}
	slices.Sort(names) // all instances lock in the same order
	names = slices.Compact(names)

	statements := &pgx.Batch{}
	statements.Queue(insertHeads, i.consumer.Name, names)
	statements.Queue(selectHeads, i.consumer.Name, names)
	results := tx.SendBatch(ctx, statements)
	defer func() { _ = results.Close() }()
	if _, err := results.Exec(); err != nil {
		return nil, fmt.Errorf("inbox heads: %w", err)
	}
	rows, err := results.Query()
	if err != nil {
		return nil, fmt.Errorf("inbox heads: %w", err)
	}
	heads := make(map[string]*head, len(names))
	var name string
	var sequence int64
	_, err = pgx.ForEachRow(rows, []any{&name, &sequence}, func() error {
		heads[name] = &head{before: sequence, now: sequence}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("inbox heads: %w", err)
	}
	return heads, nil
}

const insertInbox = `
INSERT INTO inbox (consumer, event_id, type, subject, sequence, applied)
SELECT $1, id, type, subject, sequence, applied
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::boolean[]) AS event (id, type, subject, sequence, applied)
ON CONFLICT DO NOTHING
RETURNING event_id, applied`

// record writes the batch into the inbox. It answers the events that were not
// there yet, with whether each is to be applied or dropped as older than what
// has been applied. A revived dead letter is applied whatever its age, and so is
// every event of a consumer to which the order is all one.
func (i *inbox) record(ctx context.Context, tx pgx.Tx, batch []*delivery, heads map[string]*head) (map[uuid.UUID]bool, error) {
	n := len(batch)
	ids, types, subjects := make([]uuid.UUID, n), make([]string, n), make([]string, n)
	sequences, apply := make([]int64, n), make([]bool, n)
	for k, d := range batch {
		e, h := d.event, heads[aggregate(d.event)]
		ids[k], types[k], subjects[k], sequences[k] = e.ID, e.Type, e.Subject, e.Sequence
		apply[k] = e.Sequence >= h.now || d.revived || i.consumer.AnyOrder
		h.now = max(h.now, e.Sequence)
	}
	rows, err := tx.Query(ctx, insertInbox, i.consumer.Name, ids, types, subjects, sequences, apply)
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	fresh := make(map[uuid.UUID]bool, n)
	var id uuid.UUID
	var isNewest bool
	_, err = pgx.ForEachRow(rows, []any{&id, &isNewest}, func() error {
		fresh[id] = isNewest
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	return fresh, nil
}

const updateHeads = `
UPDATE inbox_heads
SET sequence = newer.sequence
FROM unnest($2::text[], $3::bigint[]) AS newer (subject, sequence)
WHERE inbox_heads.consumer = $1
  AND inbox_heads.subject = newer.subject`

// advance moves the heads that the batch has moved.
func (i *inbox) advance(ctx context.Context, tx pgx.Tx, heads map[string]*head) error {
	var names []string
	var sequences []int64
	for name, h := range heads {
		if h.now > h.before {
			names, sequences = append(names, name), append(sequences, h.now)
		}
	}
	if len(names) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, updateHeads, i.consumer.Name, names, sequences); err != nil {
		return fmt.Errorf("inbox heads: %w", err)
	}
	return nil
}
