// Command notification runs the notification service: what people, and programs
// outside, are told.
package main

import (
	"context"

	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/notification"
	"kassa/api/notificationapi"
	"kassa/events"
	"kassa/internal/bus"
	"kassa/internal/config"
	"kassa/internal/durable"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/operations"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/internal/process"
	"kassa/internal/telemetry"
	"kassa/sql/notificationdb"
)

func main() { process.Main("notification", notificationdb.Migrations(), run) }

func run(_ context.Context, p *process.Process) error {
	cfg, err := config.Load[settings]()
	if err != nil {
		return err
	}
	pool, err := pg.Open(cfg.DatabaseURL, 0)
	if err != nil {
		return err
	}
	temporal, err := durable.Dial(durable.Options{Address: cfg.TemporalAddress, Namespace: cfg.TemporalNamespace, Log: p.Log})
	if err != nil {
		return err
	}
	nats, err := bus.Connect(cfg.NATSURL, p.Name, p.Log)
	if err != nil {
		return err
	}
	p.OnStop("connections", func(context.Context) error { nats.Close(); temporal.Close(); pool.Close(); return nil })
	p.Database(pool)
	p.TaskQueue(func(ctx context.Context) (process.TaskQueue, error) {
		return durable.Describe(ctx, temporal, cfg.TemporalNamespace, notification.Queue)
	})

	caller := operations.NewCaller(operations.CallerOptions{Token: cfg.InternalToken, URLs: cfg.Map()})
	options, err := cfg.options(caller.Call)
	if err != nil {
		return err
	}
	svc := notification.New(pool, options)
	telemetry.Registry.MustRegister(notification.Collectors()...)
	revoked := identity.NewRevocations()
	api := httpapi.New(httpapi.Options{Service: p.Name, Verifier: identity.NewVerifier(cfg.JWKSURL, revoked.Option()), Pool: pool, Log: p.Log, CursorSecret: cfg.InternalToken})
	notificationapi.Register(api, svc)
	api.Handle("POST "+operations.Path, operations.Handler(cfg.InternalToken, svc))

	report := func(err error) { p.Log.Warn("background work", zap.Error(err)) }
	p.Add("revocations", revoked.Follow(nats))
	p.Add("idempotency keys", httpapi.ForgetKeysHourly(pool))
	p.Add("events", (&outbox.Consumer{
		Name: "notification", Pool: pool, Bus: nats, Log: p.Log, ApplyAll: notification.Hearing(svc), AnyOrder: true,
		Types: []string{
			events.OrderCreated, events.OrderAwaitingPayment, events.OrderInReview, events.OrderApproved, events.OrderHeld, events.OrderResumed,
			events.OrderConfirmed, events.OrderRejected, events.OrderCancelRequested, events.OrderCancelled, events.OrderPaymentChanged,
			events.OrderShipped, events.OrderDelivered, events.OrderRefundRequested, events.OrderRefundFailed, events.OrderRefunded,
			events.OrderReturnRequested, events.OrderReturnApproved, events.OrderReturnReceived, events.OrderReturnRejected, events.OrderReturned,
			events.PaymentActionRequired, events.PaymentAuthorized, events.PaymentReceived, events.PaymentReleased, events.PaymentFailed,
			events.PaymentVoided, events.PaymentRefunded, events.PaymentRefundFailed, events.PaymentMethodChanged,
			events.ProductCreated, events.ProductUpdated, events.ProductArchived,
			events.InventoryChanged, events.InventoryLow, events.InventoryBackInStock,
			events.UserRegistered, events.UserUpdated, events.UserErased, events.UserVerificationRequested, events.UserPasswordResetRequested,
			events.CartAbandoned,
		},
	}).Run)
	p.Add("sender", notification.Sending(svc, report))
	p.Add("webhooks", notification.Delivering(svc, report))
	p.Add("old messages", notification.Forgetting(svc, report))
	p.Add("temporal worker", func(ctx context.Context) error {
		return durable.Run(ctx, temporal, p.Log, func() worker.Worker {
			w := durable.NewWorker(temporal, notification.Queue, durable.WorkerOptions{NoWorkflows: true, Log: p.Log})
			durable.RegisterService(w, svc)
			return w
		})
	})
	return p.Serve(cfg.Listen, api.Handler())
}
