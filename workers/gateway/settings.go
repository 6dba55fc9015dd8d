package main

import (
	"net/url"
	"strings"

	"kassa/api/gateway"
	"kassa/internal/config"
)

// settings is the configuration of the gateway.
type settings struct {
	config.Common
	config.Bus
	config.Services
	MetricsListen string   `env:"KASSA_METRICS_LISTEN" envDefault:"127.0.0.1:8081" example:"127.0.0.1:8081"`          // host:port of /metrics, not for clients
	PublicURL     string   `env:"KASSA_PUBLIC_URL" envDefault:"http://127.0.0.1:8080" example:"https://shop.example"` // where clients find us
	Origins       []string `env:"KASSA_CORS_ORIGINS" example:"https://shop.example,https://admin.shop.example"`       // whose pages may call; none when empty
	LegacyURL     string   `env:"KASSA_LEGACY_URL" example:"http://old-shop:8000"`                                    // who answers what nothing here does under /api; nobody when empty
	LegacyRoutes  []string `env:"KASSA_LEGACY_ROUTES" example:"/v1/products=100,/v1/cart=25"`                         // percent of the customers that it still serves, by path
}

// Validate checks what the types cannot.
func (s settings) Validate(production bool) []string {
	lines := config.HTTPURLs("KASSA_PUBLIC_URL", s.PublicURL)
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
