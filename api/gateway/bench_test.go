package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
	"kassa/internal/id"
	"kassa/internal/identity"
)

// BenchmarkHop is one request to a service, asked directly and through the
// gateway with a token and a key. The client and the service are in the same
// process: what the gateway costs is the difference in cpu-µs/op.
func BenchmarkHop(b *testing.B) {
	reply := []byte(`{"id":"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11","status":"confirmed"}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(reply)
	}))
	b.Cleanup(server.Close)
	e := open(b, orders(server.URL))
	token := e.issuer.Token(id.New(), identity.Customer)
	body := `{"lines":[{"variant_id":"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11","quantity":2}],"payment_method":"pm_card_visa"}`
	client := &http.Transport{MaxIdleConnsPerHost: 64}
	b.Cleanup(client.CloseIdleConnections)

	ask := func(b *testing.B, url string) {
		req, err := http.NewRequestWithContext(b.Context(), "POST", url, strings.NewReader(body))
		require.NoError(b, err)
		req.Header["Authorization"] = []string{"Bearer " + token}
		req.Header["Idempotency-Key"] = []string{"k"}
		req.Header["Content-Type"] = []string{"application/json"}
		res, err := client.RoundTrip(req)
		require.NoError(b, err)
		_, _ = io.Copy(io.Discard, res.Body)
		require.NoError(b, res.Body.Close())
		require.Equal(b, http.StatusOK, res.StatusCode)
	}
	for _, c := range []struct{ name, url string }{{"direct", server.URL + "/v1/checkout"}, {"gateway", e.url + "/api/v1/checkout"}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime()
			for b.Loop() {
				ask(b, c.url)
			}
			b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// BenchmarkRefusal is what an overload costs for each request that finds no place,
// without the network.
func BenchmarkRefusal(b *testing.B) {
	b.Cleanup(gateway.SetConcurrent(0))
	e := open(b, nil)
	token := "Bearer " + e.issuer.Token(id.New(), identity.Customer)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), "POST", "/api/v1/checkout", strings.NewReader("{}"))
		r.Header["Authorization"] = []string{token}
		r.Header["Idempotency-Key"] = []string{"k"}
		w := httptest.NewRecorder()
		e.inside.ServeHTTP(w, r)
		require.Equal(b, http.StatusServiceUnavailable, w.Code)
	}
}

// cpuTime is what this process has used, user and system.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
