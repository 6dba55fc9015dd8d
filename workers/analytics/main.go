// Command analytics runs the analytics service: what sells, who comes how far,
// and what goes together.
package main

import (
	"context"

	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/analytics"
	"kassa/api/analyticsapi"
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
	"kassa/sql/analyticsdb"
)

type settings struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
}

func main() { process.Main("analytics", analyticsdb.Migrations(), run) }

func run(_ context.Context, p *process.Process) error {
	cfg, err := config.Load[settings]()
	if err != nil {
		return err
	}
	pool, err := pg.Open(cfg.DatabaseURL, 8)
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
		return durable.Describe(ctx, temporal, cfg.TemporalNamespace, analytics.Queue)
	})

	revoked := identity.NewRevocations()
	p.Add("revocations", revoked.Follow(nats))

	svc := analytics.New(pool)
	api := httpapi.New(httpapi.Options{Service: p.Name, Verifier: identity.NewVerifier(cfg.JWKSURL, revoked.Option()), Pool: pool, Log: p.Log, CursorSecret: cfg.InternalToken})
	analyticsapi.Register(api, svc)
	api.Handle("POST "+operations.Path, operations.Handler(cfg.InternalToken, svc))

	p.Add("orders", (&outbox.Consumer{
		Name: "analytics-orders", Pool: pool, Bus: nats, Log: p.Log, ApplyAll: analytics.HearOrders, AnyOrder: true,
		Types: []string{events.OrderCreated, events.OrderConfirmed, events.OrderCancelled, events.OrderRefunded},
	}).Run)
	p.Add("products", (&outbox.Consumer{
		Name: "analytics-products", Pool: pool, Bus: nats, Log: p.Log, Apply: analytics.HearProduct,
		Types: []string{events.ProductCreated, events.ProductUpdated, events.ProductArchived},
	}).Run)
	p.Add("housekeeping", func(ctx context.Context) error {
		return analytics.Housekeep(ctx, svc, func(err error) { p.Log.Warn("housekeeping", zap.Error(err)) })
	})
	p.Add("temporal worker", func(ctx context.Context) error {
		return durable.Run(ctx, temporal, p.Log, func() worker.Worker {
			w := durable.NewWorker(temporal, analytics.Queue, durable.WorkerOptions{NoWorkflows: true, Log: p.Log})
			durable.RegisterService(w, svc)
			return w
		})
	})
	return p.Serve(cfg.Listen, api.Handler())
}
