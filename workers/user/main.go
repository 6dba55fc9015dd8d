// Command user runs the user service: accounts, sign-in and tokens.
package main

import (
	"context"
	"errors"
	"sync/atomic"

	"go.uber.org/zap"

	"kassa/activities/user"
	"kassa/api/userapi"
	"kassa/internal/bus"
	"kassa/internal/config"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
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
	p.OnStop("database pool", func(context.Context) error { pool.Close(); return nil })
	p.Database(pool)
	var admin atomic.Bool
	p.Check("first admin", func(context.Context) error {
		if !admin.Load() {
			return errors.New("not made yet")
		}
		return nil
	})
	events, err := bus.Connect(cfg.NATSURL, p.Name, p.Log)
	if err != nil {
		return err
	}
	p.OnStop("bus", func(context.Context) error { events.Close(); return nil })

	svc := user.New(pool, user.Options{Keys: keys, Limits: cfg.limits()})
	api := httpapi.New(httpapi.Options{
		Service:  p.Name,
		Verifier: identity.NewVerifier("", identity.WithKeys(keys.PublicKeys())),
		Pool:     pool,
		Log:      p.Log,

		FingerprintSecret: cfg.InternalToken,
	})
	userapi.Register(api, svc)

	p.Add("idempotency keys", httpapi.ForgetKeysHourly(pool))
	relay := &outbox.Relay{Pool: pool, Bus: events, Log: p.Log}
	p.Add("outbox relay", relay.Run)
	p.Add("housekeeping", func(ctx context.Context) error {
		first := user.FirstAdmin{Email: cfg.AdminEmail, Password: cfg.AdminPassword, Made: func() { admin.Store(true) }}
		return user.Housekeep(ctx, svc, first, func(err error) { p.Log.Warn("housekeeping", zap.Error(err)) })
	})
	return p.Serve(cfg.Listen, api.Handler())
}
