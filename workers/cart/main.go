// Command cart is the cart service: what people are about to buy, and coupons.
package main

import (
	"context"

	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/cart"
	"kassa/api/cartapi"
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
	"kassa/sql/cartdb"
)

func main() { process.Main("cart", cartdb.Migrations(), run) }

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
		return durable.Describe(ctx, temporal, cfg.TemporalNamespace, cart.Queue)
	})

	carts, tokens := cart.New(pool), cartapi.NewTokens(cfg.CartSecret)
	revoked := identity.NewRevocations()
	caller := operations.NewCaller(operations.CallerOptions{Token: cfg.InternalToken, URLs: cfg.Map()})
	api := httpapi.New(httpapi.Options{
		Service: p.Name, Verifier: identity.NewVerifier(cfg.JWKSURL, revoked.Option()), Pool: pool, Log: p.Log, CursorSecret: cfg.InternalToken, KeyOwner: tokens.KeyOwner,
	})
	cartapi.Register(api, carts, cartapi.NewDesk(carts, caller, tokens))
	api.Handle("POST "+operations.Path, operations.Handler(cfg.InternalToken, carts))

	p.Add("revocations", revoked.Follow(nats))
	p.Add("old keys", httpapi.ForgetKeysHourly(pool))
	p.Add("old guest carts", func(ctx context.Context) error {
		return cart.SweepGuestCarts(ctx, carts, func(err error) { p.Log.Warn("old guest carts stay until the next try", zap.Error(err)) })
	})
	p.Add("outbox relay", (&outbox.Relay{Pool: pool, Bus: nats, Log: p.Log}).Run)
	p.Add("orders", (&outbox.Consumer{
		Name: "cart-orders", Pool: pool, Bus: nats, Log: p.Log, Apply: cart.EmptyBought,
		Types: []string{events.OrderConfirmed},
	}).Run)
	p.Add("temporal worker", func(ctx context.Context) error {
		return durable.Run(ctx, temporal, p.Log, func() worker.Worker {
			w := durable.NewWorker(temporal, cart.Queue, durable.WorkerOptions{NoWorkflows: true, Log: p.Log})
			durable.RegisterService(w, carts)
			return w
		})
	})
	return p.Serve(cfg.Listen, api.Handler())
}
