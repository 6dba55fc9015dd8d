package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mailed waits for a mail to somebody whose subject has words, and answers its
// text. Of several the newest counts.
func mailed(t *testing.T, to, words string) string {
	t.Helper()
	var message string
	require.Eventually(t, func() bool {
		found := ask{method: http.MethodGet, path: "/messages?channel=email&to=" + url.QueryEscape(to)}.at(t, where.Mail).members(t)
		for _, each := range found["messages"].([]any) {
			mail := each.(map[string]any)
			if strings.Contains(strings.ToLower(mail["subject"].(string)), strings.ToLower(words)) {
				message = ask{method: http.MethodGet, path: "/messages/" + mail["id"].(string)}.at(t, where.Mail).members(t)["text"].(string)
				return true
			}
		}
		return false
	}, soon, 100*time.Millisecond, "a mail to %s about %q", to, words)
	return message
}

var tokenInMail = regexp.MustCompile(`token=([A-Za-z0-9_-]+)`)

// mailedToken is the token in the link of a mail.
func mailedToken(t *testing.T, to, words string) string {
	t.Helper()
	message := mailed(t, to, words)
	found := tokenInMail.FindStringSubmatch(message)
	require.NotNil(t, found, message)
	return found[1]
}
