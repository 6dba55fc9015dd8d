package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/internal/config"
)

type worker struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
	config.Services
	Payment
}

// Payment is a part of a service's own.
type Payment struct {
	Timeout int    `env:"KASSA_TEST_TIMEOUT" envDefault:"3" example:"3"`
	Key     string `env:"KASSA_TEST_KEY" envDefault:"sk_test"`
}

func (p Payment) Validate(production bool) []string {
	if production {
		return config.Secret("KASSA_TEST_KEY", p.Key, "sk_test")
	}
	return nil
}

func TestDevelopmentNeedsLittle(t *testing.T) {
	t.Setenv("KASSA_LISTEN", "127.0.0.1:4001")
	t.Setenv("KASSA_DATABASE_URL", "postgres://orders@127.0.0.1:5442/orders?sslmode=disable")
	t.Setenv("KASSA_USER_URL", "http://a:1,http://b:2")
	cfg, err := config.Load[worker]()
	require.NoError(t, err)
	require.False(t, cfg.Production())
	require.Equal(t, []string{"http://a:1", "http://b:2"}, cfg.Map()["user"])
	require.Equal(t, "kassa", cfg.TemporalNamespace)
}

func TestEverythingWrongIsListedWithoutValues(t *testing.T) {
	t.Setenv("KASSA_TEST_TIMEOUT", "hunter2")
	t.Setenv("KASSA_DATABASE_URL", " ")
	_, err := config.Load[worker]()
	require.EqualError(t, err, `the configuration is not usable:
  - KASSA_LISTEN is not set or empty; set it, for example KASSA_LISTEN=127.0.0.1:4001
  - KASSA_DATABASE_URL is not set or empty; set it, for example KASSA_DATABASE_URL=postgres://orders:secret@127.0.0.1:5442/orders?sslmode=disable
  - KASSA_TEST_TIMEOUT cannot be read as int; set it, for example KASSA_TEST_TIMEOUT=3`)
}

func TestWhatCanBeReadMustMakeSense(t *testing.T) {
	t.Setenv("KASSA_ENV", "prod")
	t.Setenv("KASSA_LISTEN", "4001")
	t.Setenv("KASSA_LOG_LEVEL", "loud")
	t.Setenv("KASSA_JWKS_URL", "ftp://hunter2")
	t.Setenv("KASSA_DATABASE_URL", "mysql://hunter2@x/y")
	t.Setenv("KASSA_TEMPORAL_ADDRESS", "temporal")
	t.Setenv("KASSA_NATS_URL", "nats")
	t.Setenv("KASSA_ORDER_URL", "order:4005")
	_, err := config.Load[worker]()
	var list *config.Error
	require.ErrorAs(t, err, &list)
	require.Equal(t, []string{
		"KASSA_ENV must be development or production; set one of the two",
		"KASSA_LISTEN must be host:port; for example KASSA_LISTEN=127.0.0.1:4001",
		"KASSA_LOG_LEVEL must be debug, info, warn or error; for example KASSA_LOG_LEVEL=info",
		"KASSA_JWKS_URL must be http://host:port or https://host; separate several with commas",
		"KASSA_DATABASE_URL must be postgres://user:password@host:port/database; check its scheme and database name",
		"KASSA_TEMPORAL_ADDRESS must be host:port; for example KASSA_TEMPORAL_ADDRESS=127.0.0.1:7233",
		"KASSA_NATS_URL must be a list like nats://host:4222; separate several with commas",
		"KASSA_ORDER_URL must be http://host:port, https://host or srv+http://_http._tcp.name; separate several with commas",
	}, list.Lines)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestProductionRefusesWhatDevelopmentMayHave(t *testing.T) {
	t.Setenv("KASSA_ENV", "production")
	t.Setenv("KASSA_LISTEN", ":4001")
	t.Setenv("KASSA_DATABASE_URL", "postgres://orders:pw@db/orders?sslmode=disable")
	_, err := config.Load[worker]()
	var list *config.Error
	require.ErrorAs(t, err, &list)
	require.Equal(t, []string{
		"KASSA_INTERNAL_TOKEN still has its development value; set a secret of its own, for example KASSA_INTERNAL_TOKEN=$(openssl rand -hex 32)",
		"KASSA_DATABASE_URL must encrypt in production; add sslmode=verify-full (or require)",
		"KASSA_TEST_KEY still has its development value; set a secret of its own, for example KASSA_TEST_KEY=$(openssl rand -hex 32)",
	}, list.Lines[:3])
	var unset []string
	for _, line := range list.Lines[3:] {
		name, rest, _ := strings.Cut(line, " ")
		require.Contains(t, rest, "is not set, and its default is a developer's machine; set it, for example "+name+"=")
		unset = append(unset, name)
	}
	require.Equal(t, []string{
		"KASSA_JWKS_URL", "KASSA_TEMPORAL_ADDRESS", "KASSA_NATS_URL",
		"KASSA_USER_URL", "KASSA_PRODUCT_URL", "KASSA_INVENTORY_URL", "KASSA_CART_URL", "KASSA_ORDER_URL", "KASSA_PAYMENT_URL",
		"KASSA_ANALYTICS_URL", "KASSA_NOTIFICATION_URL",
	}, unset)
}
