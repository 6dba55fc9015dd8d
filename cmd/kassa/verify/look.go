package verify

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"kassa/internal/bus"
	"kassa/internal/durable"
	"kassa/sandbox/psp/provider"
)

// The databases, named like the services' own.
const (
	users     = "users"
	products  = "products"
	inventory = "inventory"
	carts     = "carts"
	orders    = "orders"
	payments  = "payments"
	analytics = "analytics"

	notifications = "notifications"
)

// opening is the order in which the snapshots are opened; doc.go says why. The
// provider's books are read after the payments.
var opening = []string{analytics, notifications, orders, payments, inventory, carts, users, products}

// lookBack is how far back events are compared: a publisher deletes what it
// published 14 days ago.
const lookBack = 13 * 24 * time.Hour

// verifier holds the connections of a check.
type verifier struct {
	Config
	http  *http.Client
	conns map[string]*pgx.Conn
	sagas Sagas
	hang  func() // ends the connection to Temporal
	bus   *bus.Bus
}

func (v *verifier) connect(ctx context.Context) error {
	v.conns = map[string]*pgx.Conn{}
	for _, database := range opening {
		cfg, err := pgx.ParseConfig(v.DatabaseURL(database))
		if err != nil {
			return fmt.Errorf("address of database %s: %w", database, err)
		}
		cfg.ConnectTimeout = 10 * time.Second
		cfg.RuntimeParams["application_name"] = "kassa verify"
		cfg.RuntimeParams["statement_timeout"] = "120000"
		cfg.RuntimeParams["timezone"] = "UTC"
		if v.conns[database], err = pgx.ConnectConfig(ctx, cfg); err != nil {
			delete(v.conns, database)
			return fmt.Errorf("open database %s: %w", database, err)
		}
	}
	if v.NATS != "" {
		var err error
		if v.bus, err = bus.Connect(v.NATS, "verify", zap.NewNop()); err != nil {
			return err
		}
	}
	v.sagas = v.Sagas
	if v.sagas != nil || v.Temporal == "" {
		return nil
	}
	client, err := durable.Dial(durable.Options{Address: v.Temporal, Namespace: v.Namespace})
	if err != nil {
		return err
	}
	v.sagas, v.hang = temporalSagas{client: client, namespace: v.Namespace}, client.Close
	return nil
}

func (v *verifier) close() {
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, conn := range v.conns {
		_ = conn.Close(closing)
	}
	if v.hang != nil {
		v.hang()
	}
	if v.bus != nil {
		v.bus.Close()
	}
}

// look is what one pass sees: a snapshot of each witness.
type look struct {
	*verifier
	tx     map[string]pgx.Tx
	before time.Time // what is under way and older counts
	since  time.Time // changes before it may have lost their events

	executions   []Execution
	orders       map[uuid.UUID]orderRow
	payments     map[uuid.UUID]paymentRow // by order
	intents      []provider.IntentView
	reservations map[uuid.UUID]reservationRow // by order
}

// look opens the snapshots and reads what more than one invariant compares.
func (v *verifier) look(ctx context.Context) (l *look, err error) {
	l = v.begin()
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if v.sagas != nil {
		if l.executions, err = v.sagas.List(ctx); err != nil {
			return l, fmt.Errorf("list the sagas: %w", err)
		}
	}
	for _, database := range opening {
		if err = l.open(ctx, database); err != nil {
			return l, err
		}
		if database == payments && v.Provider != "" {
			if l.intents, err = v.books(ctx); err != nil {
				return l, fmt.Errorf("read the provider's books: %w", err)
			}
		}
	}
	if l.orders, err = l.readOrders(ctx); err != nil {
		return l, err
	}
	if l.payments, err = l.readPayments(ctx); err != nil {
		return l, err
	}
	l.reservations, err = l.readReservations(ctx)
	return l, err
}

// begin is a look without snapshots yet.
func (v *verifier) begin() *look {
	now := time.Now()
	l := &look{verifier: v, tx: map[string]pgx.Tx{}, before: now.Add(-v.Grace), since: now.Add(-lookBack)}
	if v.Strict {
		l.before = now.Add(time.Hour) // whatever the clocks of the writers said
	}
	return l
}

// open begins a database's transaction and fixes its snapshot.
func (l *look) open(ctx context.Context, database string) error {
	tx, err := l.conns[database].BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("snapshot of %s: %w", database, err)
	}
	l.tx[database] = tx
	if _, err := tx.Exec(ctx, "SELECT 1"); err != nil { // the first statement takes the snapshot
		return fmt.Errorf("snapshot of %s: %w", database, err)
	}
	return nil
}

func (l *look) close() {
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, tx := range l.tx {
		_ = tx.Rollback(closing)
	}
}

// args are the named arguments that every query may use.
func (l *look) args() pgx.NamedArgs { return pgx.NamedArgs{"before": l.before, "since": l.since} }

// rows reads a query's rows into a T each, by position.
func rows[T any](ctx context.Context, l *look, database, query string) ([]T, error) {
	found, err := l.tx[database].Query(ctx, query, l.args())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", database, err)
	}
	all, err := pgx.CollectRows(found, pgx.RowToStructByPos[T])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", database, err)
	}
	return all, nil
}
