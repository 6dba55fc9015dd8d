package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inProduction are variables with which a worker would start in production.
func inProduction(worker string) map[string]string {
	good := map[string]string{
		"KASSA_ENV": "production", "KASSA_LISTEN": "127.0.0.1:0", "KASSA_INTERNAL_TOKEN": strings.Repeat("t", 32), "KASSA_JWKS_URL": "http://user:4001/.well-known/jwks.json",
		"KASSA_DATABASE_URL": "postgres://somebody:secret@db/somebody?sslmode=verify-full", "KASSA_TEMPORAL_ADDRESS": "temporal:7233", "KASSA_NATS_URL": "tls://nats:4222",
	}
	for name := range where.Services {
		good["KASSA_"+strings.ToUpper(name)+"_URL"] = "http://" + name + ":4000"
	}
	maps.Copy(good, map[string]map[string]string{
		"user":    {"KASSA_SIGNING_KEYS": "2026:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
		"cart":    {"KASSA_CART_SECRET": strings.Repeat("c", 32)},
		"payment": {"KASSA_STRIPE_URL": "https://api.stripe.com", "KASSA_STRIPE_KEY": "sk_live_0123456789", "KASSA_STRIPE_WEBHOOK_SECRET": "whsec_0123456789012345678901234", "KASSA_STRIPE_RETURN_URL": "https://shop.example/"},
		"notification": {
			"KASSA_SMTP_ADDRESS": "smtp.example.com:587", "KASSA_SMTP_TLS": "starttls", "KASSA_SHOP_URL": "https://shop.example", "KASSA_WEBHOOK_KEY": strings.Repeat("w", 32),
			"KASSA_SMS_URL": "https://sms.example.com/messages",
		},
		"gateway": {"KASSA_METRICS_LISTEN": "10.0.0.1:8081", "KASSA_PUBLIC_URL": "https://shop.example"},
	}[worker])
	return good
}

// unsafe are values that production refuses, by who reads them and the variable.
// Everybody reads the first ones.
var unsafe = map[string]map[string][]string{
	"": {
		"KASSA_INTERNAL_TOKEN": {"", "development-internal-token", "development-anything", "short"},
		"KASSA_JWKS_URL":       {"", "nowhere"},
	},
	"database": {
		"KASSA_DATABASE_URL": {
			"postgres://somebody:secret@db/somebody", "postgres://somebody:secret@db/somebody?sslmode=disable", "postgres://somebody:secret@db/somebody?sslmode=prefer",
			"postgres://somebody:secret@db/somebody?sslmode=allow", "postgres://somebody@db/somebody?sslmode=verify-full",
		},
		"KASSA_TEMPORAL_ADDRESS": {""},
		"KASSA_NATS_URL":         {""},
	},
	"user":    {"KASSA_SIGNING_KEYS": {"development-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "2026:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,development-1:HxAREhMUFRYXGBkaGxwdHgABAgMEBQYHCAkKCwwNDg8="}},
	"cart":    {"KASSA_CART_SECRET": {"", "development-cart-secret", "short"}},
	"payment": {"KASSA_STRIPE_URL": {"", "http://psp:4100", "http://api.stripe.com"}, "KASSA_STRIPE_KEY": {"sk_test_0123456789"}, "KASSA_STRIPE_WEBHOOK_SECRET": {"development-webhook-secret", "whsec_kassa"}, "KASSA_STRIPE_RETURN_URL": {"", "http://shop.example/"}},
	"notification": {
		"KASSA_SMTP_ADDRESS": {""}, "KASSA_SMTP_TLS": {"", "none"}, "KASSA_SHOP_URL": {"", "http://shop.example"}, "KASSA_WEBHOOK_KEY": {"", "development-webhook-key"},
		"KASSA_SMS_URL": {"http://sms.example.com"}, "KASSA_WEBHOOK_LOOPBACK": {"true"},
	},
	"gateway": {"KASSA_CORS_ORIGINS": {"*", "https://*.shop.example"}, "KASSA_PUBLIC_URL": {"", "http://shop.example"}, "KASSA_METRICS_LISTEN": {""}},
}

// TestProductionRefusesUnsafeSettings starts every program with one unsafe value
// each. It must say so, name the variable and nothing else, and repeat no value.
func TestProductionRefusesUnsafeSettings(t *testing.T) {
	for _, worker := range append(slices.Sorted(maps.Keys(where.Services)), "gateway") {
		bad := maps.Clone(unsafe[""])
		if worker != "gateway" {
			maps.Copy(bad, unsafe["database"])
		}
		maps.Copy(bad, unsafe[worker])
		t.Run(worker, func(t *testing.T) {
			for _, variable := range slices.Sorted(maps.Keys(bad)) {
				for _, value := range bad[variable] {
					environment := inProduction(worker)
					if environment[variable] = value; value == "" {
						delete(environment, variable)
					}
					var pairs []string
					for name, each := range environment {
						pairs = append(pairs, name+"="+each)
					}
					cmd, said := program(t, worker, pairs...)
					require.Error(t, cmd.Run(), "%s=%s", variable, value)
					require.Equal(t, 2, cmd.ProcessState.ExitCode(), "%s=%s: %s", variable, value, said)
					lines := strings.Split(strings.TrimSpace(said.String()), "\n  - ")
					require.Greater(t, len(lines), 1, "%s=%s: %s", variable, value, said)
					for _, line := range lines[1:] {
						require.Contains(t, line, variable, "each line is about it, and nothing else is wrong")
					}
					require.NotContains(t, said.String(), "secret@")
				}
			}
		})
	}
	for _, sandbox := range []string{"psp", "mail"} {
		cmd, said := program(t, sandbox, "KASSA_ENV=production", "KASSA_LISTEN=127.0.0.1:0", "KASSA_SMTP_LISTEN=127.0.0.1:0", "KASSA_DATABASE_URL="+where.DatabaseURL("psp", "psp"), "KASSA_STRIPE_KEY=x", "KASSA_WEBHOOK_SECRET=x")
		require.Error(t, cmd.Run())
		require.Equal(t, 2, cmd.ProcessState.ExitCode(), said)
		require.Contains(t, said.String(), fmt.Sprintf("KASSA_ENV is production, where the %s", map[string]string{"psp": "sandbox provider", "mail": "mail sandbox"}[sandbox]))
	}
}
