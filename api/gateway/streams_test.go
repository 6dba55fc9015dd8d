package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/telemetry"
)

// endless is a service whose answers begin and go on until the client leaves.
func endless(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// follow opens a stream. When the status is 200 it goes on until leave.
func (e *edge) follow(h headers) (a answer, leave func()) {
	e.t.Helper()
	ctx, leave := context.WithCancel(e.t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", e.url+"/api/v1/orders/"+id.New().String()+"/events", http.NoBody)
	require.NoError(e.t, err)
	for name, value := range h {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(e.t, err)
	e.t.Cleanup(func() { leave(); _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		return e.read(res), leave
	}
	return answer{status: res.StatusCode}, leave
}

func TestACustomerMayHoldSoManyStreams(t *testing.T) {
	e := open(t, func(o *gateway.Options) { o.Services["order"], o.Streams = []string{endless(t)}, 3 })
	user := id.New()
	mine := func() headers { // another session each time
		return headers{"Authorization": "Bearer " + e.issuer.Token(user, identity.Customer)}
	}
	var leave func()
	for range 3 {
		var a answer
		a, leave = e.follow(mine())
		require.Equal(t, 200, a.status)
	}
	for range 2 {
		a, _ := e.follow(mine())
		e.refused(a, 429, "too_many_streams")
		require.Equal(t, []any{"5", true}, []any{a.header.Get("Retry-After"), a.body["retryable"]})
	}
	for range 3 {
		a, _ := e.follow(nil)
		require.Equal(t, 200, a.status, "who is not signed in is counted by address")
	}
	a, _ := e.follow(nil)
	e.refused(a, 429, "too_many_streams")
	a, _ = e.follow(headers{"Authorization": "Bearer " + e.issuer.Token(id.New(), identity.Customer)})
	require.Equal(t, 200, a.status, "others have their own")

	leave()
	require.Eventually(t, func() bool { a, _ := e.follow(mine()); return a.status == 200 }, soon, 10*time.Millisecond, "one has become free")
	a, _ = e.follow(mine())
	e.refused(a, 429, "too_many_streams")
}

// counted is how many requests to a route ended with a status, as the metrics have it.
func counted(t testing.TB, route, status string) (n uint64) {
	t.Helper()
	families, err := telemetry.Registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != "http_request_duration_seconds" {
			continue
		}
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["route"] == route && labels["status"] == status {
				n += m.GetHistogram().GetSampleCount()
			}
		}
	}
	return n
}

func TestAClientThatLeavesIsNobodysFault(t *testing.T) {
	const events, checkouts = "/api/v1/orders/{id}/events", "/api/v1/checkout"
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.ReadAll(r.Body)
			arrived <- struct{}{}
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	e := open(t, func(o *gateway.Options) { o.Services["order"], o.Streams = []string{endless(t)}, 20 })
	before := map[string]uint64{}
	for _, status := range []string{"499", "500", "503"} {
		before[status] = counted(t, events, status)
		before["checkout "+status] = counted(t, checkouts, status)
	}
	for range 10 {
		a, leave := e.follow(nil)
		require.Equal(t, 200, a.status)
		leave()
	}
	waiting := open(t, orders(server.URL))
	for range 10 {
		waiting.abandon(checkouts, arrived)
	}
	require.Eventually(t, func() bool {
		return counted(t, events, "499") == before["499"]+10 && counted(t, checkouts, "499") == before["checkout 499"]+10
	}, soon, 10*time.Millisecond)
	for _, status := range []string{"500", "503"} {
		require.Equal(t, before[status], counted(t, events, status), status)
		require.Equal(t, before["checkout "+status], counted(t, checkouts, status), status)
	}
	require.Equal(t, 200, waiting.call("GET", "/api/v1/orders", "", nil).status, "no breaker heard of it")
}
