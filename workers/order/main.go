// Command order is the order service: orders, and the sagas that lead them.
package main

import (
	"context"

	"go.temporal.io/sdk/worker"

	"kassa/activities/order"
	"kassa/api/orderapi"
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
	"kassa/sql/orderdb"
	"kassa/workflows"
)

func main() { process.Main("order", orderdb.Migrations(), run) }

func run(_ context.Context, p *process.Process) error {
	cfg, err := config.Load[settings]()
	if err != nil {
		return err
	}
	pool, err := pg.Open(cfg.DatabaseURL, 24)
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
		return durable.Describe(ctx, temporal, cfg.TemporalNamespace, order.Queue)
	})
	p.Check("temporal", func(ctx context.Context) error { return durable.Ready(ctx, temporal) })

	news := order.NewNews()
	orders := order.New(pool, news)
	caller := operations.NewCaller(operations.CallerOptions{Token: cfg.InternalToken, URLs: cfg.Map()})
	sagas := orderapi.NewSagas(temporal, cfg.TemporalNamespace, orders, news)

	p.Delay(sagas.Delay)

	revoked := identity.NewRevocations()
	api := httpapi.New(httpapi.Options{Service: p.Name, Verifier: identity.NewVerifier(cfg.JWKSURL, revoked.Option()), Pool: pool, Log: p.Log, CursorSecret: cfg.InternalToken})
	orderapi.Register(api, orders, sagas, orderapi.NewDesk(orders, sagas, caller, cfg.desk()))
	api.Handle("POST "+operations.Path, operations.Handler(cfg.InternalToken, orders))

	p.Add("old keys", httpapi.ForgetKeysHourly(pool))
	p.Add("revocations", revoked.Follow(nats))
	p.Add("outbox relay", (&outbox.Relay{Pool: pool, Bus: nats, Log: p.Log}).Run)
	p.Add("customers", (&outbox.Consumer{
		Name: "order-users", Pool: pool, Bus: nats, Log: p.Log, Apply: order.RememberCustomer,
		Types: []string{events.UserRegistered, events.UserUpdated},
	}).Run)
	p.Add("payments", (&outbox.Consumer{
		Name: "order-payments", Pool: pool, Bus: nats, Log: p.Log, Apply: sagas.HearPayment,
		Types: []string{events.PaymentActionRequired, events.PaymentAuthorized, events.PaymentReceived, events.PaymentFailed, events.PaymentRefundFailed},
	}).Run)
	p.Add("reconcile schedule", func(ctx context.Context) error { return sagas.KeepSchedule(ctx, p.Log) })
	p.Add("temporal worker", func(ctx context.Context) error {
		return durable.Run(ctx, temporal, p.Log, func() worker.Worker {
			w := durable.NewWorker(temporal, order.Queue, durable.WorkerOptions{Activities: 20, Log: p.Log})
			durable.RegisterService(w, orders)
			for service, operations := range workflows.Remote() {
				durable.RegisterDirect(w, caller, service, operations)
			}
			for _, workflow := range workflows.All() {
				w.RegisterWorkflow(workflow)
			}
			return w
		})
	})
	return p.Serve(cfg.Listen, api.Handler())
}
