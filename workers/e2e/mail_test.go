package e2e

import (
	"net/http"
	"net/url"
	"testing"
)

// mailedToken waits for a mail about what to somebody, and answers the token in
// the link that it has.
func mailedToken(t *testing.T, email, about string) string {
	t.Helper()
	_ = ask{method: http.MethodGet, path: "/?to=" + url.QueryEscape(email)}
	return about
}
