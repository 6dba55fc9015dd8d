// Command product runs the product service: the catalogue and its prices.
package main

import (
	"context"

	"go.temporal.io/sdk/worker"

	"kassa/activities/product"
	"kassa/api/productapi"
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
	"kassa/sql/productdb"
)

type settings struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
}

func main() { process.Main("product", productdb.Migrations(), run) }

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
	p.TaskQueue(func(ctx context.Context) (process.TaskQueue, error) {
		return durable.Describe(ctx, temporal, cfg.TemporalNamespace, product.Queue)
	})

	svc := product.New(pool)
	revoked := identity.NewRevocations()
	api := httpapi.New(httpapi.Options{Service: p.Name, Verifier: identity.NewVerifier(cfg.JWKSURL, revoked.Option()), Pool: pool, Log: p.Log, CursorSecret: cfg.InternalToken})
	productapi.Register(api, svc)
	api.Handle("POST "+operations.Path, operations.Handler(cfg.InternalToken, svc))

	p.Add("revocations", revoked.Follow(nats))
	p.Add("outbox relay", (&outbox.Relay{Pool: pool, Bus: nats, Log: p.Log}).Run)
	p.Add("stock", (&outbox.Consumer{
		Name: "product-stock", Pool: pool, Bus: nats, Log: p.Log, Apply: product.RememberStock,
		Types: []string{events.InventoryChanged, events.InventoryLow, events.InventoryBackInStock},
	}).Run)
	p.Add("price changes", func(ctx context.Context) error {
		types := []string{events.ProductCreated, events.ProductUpdated, events.ProductArchived}
		return outbox.Broadcast(ctx, nats, types, product.Hear(svc), product.Miss(svc))
	})
	p.Add("temporal worker", func(ctx context.Context) error {
		return durable.Run(ctx, temporal, p.Log, func() worker.Worker {
			w := durable.NewWorker(temporal, product.Queue, durable.WorkerOptions{NoWorkflows: true, Log: p.Log})
			durable.RegisterService(w, svc)
			return w
		})
	})
	return p.Serve(cfg.Listen, api.Handler())
}
