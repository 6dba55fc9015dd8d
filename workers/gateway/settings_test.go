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
			s := settings{MetricsListen: "127.0.0.1:8081", PublicURL: "https://shop.example"}
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
