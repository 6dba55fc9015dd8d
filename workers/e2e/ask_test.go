package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/internal/id"
	"kassa/sandbox/shopper"
)

// ask is a request as it goes over the wire. A body is JSON unless a header
// says otherwise; an empty header is left out.
type ask struct {
	method, path, body string
	token              string
	header             map[string]string
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

// browser follows no redirect and has no patience. Its transport is the witness.
var browser = &http.Client{
	Timeout:       40 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// at sends the request to a base URL.
func (a ask) at(t *testing.T, base string) reply {
	t.Helper()
	r, err := a.try(t, base)
	require.NoError(t, err)
	return r
}

func (a ask) try(t *testing.T, base string) (reply, error) {
	t.Helper()
	request, err := a.request(context.WithoutCancel(t.Context()), base)
	require.NoError(t, err)
	begin := time.Now()
	response, err := browser.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return reply{status: response.StatusCode, header: response.Header, body: string(body), took: time.Since(begin)}, err
}

// request is what goes over the wire.
func (a ask) request(ctx context.Context, base string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, a.method, base+a.path, strings.NewReader(a.body))
	if err != nil {
		return nil, err
	}
	if a.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	for name, value := range a.header {
		if value == "" {
			request.Header.Del(name)
			continue
		}
		request.Header.Set(name, value)
	}
	return request, nil
}

// gateway sends the request to the platform's door.
func (a ask) gateway(t *testing.T) reply {
	t.Helper()
	return a.at(t, where.Gateway)
}

// settled sends a purchase, and again with the same key while the platform is
// busy (503) or has no outcome yet (202).
func (a ask) settled(t *testing.T) reply {
	t.Helper()
	return a.past(t, http.StatusServiceUnavailable, http.StatusAccepted)
}

// past sends the request, and again while it is answered with one of the statuses.
func (a ask) past(t *testing.T, statuses ...int) reply {
	t.Helper()
	var r reply
	require.Eventually(t, func() bool {
		r = a.gateway(t)
		return !slices.Contains(statuses, r.status)
	}, 2*soon, often, "%s %s: %s", a.method, a.path, lazily(func() string { return r.body }))
	return r
}

// tester is a test of this package or of the fuzzer.
type tester interface {
	require.TestingT
	Helper()
}

// members are those of a JSON object.
func (r reply) members(t tester) map[string]any {
	t.Helper()
	var members map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &members), r.body)
	return members
}

// problem checks that the reply is a problem document that says what its status
// says, and returns its members.
func (r reply) problem(t tester, status int) map[string]any {
	t.Helper()
	require.Equal(t, status, r.status, r.body)
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), r.body)
	members := r.members(t)
	require.EqualValues(t, status, members["status"], r.body)
	require.NotEmpty(t, members["code"], r.body)
	require.NotEmpty(t, members["title"], r.body)
	require.NotEmpty(t, members["detail"], r.body)
	require.Equal(t, "urn:uuid:"+r.header.Get("X-Request-Id"), members["instance"], r.body)
	require.Equal(t, "/docs/errors#"+members["code"].(string), members["type"], r.body)
	return members
}

// customer is somebody new who is signed in.
func customer(t *testing.T) *shopper.Customer {
	t.Helper()
	c, err := shop.Welcome(t.Context(), "Grace Example")
	require.NoError(t, err)
	return c
}

// stocked is a new product of one variant at 18.99 EUR.
func stocked(t *testing.T, pieces int64) shopper.Item {
	t.Helper()
	item, err := shop.Stock(t.Context(), shopper.Article{
		SKU: "MUG-" + id.New().String(), Name: "Mug", Description: "A mug", Price: eur(1899), Stock: pieces,
	})
	require.NoError(t, err)
	return item
}

// tokenOf is the customer's access token.
func tokenOf(t *testing.T, c *shopper.Customer) string {
	t.Helper()
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	return token
}
