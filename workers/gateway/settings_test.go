package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOriginsOfBrowsers(t *testing.T) {
	for _, c := range []struct {
		name       string
		origins    string
		production bool
		refused    string // "" when it is accepted
	}{
		{"none", "", true, ""},
		{"two shops", "https://shop.example,https://admin.shop.example", true, ""},
		{"every page, on a developer's machine", "*", false, ""},
		{"every page, in production", "*", true, "must name each origin"},
		{"a pattern", "https://*.shop.example", false, "must name each origin"},
		{"a path", "https://shop.example/", true, "scheme and host only"},
		{"no scheme", "shop.example", true, "scheme and host only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := settings{MetricsListen: "127.0.0.1:8081", PublicURL: "https://shop.example", Streams: 10}
			if c.origins != "" {
				s.Origins = strings.Split(c.origins, ",")
			}
			lines := s.Validate(c.production)
			if c.refused == "" {
				require.Empty(t, lines)
				return
			}
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], c.refused)
			require.Contains(t, lines[0], "KASSA_CORS_ORIGINS")
		})
	}
}

func TestStreamsOfACustomer(t *testing.T) {
	for n, refused := range map[int]bool{-1: true, 0: true, 1: false, 10: false, 1000: false, 1001: true} {
		lines := settings{MetricsListen: "127.0.0.1:8081", PublicURL: "https://shop.example", Streams: n}.Validate(true)
		require.Equal(t, refused, len(lines) == 1 && strings.HasPrefix(lines[0], "KASSA_STREAMS_PER_CUSTOMER must be"), "%d: %v", n, lines)
	}
}

func TestSignInsOfAnOldShop(t *testing.T) {
	s := settings{MetricsListen: "127.0.0.1:8081", PublicURL: "https://shop.example", Streams: 10, LegacyURL: "http://old:8000"}
	s.LegacySignIns = []string{"/v1/account/login", "/v1/session"}
	require.Empty(t, s.Validate(true))
	s.LegacySignIns = []string{"account/login"}
	require.Equal(t, []string{`KASSA_LEGACY_SIGN_INS: "account/login" is not like /v1/account/login, a path below /api`}, s.Validate(true))
	s.LegacyURL, s.LegacySignIns = "", []string{"/v1/session"}
	require.Equal(t, []string{"KASSA_LEGACY_SIGN_INS needs KASSA_LEGACY_URL; set it, for example KASSA_LEGACY_URL=http://old-shop:8000"}, s.Validate(true))
}

func TestLimitsAndProxies(t *testing.T) {
	for _, c := range []struct{ name, proxies, limits, redis, refused string }{
		{"none", "", "", "", ""},
		{"all", "10.0.0.0/8, 2001:db8::/32", "anonymous=100/15m,principal=off", "rediss://:secret@redis:6379/0", ""},
		{"an address", "10.0.0.7", "", "", "KASSA_TRUSTED_PROXIES must be a list of networks that are yours, not of everybody; for example KASSA_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.7/32"},
		{"an unknown limit", "", "buying=1/1m", "", "KASSA_RATE_LIMITS must name policies out of anonymous, principal, sign-in, checkout, api-key; for example KASSA_RATE_LIMITS=anonymous=100/15m,checkout=off"},
		{"a limit without a time", "", "checkout=5", "", "KASSA_RATE_LIMITS must give checkout a number of requests and a time from 1s to 24h, or off; for example KASSA_RATE_LIMITS=anonymous=100/15m,checkout=off"},
		{"a web address", "", "", "http://hunter2@redis", "KASSA_REDIS_URL must be redis://user:password@host:port/number, or rediss:// for TLS; check its scheme and its host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := settings{MetricsListen: "127.0.0.1:8081", PublicURL: "https://shop.example", Streams: 10, RateLimits: c.limits, RedisURL: c.redis}
			if c.proxies != "" {
				s.Proxies = strings.Split(c.proxies, ",")
			}
			lines := s.Validate(true)
			if c.refused == "" {
				require.Empty(t, lines)
				return
			}
			require.Equal(t, []string{c.refused}, lines)
		})
	}
}
