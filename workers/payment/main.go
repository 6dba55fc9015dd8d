// Command payment runs the payment service: customers' money, and the provider
// that moves it.
package main

import (
	"context"
	"time"

	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/payment"
	"kassa/api/paymentapi"
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
	"kassa/sql/paymentdb"
)

func main() { process.Main("payment", paymentdb.Migrations(), run) }

func run(_ context.Context, p *process.Process) error {
	cfg, err := config.Load[settings]()
	if err != nil {
		return err
	}
	pool, err := pg.Open(cfg.DatabaseURL, 16)
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

	stripe := payment.NewStripe(payment.StripeOptions{URL: cfg.StripeURL, Key: cfg.StripeKey, ReturnURL: cfg.ReturnURL})
	telemetry.Registry.MustRegister(stripe.Collector())
	svc := payment.New(pool, stripe, payment.Options{
		WebhookSecrets: cfg.WebhookSecrets, AllowFaults: !cfg.Production(),
		Providers: cfg.Providers, TransferWithin: time.Duration(cfg.TransferDays) * 24 * time.Hour,
	})

	revoked := identity.NewRevocations()
	api := httpapi.New(httpapi.Options{Service: p.Name, Verifier: identity.NewVerifier(cfg.JWKSURL, revoked.Option()), Pool: pool, Log: p.Log, CursorSecret: cfg.InternalToken})
	paymentapi.Register(api, svc)
	api.Handle("POST "+operations.Path, operations.Handler(cfg.InternalToken, svc, "AuthorizePayment", "CapturePayment", "ChangePaymentMethod", "ReceivePayment", "RefundPayment", "ResolvePayment", "VoidPayment"))

	report := func(err error) { p.Log.Warn("background work", zap.Error(err)) }
	p.Add("idempotency keys", httpapi.ForgetKeysHourly(pool))
	p.Add("revocations", revoked.Follow(nats))
	p.Add("outbox relay", (&outbox.Relay{Pool: pool, Bus: nats, Log: p.Log}).Run)
	p.Add("webhooks", payment.ApplyingWebhooks(svc, report))
	p.Add("ledger", payment.SealingLedger(svc, report))
	p.Add("temporal worker", func(ctx context.Context) error {
		return durable.Run(ctx, temporal, p.Log, func() worker.Worker {
			w := durable.NewWorker(temporal, payment.Queue, durable.WorkerOptions{NoWorkflows: true, Log: p.Log})
			durable.RegisterService(w, svc)
			return w
		})
	})
	return p.Serve(cfg.Listen, api.Handler())
}
