package bench

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/cmd/kassa/verify"
)

// eventRate is how many checkouts per second the events are those of.
const eventRate = 10.0

// Delivery is how long a subscriber's events took from when they became true to
// when it began to apply them.
type Delivery struct {
	Subscriber string `json:"subscriber"`
	Events     int    `json:"events"`
	Latency
}

// deliveries lets customers buy at a steady rate and reads from the databases when
// each event became true (outbox.created_at) and when each subscriber took it in
// (inbox.applied_at).
func (b *bench) deliveries(ctx context.Context) ([]Delivery, error) {
	begin := time.Now()
	if _, err := b.shop(ctx, steady(eventRate, 2*b.options.Step)); err != nil {
		return nil, err
	}
	if _, err := b.backlogs.drain(ctx); err != nil {
		return nil, err
	}
	// Everything is published; what a consumer gathers is applied a moment later.
	if err := sleep(ctx, 2*time.Second); err != nil {
		return nil, err
	}
	told := map[uuid.UUID]time.Time{}
	for _, database := range verify.Publishers {
		if err := b.moments(ctx, told, database, "SELECT id, created_at FROM outbox WHERE created_at >= $1", begin); err != nil {
			return nil, err
		}
	}
	var all []Delivery
	for _, s := range verify.Subscribers {
		applied := map[uuid.UUID]time.Time{}
		err := b.moments(ctx, applied, s.Database, "SELECT event_id, applied_at FROM inbox WHERE consumer = $2 AND applied_at >= $1", begin, s.Name)
		if err != nil {
			return nil, err
		}
		var took []time.Duration
		for event, at := range applied {
			if became, known := told[event]; known {
				took = append(took, at.Sub(became))
			}
		}
		if len(took) > 0 {
			all = append(all, Delivery{Subscriber: s.Name, Events: len(took), Latency: latency(took)})
		}
	}
	return all, nil
}

// moments reads ids with times into known.
func (b *bench) moments(ctx context.Context, known map[uuid.UUID]time.Time, database, query string, args ...any) error {
	conn, err := pgx.Connect(ctx, b.addresses.DatabaseURL(database, database))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", database, err)
	}
	var key uuid.UUID
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&key, &at}, func() error { known[key] = at; return nil })
	return err
}

func showDeliveries(w io.Writer, all []Delivery) {
	fmt.Fprintf(w, "\n%-34s %12s %12s %12s %12s\n", "Events, ms until applied", "events", "p50", "p95", "p99")
	for _, d := range all {
		fmt.Fprintf(w, "%-34s %12d %12.0f %12.0f %12.0f\n", d.Subscriber, d.Events, d.P50, d.P95, d.P99)
	}
}
