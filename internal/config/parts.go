package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"kassa/internal/discovery"
)

// The environments.
const (
	Development = "development"
	Production  = "production"
)

// DevelopmentToken is the internal token when none is set; production refuses it.
const DevelopmentToken = "development-internal-token"

// Common is what every process needs.
type Common struct {
	Env           string `env:"KASSA_ENV" envDefault:"development" example:"production"`
	Listen        string `env:"KASSA_LISTEN,notEmpty" example:"127.0.0.1:4001"` // host:port of this process's HTTP
	LogLevel      string `env:"KASSA_LOG_LEVEL" envDefault:"info" example:"info"`
	InternalToken string `env:"KASSA_INTERNAL_TOKEN" envDefault:"development-internal-token" example:"$(openssl rand -hex 32)"`
	JWKSURL       string `env:"KASSA_JWKS_URL" envDefault:"http://127.0.0.1:4001/.well-known/jwks.json" example:"http://user:4001/.well-known/jwks.json"`
}

// Production reports whether this is not a developer's machine.
func (c Common) Production() bool { return c.Env == Production }

// Validate checks what the types cannot.
func (c Common) Validate(production bool) []string {
	var lines []string
	if c.Env != Development && c.Env != Production {
		lines = append(lines, "KASSA_ENV must be development or production; set one of the two")
	}
	if _, port, ok := strings.Cut(c.Listen, ":"); !ok || port == "" {
		lines = append(lines, "KASSA_LISTEN must be host:port; for example KASSA_LISTEN=127.0.0.1:4001")
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		lines = append(lines, "KASSA_LOG_LEVEL must be debug, info, warn or error; for example KASSA_LOG_LEVEL=info")
	}
	if production {
		lines = append(lines, Secret("KASSA_INTERNAL_TOKEN", c.InternalToken, DevelopmentToken)...)
	}
	return append(lines, HTTPURLs("KASSA_JWKS_URL", c.JWKSURL)...)
}

// Database is for a process that owns a database.
type Database struct {
	DatabaseURL string `env:"KASSA_DATABASE_URL,notEmpty" example:"postgres://orders:secret@127.0.0.1:5442/orders?sslmode=disable"`
}

// Validate checks the URL; production must not talk to the database in the clear.
func (d Database) Validate(production bool) []string {
	u, err := url.Parse(d.DatabaseURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Path == "" || u.Path == "/" {
		return []string{"KASSA_DATABASE_URL must be postgres://user:password@host:port/database; check its scheme and database name"}
	}
	if !production {
		return nil
	}
	switch u.Query().Get("sslmode") {
	case "require", "verify-ca", "verify-full":
	default:
		return []string{"KASSA_DATABASE_URL must encrypt in production; add sslmode=verify-full (or require)"}
	}
	if password, _ := u.User.Password(); password == "" && u.Query().Get("sslcert") == "" && u.Query().Get("passfile") == "" {
		return []string{"KASSA_DATABASE_URL has no password; give the role one, or a client certificate with sslcert and sslkey"}
	}
	return nil
}

// Temporal is for a process that starts or runs workflows.
type Temporal struct {
	TemporalAddress   string `env:"KASSA_TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233" example:"temporal-frontend:7233"`
	TemporalNamespace string `env:"KASSA_TEMPORAL_NAMESPACE" envDefault:"kassa" example:"kassa"`
}

// Validate checks the address.
func (t Temporal) Validate(bool) []string {
	if _, port, ok := strings.Cut(t.TemporalAddress, ":"); !ok || port == "" {
		return []string{"KASSA_TEMPORAL_ADDRESS must be host:port; for example KASSA_TEMPORAL_ADDRESS=127.0.0.1:7233"}
	}
	return nil
}

// Bus is for a process that publishes or consumes events.
type Bus struct {
	NATSURL string `env:"KASSA_NATS_URL" envDefault:"nats://127.0.0.1:4222" example:"tls://nats:4222"`
}

// Validate checks each address of the list.
func (b Bus) Validate(bool) []string {
	for address := range strings.SplitSeq(b.NATSURL, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Host == "" {
			return []string{"KASSA_NATS_URL must be a list like nats://host:4222; separate several with commas"}
		}
	}
	return nil
}

// Services are the addresses of the other services; several are instances.
type Services struct {
	UserURLs      []string `env:"KASSA_USER_URL" envDefault:"http://127.0.0.1:4001" example:"http://user:4001"`
	ProductURLs   []string `env:"KASSA_PRODUCT_URL" envDefault:"http://127.0.0.1:4002" example:"http://product:4002"`
	InventoryURLs []string `env:"KASSA_INVENTORY_URL" envDefault:"http://127.0.0.1:4003" example:"http://inventory:4003"`
	CartURLs      []string `env:"KASSA_CART_URL" envDefault:"http://127.0.0.1:4004" example:"http://cart:4004"`
	OrderURLs     []string `env:"KASSA_ORDER_URL" envDefault:"http://127.0.0.1:4005" example:"http://order:4005"`
	PaymentURLs   []string `env:"KASSA_PAYMENT_URL" envDefault:"http://127.0.0.1:4006" example:"http://payment:4006"`
	AnalyticsURLs []string `env:"KASSA_ANALYTICS_URL" envDefault:"http://127.0.0.1:4008" example:"http://analytics:4008"`

	NotificationURLs []string `env:"KASSA_NOTIFICATION_URL" envDefault:"http://127.0.0.1:4007" example:"http://notification:4007"`
}

// Map is service name → base URLs.
func (s Services) Map() map[string][]string {
	return map[string][]string{
		"user": s.UserURLs, "product": s.ProductURLs, "inventory": s.InventoryURLs, "cart": s.CartURLs, "order": s.OrderURLs, "payment": s.PaymentURLs,
		"analytics":    s.AnalyticsURLs,
		"notification": s.NotificationURLs,
	}
}

// Validate checks each address.
func (s Services) Validate(bool) []string {
	var lines []string
	for _, each := range []struct {
		name string
		urls []string
	}{
		{"KASSA_USER_URL", s.UserURLs},
		{"KASSA_PRODUCT_URL", s.ProductURLs},
		{"KASSA_INVENTORY_URL", s.InventoryURLs},
		{"KASSA_CART_URL", s.CartURLs},
		{"KASSA_ORDER_URL", s.OrderURLs},
		{"KASSA_PAYMENT_URL", s.PaymentURLs},
		{"KASSA_ANALYTICS_URL", s.AnalyticsURLs},
		{"KASSA_NOTIFICATION_URL", s.NotificationURLs},
	} {
		for _, address := range each.urls {
			if _, err := discovery.ParseAddress(address); err != nil {
				lines = append(lines, fmt.Sprintf("%s %s; separate several with commas", each.name, err))
				break
			}
		}
	}
	return lines
}

// HTTPURLs is the line about the variable called name when one of its values is
// not an http or https URL, or nil.
func HTTPURLs(name string, values ...string) []string {
	for _, value := range values {
		u, err := url.Parse(strings.TrimSpace(value))
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return []string{fmt.Sprintf("%s must be http://host:port or https://host; separate several with commas", name)}
		}
	}
	return nil
}

// Secret is the line about the secret called name when it may not be used in
// production: one of the development values, anything that begins with
// "development-" (docker-compose.yml's defaults do), or shorter than 24 characters.
func Secret(name, value string, development ...string) []string {
	if strings.HasPrefix(value, "development-") || slices.Contains(development, value) {
		return []string{fmt.Sprintf("%s still has its development value; set a secret of its own, for example %s=$(openssl rand -hex 32)", name, name)}
	}
	if len(value) < 24 {
		return []string{fmt.Sprintf("%s is missing or too short for production (24 characters at least); for example %s=$(openssl rand -hex 32)", name, name)}
	}
	return nil
}
