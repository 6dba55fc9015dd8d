package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"kassa/api/gateway"
	"kassa/internal/config"
	"kassa/internal/ratelimit"
)

// settings is the configuration of the gateway.
type settings struct {
	config.Common
	config.Bus
	config.Services
	MetricsListen string   `env:"KASSA_METRICS_LISTEN" envDefault:"127.0.0.1:8081" example:"127.0.0.1:8081"`          // host:port of /metrics, not for clients
	PublicURL     string   `env:"KASSA_PUBLIC_URL" envDefault:"http://127.0.0.1:8080" example:"https://shop.example"` // where clients find us
	Origins       []string `env:"KASSA_CORS_ORIGINS" example:"https://shop.example,https://admin.shop.example"`       // whose pages may call; none when empty
	Proxies       []string `env:"KASSA_TRUSTED_PROXIES" example:"10.0.0.0/8,192.0.2.7/32"`                            // networks whose X-Forwarded-For is believed; none when empty
	RateLimits    string   `env:"KASSA_RATE_LIMITS" example:"anonymous=100/15m,checkout=off"`                         // changes of gateway.Limits
	Streams       int      `env:"KASSA_STREAMS_PER_CUSTOMER" envDefault:"10" example:"10"`                            // event streams that one customer may hold at a time, at each gateway
	RedisURL      string   `env:"KASSA_REDIS_URL" example:"rediss://:password@redis:6379/0"`                          // where several gateways count together; each for itself when empty
	LegacyURL     string   `env:"KASSA_LEGACY_URL" example:"http://old-shop:8000"`                                    // who answers what nothing here does under /api; nobody when empty
	LegacySignIns []string `env:"KASSA_LEGACY_SIGN_INS" example:"/v1/account/login"`                                  // its paths under /api where people sign in; none when empty
	LegacyRoutes  []string `env:"KASSA_LEGACY_ROUTES" example:"/v1/products=100,/v1/cart=25"`                         // percent of the customers that it still serves, by path
}

// Validate checks what the types cannot.
func (s settings) Validate(production bool) []string {
	lines := config.HTTPURLs("KASSA_PUBLIC_URL", s.PublicURL)
	if production && !strings.HasPrefix(s.PublicURL, "https://") {
		lines = append(lines, "KASSA_PUBLIC_URL must be the https address that clients use; for example https://shop.example")
	}
	if _, port, ok := strings.Cut(s.MetricsListen, ":"); !ok || port == "" {
		lines = append(lines, "KASSA_METRICS_LISTEN must be host:port; for example KASSA_METRICS_LISTEN=127.0.0.1:8081")
	}
	if s.LegacyURL != "" {
		lines = append(lines, config.HTTPURLs("KASSA_LEGACY_URL", s.LegacyURL)...)
	}
	if _, err := gateway.ParseLegacyShares(s.LegacyRoutes); err != nil {
		lines = append(lines, "KASSA_LEGACY_ROUTES: "+err.Error())
	} else if len(s.LegacyRoutes) > 0 && s.LegacyURL == "" {
		lines = append(lines, "KASSA_LEGACY_ROUTES needs KASSA_LEGACY_URL; set it, for example KASSA_LEGACY_URL=http://old-shop:8000")
	}
	if err := gateway.CheckLegacySignIns(s.LegacySignIns); err != nil {
		lines = append(lines, "KASSA_LEGACY_SIGN_INS: "+err.Error())
	} else if len(s.LegacySignIns) > 0 && s.LegacyURL == "" {
		lines = append(lines, "KASSA_LEGACY_SIGN_INS needs KASSA_LEGACY_URL; set it, for example KASSA_LEGACY_URL=http://old-shop:8000")
	}
	if _, err := s.proxies(); err != nil {
		lines = append(lines, "KASSA_TRUSTED_PROXIES must be a list of networks that are yours, not of everybody; for example KASSA_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.7/32")
	}
	if _, err := s.limits(); err != nil {
		lines = append(lines, "KASSA_RATE_LIMITS "+err.Error()+"; for example KASSA_RATE_LIMITS=anonymous=100/15m,checkout=off")
	}
	if s.Streams < 1 || s.Streams > 1000 {
		lines = append(lines, "KASSA_STREAMS_PER_CUSTOMER must be between 1 and 1000; for example KASSA_STREAMS_PER_CUSTOMER=10")
	}
	if s.RedisURL != "" && !ratelimit.ValidURL(s.RedisURL) {
		lines = append(lines, "KASSA_REDIS_URL must be redis://user:password@host:port/number, or rediss:// for TLS; check its scheme and its host")
	}
	for _, origin := range s.Origins {
		if origin == "*" && !production {
			continue
		}
		if strings.Contains(origin, "*") {
			return append(lines, "KASSA_CORS_ORIGINS must name each origin; a wildcard would let every page on the web in")
		}
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.Path != "" {
			return append(lines, "KASSA_CORS_ORIGINS must be a list like https://shop.example,https://admin.shop.example; scheme and host only")
		}
	}
	return lines
}

// proxies are the networks of our own proxies.
func (s settings) proxies() (networks []netip.Prefix, err error) {
	for _, text := range s.Proxies {
		if text == "" {
			continue
		}
		network, err := netip.ParsePrefix(strings.TrimSpace(text))
		switch {
		case err != nil:
			return nil, err
		case network.Bits() == 0, network.Addr().Is4In6():
			return nil, fmt.Errorf("%s holds everybody, or nobody", network)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// limits are those of the gateway with the changes of this configuration.
func (s settings) limits() ([]ratelimit.Policy, error) {
	return ratelimit.Override(gateway.Limits, s.RateLimits)
}
