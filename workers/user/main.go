// Command user runs the user service: accounts, sign-in and tokens.
package main

import (
	"context"
	"errors"
	"sync/atomic"

	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/user"
	"kassa/api/userapi"
	"kassa/internal/bus"
	"kassa/internal/config"
	"kassa/internal/durable"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/operations"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/internal/process"
	"kassa/sql/userdb"
)

func main() { process.Main("user", userdb.Migrations(), run) }

func run(_ context.Context, p *process.Process) error {
	cfg, err := config.Load[settings]()
	if err != nil {
		return err
	}
	keys, err := user.ParseKeyring(cfg.SigningKeys)
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
		return durable.Describe(ctx, temporal, cfg.TemporalNamespace, user.Queue)
	})
	var admin atomic.Bool
	p.Check("first admin", func(context.Context) error {
		if !admin.Load() {
			return errors.New("not made yet")
		}
		return nil
	})

	svc := user.New(pool, user.Options{Keys: keys, Limits: cfg.limits(), MailSecret: cfg.InternalToken})
	revoked := identity.NewRevocations()
	verifier := identity.NewVerifier("", identity.WithKeys(keys.PublicKeys()), revoked.Option())
	api := httpapi.New(httpapi.Options{
		Service: p.Name, Verifier: verifier, Pool: pool, Log: p.Log, CursorSecret: cfg.InternalToken, FingerprintSecret: cfg.InternalToken,
	})
	erase := userapi.NewEraser(temporal)
	userapi.Register(api, svc, erase)
	api.Handle("POST "+operations.Path, operations.Handler(cfg.InternalToken, svc))

	report := func(err error) { p.Log.Warn("background work", zap.Error(err)) }
	p.Add("idempotency keys", httpapi.ForgetKeysHourly(pool))
	p.Add("revocations", revoked.Follow(nats))
	p.Add("outbox relay", (&outbox.Relay{Pool: pool, Bus: nats, Log: p.Log}).Run)
	p.Add("housekeeping", func(ctx context.Context) error {
		first := user.FirstAdmin{Email: cfg.AdminEmail, Password: cfg.AdminPassword, Made: func() { admin.Store(true) }}
		return user.Housekeep(ctx, svc, first, report)
	})
	p.Add("erasures", userapi.KeepErasing(svc, erase, report))
	p.Add("temporal worker", func(ctx context.Context) error {
		return durable.Run(ctx, temporal, p.Log, func() worker.Worker {
			w := durable.NewWorker(temporal, user.Queue, durable.WorkerOptions{NoWorkflows: true, Log: p.Log})
			durable.RegisterService(w, svc)
			return w
		})
	})
	return p.Serve(cfg.Listen, api.Handler())
}
