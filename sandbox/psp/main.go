// Command psp is the payment provider of a developer's machine: it speaks the part of Stripe's API
// that Kassa uses, keeps its own books, and misbehaves on request. See package provider.
package main

import (
	"context"
	"net"

	"kassa/internal/config"
	"kassa/internal/pg"
	"kassa/internal/process"
	"kassa/sandbox/psp/provider"
	"kassa/sql/pspdb"
)

// poolSize is the number of database connections; a request uses one for one statement.
const poolSize = 10

// configuration is what this process reads from its environment.
type configuration struct {
	config.Database
	Listen         string   `env:"KASSA_LISTEN,notEmpty" example:"127.0.0.1:4100"`
	PublicURL      string   `env:"KASSA_PUBLIC_URL" example:"http://localhost:4100"` // for browsers; from KASSA_LISTEN when empty
	APIKey         string   `env:"KASSA_STRIPE_KEY,notEmpty" example:"sk_test_kassa"`
	WebhookURL     string   `env:"KASSA_WEBHOOK_URL" example:"http://127.0.0.1:8080/api/v1/webhooks/stripe"`
	WebhookSecrets []string `env:"KASSA_WEBHOOK_SECRET,notEmpty" example:"whsec_kassa"`
}

// Validate refuses a production environment: nothing here takes real money.
func (c configuration) Validate(production bool) []string {
	if production {
		return []string{"KASSA_ENV is production, where the sandbox provider must not run; point KASSA_STRIPE_URL of the payment service at Stripe"}
	}
	var lines []string
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		lines = append(lines, "KASSA_LISTEN must be host:port; for example KASSA_LISTEN=127.0.0.1:4100")
	}
	for name, url := range map[string]string{"KASSA_PUBLIC_URL": c.PublicURL, "KASSA_WEBHOOK_URL": c.WebhookURL} {
		if url != "" {
			lines = append(lines, config.HTTPURLs(name, url)...)
		}
	}
	return lines
}

func main() { process.Main("psp", pspdb.Migrations(), run) }

func run(_ context.Context, p *process.Process) error {
	cfg, err := config.Load[configuration]()
	if err != nil {
		return err
	}
	pool, err := pg.Open(cfg.DatabaseURL, poolSize)
	if err != nil {
		return err
	}
	p.OnStop("database", func(context.Context) error { pool.Close(); return nil })
	p.Database(pool)
	if cfg.PublicURL == "" {
		cfg.PublicURL = "http://" + cfg.Listen
	}
	psp := provider.New(pool, provider.Config{
		APIKey: cfg.APIKey, WebhookURL: cfg.WebhookURL, WebhookSecrets: cfg.WebhookSecrets,
		PublicURL: cfg.PublicURL, Log: p.Log,
	})
	p.Add("provider", psp.Run)
	if err := p.Serve(cfg.Listen, psp.Handler()); err != nil {
		return err
	}
	p.OnStop("held requests", psp.Release)
	return nil
}
