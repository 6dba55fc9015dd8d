package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// Service is the payment service: every exported method is an operation.
type Service struct {
	pool     *pgxpool.Pool
	stripe   *Stripe
	bank     *Bank
	webhooks *webhookInbox
	options  Options
}

// Options are what differs between a developer's machine and production.
type Options struct {
	WebhookSecrets []string // each may have signed a webhook: the current one, and the ones being replaced
	AllowFaults    bool     // pass AuthorizePaymentInput.Faults on to the provider's sandbox

	Providers      []Provider    // who may be chosen; none means all
	TransferWithin time.Duration // how long a customer has for a bank transfer; 0 means 7 days
}

// transferWithin is how long a customer has for a bank transfer unless configured.
const transferWithin = 7 * 24 * time.Hour

// New makes the service on its database and the provider.
func New(pool *pgxpool.Pool, stripe *Stripe, o Options) *Service {
	if o.TransferWithin <= 0 {
		o.TransferWithin = transferWithin
	}
	return &Service{pool: pool, stripe: stripe, bank: &Bank{pool: pool}, options: o, webhooks: newWebhookInbox()}
}

// read runs queries on one connection.
func read[T any](ctx context.Context, s *Service, query func(db *paymentdb.Queries) (T, error)) (T, error) {
	var found T
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		found, err = query(paymentdb.New(conn))
		return err
	})
	return found, err
}

func (s *Service) byID(ctx context.Context, id uuid.UUID) (paymentdb.Payment, error) {
	return found(read(ctx, s, func(db *paymentdb.Queries) (paymentdb.Payment, error) { return db.GetPayment(ctx, id) }))
}

func (s *Service) byOrder(ctx context.Context, orderID uuid.UUID) (paymentdb.Payment, error) {
	return found(read(ctx, s, func(db *paymentdb.Queries) (paymentdb.Payment, error) { return db.GetPaymentByOrder(ctx, orderID) }))
}

// found turns "no row" into the fault that a customer can understand.
func found(row paymentdb.Payment, err error) (paymentdb.Payment, error) {
	switch {
	case pg.NotFound(err):
		return row, ErrPaymentNotFound
	case err != nil:
		return row, fmt.Errorf("read payment: %w", err)
	}
	return row, nil
}

// instant is the time as the database keeps it: UTC, microseconds.
func instant() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
