package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const entriesBalance = `
SELECT ledger_entries.id::text, format('its %s postings sum to %s %s', count(ledger_postings.line), coalesce(sum(ledger_postings.amount), 0), ledger_postings.currency)
FROM ledger_entries
LEFT JOIN ledger_postings ON ledger_postings.entry_id = ledger_entries.id
GROUP BY ledger_entries.id, ledger_postings.currency
HAVING count(ledger_postings.line) = 0 OR sum(ledger_postings.amount) <> 0`

const ledgerBalances = `
SELECT coalesce(ledger_balances.account, sums.account) || ' ' || coalesce(ledger_balances.currency, sums.currency),
       format('balance %s, postings %s', coalesce(ledger_balances.balance, 0), coalesce(sums.total, 0))
FROM ledger_balances
FULL JOIN (
    SELECT ledger_postings.account, ledger_postings.currency, sum(ledger_postings.amount) AS total
    FROM ledger_entries
    JOIN ledger_postings ON ledger_postings.entry_id = ledger_entries.id
    WHERE ledger_entries.sequence IS NOT NULL
    GROUP BY ledger_postings.account, ledger_postings.currency
) AS sums ON sums.account = ledger_balances.account AND sums.currency = ledger_balances.currency
WHERE coalesce(ledger_balances.balance, 0) <> coalesce(sums.total, 0)`

// Payments with an entry that does not balance are left to L1.
const ledgerOfPayments = `
WITH entries AS (
    SELECT ledger_entries.payment_id,
           sum(amount) AS off,
           sum(amount) FILTER (WHERE account = 'card_holds') AS holds,
           sum(amount) FILTER (WHERE account = 'hold_commitments') AS commitments,
           sum(amount) FILTER (WHERE account IN ('provider_clearing', 'bank_account', 'refunds_due')) AS clearing,
           sum(amount) FILTER (WHERE account = 'customer_orders') AS paid,
           min(currency) AS currency,
           max(currency) AS other_currency
    FROM ledger_entries
    JOIN ledger_postings ON ledger_postings.entry_id = ledger_entries.id
    GROUP BY ledger_entries.id
), booked AS (
    SELECT payment_id, bool_and(off = 0) AS balances, coalesce(sum(holds), 0) AS holds, coalesce(sum(commitments), 0) AS commitments,
           coalesce(sum(clearing), 0) AS clearing, coalesce(sum(paid), 0) AS paid, min(currency) AS currency, max(other_currency) AS other_currency
    FROM entries
    GROUP BY payment_id
)
SELECT payments.order_id::text, format('held %s, taken %s %s; the ledger says %s and %s in %s', payments.authorized - payments.captured,
       payments.captured - payments.refunded, payments.currency, coalesce(booked.holds, 0), coalesce(booked.clearing, 0), booked.currency)
FROM payments
LEFT JOIN booked ON booked.payment_id = payments.id
WHERE coalesce(booked.balances, true)
  AND ((coalesce(booked.holds, 0), coalesce(booked.commitments, 0), coalesce(booked.clearing, 0), coalesce(booked.paid, 0))
       IS DISTINCT FROM
       (payments.authorized - payments.captured, payments.captured - payments.authorized, payments.captured - payments.refunded, payments.refunded - payments.captured)
       OR booked.currency <> payments.currency
       OR booked.other_currency <> payments.currency)`

const entriesSealed = `
SELECT id::text, format('not sealed since %s', created_at)
FROM ledger_entries
WHERE sequence IS NULL
  AND created_at < @before`

// chainRow is a sealed entry with all that its hash covers.
type chainRow struct {
	Sequence  int64
	ID        uuid.UUID
	PaymentID uuid.UUID
	Version   int64
	Kind      string
	CreatedAt time.Time
	Previous  []byte
	Hash      []byte
	Postings  *string // nil when it has none
}

const chain = `
SELECT ledger_entries.sequence, ledger_entries.id, ledger_entries.payment_id, ledger_entries.version, ledger_entries.kind,
       ledger_entries.created_at, ledger_entries.previous_hash, ledger_entries.hash, lines.postings
FROM ledger_entries
LEFT JOIN (
    SELECT entry_id, string_agg(concat_ws(':', line, account, amount, currency), ';' ORDER BY line) AS postings
    FROM ledger_postings
    GROUP BY entry_id
) AS lines ON lines.entry_id = ledger_entries.id
WHERE ledger_entries.sequence IS NOT NULL
ORDER BY ledger_entries.sequence`

// sum is the hash of an entry, as the function ledger_hash defines it.
func (c chainRow) sum() []byte {
	line := fmt.Sprintf("%d|%s|%s|%d|%s|%d", c.Sequence, c.ID, c.PaymentID, c.Version, c.Kind, c.CreatedAt.UnixMicro())
	if c.Postings != nil {
		line += "|" + *c.Postings
	}
	sum := sha256.Sum256(append(bytes.Clone(c.Previous), line...))
	return sum[:]
}

// chainIntact is L3: it computes the chain anew, apart from the database's own
// function. An entry that was changed is found by its hash, one that was taken
// out or put in by its neighbours.
func chainIntact(ctx context.Context, l *look) (int, []Finding, error) {
	found, err := l.tx[payments].Query(ctx, chain)
	if err != nil {
		return 0, nil, fmt.Errorf("read the ledger: %w", err)
	}
	var broken []Finding
	last := chainRow{Hash: make([]byte, sha256.Size)}
	entries := 0
	var c chainRow
	fields := []any{&c.Sequence, &c.ID, &c.PaymentID, &c.Version, &c.Kind, &c.CreatedAt, &c.Previous, &c.Hash, &c.Postings}
	_, err = pgx.ForEachRow(found, fields, func() error {
		entries++
		switch {
		case c.Sequence != last.Sequence+1:
			broken = append(broken, Finding{fmt.Sprint("sequence ", c.Sequence), fmt.Sprintf("follows %d", last.Sequence)})
		case !bytes.Equal(c.Previous, last.Hash):
			broken = append(broken, Finding{fmt.Sprint("sequence ", c.Sequence), "is not chained to the entry before it"})
		case !bytes.Equal(c.Hash, c.sum()):
			broken = append(broken, Finding{fmt.Sprint("sequence ", c.Sequence), "was changed after it was sealed"})
		}
		last.Sequence, last.Hash = c.Sequence, bytes.Clone(c.Hash)
		return nil
	})
	if err != nil {
		return 0, nil, fmt.Errorf("read the ledger: %w", err)
	}
	var head chainRow
	err = l.tx[payments].QueryRow(ctx, "SELECT sequence, hash FROM ledger_head").Scan(&head.Sequence, &head.Hash)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (head.Sequence != last.Sequence || !bytes.Equal(head.Hash, last.Hash)) {
		broken, err = append(broken, Finding{"head", fmt.Sprintf("is at %d, the chain ends at %d", head.Sequence, last.Sequence)}), nil
	}
	return entries, broken, err
}
