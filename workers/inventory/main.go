// Command inventory runs the inventory service: stock and reservations.
package main

import (
	"context"

	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/inventory"
	"kassa/api/inventoryapi"
	"kassa/internal/bus"
	"kassa/internal/config"
	"kassa/internal/durable"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/operations"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/internal/process"
	"kassa/sql/inventorydb"
)

type settings struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
}

func main() { process.Main("inventory", inventorydb.Migrations(), run) }

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
		return durable.Describe(ctx, temporal, cfg.TemporalNamespace, inventory.Queue)
	})

	svc := inventory.New(pool)
	revoked := identity.NewRevocations()
	api := httpapi.New(httpapi.Options{Service: p.Name, Verifier: identity.NewVerifier(cfg.JWKSURL, revoked.Option()), Pool: pool, Log: p.Log, CursorSecret: cfg.InternalToken})
	inventoryapi.Register(api, svc)
	api.Handle("POST "+operations.Path, operations.Handler(cfg.InternalToken, svc))

	p.Add("revocations", revoked.Follow(nats))
	p.Add("old keys", httpapi.ForgetKeysHourly(pool))
	p.Add("stock levels", func(ctx context.Context) error {
		return inventory.WatchStockLevels(ctx, svc, func(err error) { p.Log.Warn("stock levels are told later", zap.Error(err)) })
	})
	p.Add("outbox relay", (&outbox.Relay{Pool: pool, Bus: nats, Log: p.Log}).Run)
	p.Add("temporal worker", func(ctx context.Context) error {
		return durable.Run(ctx, temporal, p.Log, func() worker.Worker {
			w := durable.NewWorker(temporal, inventory.Queue, durable.WorkerOptions{NoWorkflows: true, Log: p.Log})
			durable.RegisterService(w, svc)
			return w
		})
	})
	return p.Serve(cfg.Listen, api.Handler())
}
