package notification

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Queue is the task queue of the notification service.
const Queue = "notification"

// Service is the notification service's operations over its own database.
type Service struct {
	pool    *pgxpool.Pool
	options Options
	outside *outside // who delivers webhooks
}

// Options are what the service needs beside its database.
type Options struct {
	// Senders are the channels that this shop has. E-mail is always one.
	Senders map[Channel]Sender
	// Call runs an operation of another service: operations.Caller.Call.
	Call func(ctx context.Context, service, operation string, in, out any) error
	// ShopURL is the base of the links in messages, without a slash at the end.
	ShopURL string
	// WebhookKey is the secret that the endpoints' secrets derive from.
	WebhookKey string
	// AllowLoopback lets webhooks go to http and to 127.0.0.1: development only.
	AllowLoopback bool
	// PushKey is the public key that browsers subscribe with, base64url; "" when
	// there is no push.
	PushKey string
}

// New makes the service on its database.
func New(pool *pgxpool.Pool, o Options) *Service {
	return &Service{pool: pool, options: o, outside: newOutside(o.AllowLoopback)}
}

// now is the present in the precision that the database keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
