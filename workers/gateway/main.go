// Command gateway runs the only door for clients.
package main

import (
	"context"
	"net/http"

	"kassa/api"
	"kassa/api/gateway"
	"kassa/internal/bus"
	"kassa/internal/config"
	"kassa/internal/identity"
	"kassa/internal/operations"
	"kassa/internal/process"
	"kassa/internal/ratelimit"
	"kassa/internal/telemetry"
)

func main() { process.Main("gateway", nil, run) }

func run(_ context.Context, p *process.Process) error {
	cfg, err := config.Load[settings]()
	if err != nil {
		return err
	}
	nats, err := bus.Connect(cfg.NATSURL, p.Name, p.Log)
	if err != nil {
		return err
	}
	p.OnStop("bus", func(context.Context) error { nats.Close(); return nil })
	revoked := identity.NewRevocations()
	p.Add("revocations", revoked.Follow(nats))
	shares, err := gateway.ParseLegacyShares(cfg.LegacyRoutes)
	if err != nil {
		return err
	}
	proxies, err := cfg.proxies()
	if err != nil {
		return err
	}
	limits, err := cfg.limits()
	if err != nil {
		return err
	}
	limiter := ratelimit.New()
	if cfg.RedisURL != "" {
		shared, err := limiter.Share(cfg.RedisURL, p.Log, gateway.Unshared)
		if err != nil {
			return err
		}
		p.Add("limits", shared)
	}
	edge, err := gateway.New(gateway.Options{
		Services:  cfg.Map(),
		Verifier:  identity.NewVerifier(cfg.JWKSURL, revoked.Option()),
		Document:  api.Document,
		PublicURL: cfg.PublicURL,
		Origins:   cfg.Origins,
		Proxies:   proxies,
		Limiter:   limiter,
		Limits:    limits,
		Streams:   cfg.Streams,
		LegacyURL: cfg.LegacyURL,
		Legacy:    shares,
		SignIns:   cfg.LegacySignIns,
		Caller:    operations.NewCaller(operations.CallerOptions{Token: cfg.InternalToken, URLs: cfg.Map()}),
		Health:    p.Health,
		Ready:     p.Readiness,
		Status:    p.Status,
		Log:       p.Log,
	})
	if err != nil {
		return err
	}
	p.Add("watch", edge.Watch)
	metrics := http.NewServeMux()
	metrics.Handle("GET /metrics", telemetry.MetricsHandler())
	if err := p.ServeOnly("metrics server", cfg.MetricsListen, metrics); err != nil {
		return err
	}
	return p.ServeOnly("http server", cfg.Listen, edge, gateway.Bounds)
}
