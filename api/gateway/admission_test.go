package gateway_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
)

// crowd is a service that answers a request with the header Hold only when it is
// told to.
type crowd struct {
	*edge
	arrived chan struct{}
	release chan struct{}
	queue   atomic.Int64 // ms that it says work waits
	asking  sync.WaitGroup
}

func gather(t *testing.T, service string, places int) *crowd {
	t.Helper()
	t.Cleanup(gateway.SetConcurrent(places))
	c := &crowd{arrived: make(chan struct{}), release: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Hold") != "" {
			c.arrived <- struct{}{}
			<-c.release
		}
		w.Header().Set("Server-Timing", fmt.Sprintf("queue;dur=%d", c.queue.Load()))
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	c.edge = open(t, func(o *gateway.Options) { o.Services[service] = []string{server.URL} })
	t.Cleanup(c.asking.Wait)
	t.Cleanup(func() { close(c.release) })
	return c
}

// hold keeps n requests under way.
func (c *crowd) hold(n int, method, path string) {
	c.t.Helper()
	for range n {
		c.asking.Go(func() {
			req, _ := http.NewRequest(method, c.url+path, http.NoBody) //nolint:noctx // the crowd is let go at the end
			req.Header.Set("Hold", "1")
			req.Header.Set("Idempotency-Key", "k")
			if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
				_ = res.Body.Close()
			}
		})
		await(c.t, c.arrived) // it was admitted
	}
}

func (c *crowd) turnedAway(method, path string) {
	c.t.Helper()
	body := strings.Repeat("x", 1000)
	if method == "GET" {
		body = ""
	}
	quickest := time.Hour // the machine may be busy with other tests
	for range 5 {
		begin := time.Now()
		a := c.call(method, path, body, headers{"Idempotency-Key": "k"})
		quickest = min(quickest, time.Since(begin))
		c.refused(a, http.StatusServiceUnavailable, "overloaded")
		require.Equal(c.t, true, a.body["retryable"])
		seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
		require.NoError(c.t, err)
		require.GreaterOrEqual(c.t, seconds, 1)
	}
	require.Less(c.t, quickest, 50*time.Millisecond)
}

func (c *crowd) served(method, path string) {
	c.t.Helper()
	a := c.call(method, path, "", headers{"Idempotency-Key": "k"})
	require.Equal(c.t, http.StatusNoContent, a.status, "%s: %s", path, a.raw)
}

func TestOverloadTurnsAwayWhatMattersLeast(t *testing.T) {
	c := gather(t, "order", 20)
	before := testutil.ToFloat64(gateway.Shed.WithLabelValues("order", "buying"))
	c.hold(16, "POST", "/api/v1/checkout")
	c.turnedAway("POST", "/api/v1/checkout")
	c.turnedAway("POST", "/api/v1/orders")
	c.served("GET", "/api/v1/orders/1")
	c.served("POST", "/api/v1/orders/1/cancel")
	c.hold(2, "GET", "/api/v1/orders/1/timeline")
	c.turnedAway("GET", "/api/v1/orders/1")
	require.InDelta(t, before+10, testutil.ToFloat64(gateway.Shed.WithLabelValues("order", "buying")), 0.1)
}

func TestAQueueThatTheServiceTellsOfTurnsAway(t *testing.T) {
	c := gather(t, "order", 30)
	c.hold(20, "POST", "/api/v1/checkout")
	c.watch()
	turns := func(status int) { // on a busy machine there may be a delay that nobody has told of
		t.Helper()
		require.Eventually(t, func() bool {
			return c.call("POST", "/api/v1/checkout", "", headers{"Idempotency-Key": "k"}).status == status
		}, soon, 10*time.Millisecond)
	}
	turns(http.StatusNoContent)
	c.queue.Store(5000)
	turns(http.StatusServiceUnavailable)
	c.served("POST", "/api/v1/orders/1/cancel")
	c.queue.Store(0)
	turns(http.StatusNoContent)
}

func TestTheProviderIsHeardWhenNobodyElseIs(t *testing.T) {
	c := gather(t, "payment", 20)
	c.hold(18, "GET", "/api/v1/payments")
	c.turnedAway("GET", "/api/v1/payments/1")
	c.turnedAway("POST", "/api/v1/payments")
	c.served("POST", "/api/v1/webhooks/stripe")
}

func TestCartsGoBeforeBrowsing(t *testing.T) {
	c := gather(t, "cart", 20)
	c.hold(12, "GET", "/api/v1/cart")
	c.turnedAway("GET", "/api/v1/cart")
	c.served("POST", "/api/v1/cart/items")
	c.hold(2, "POST", "/api/v1/cart/items")
	c.turnedAway("POST", "/api/v1/cart/items")
}

func TestVisitsGoLast(t *testing.T) {
	c := gather(t, "analytics", 20)
	c.hold(8, "GET", "/api/v1/recommendations")
	c.turnedAway("POST", "/api/v1/events")
	c.turnedAway("GET", "/api/v1/products/1/related")
}

func TestHeadersAreBounded(t *testing.T) {
	e := open(t, echoing(t))
	e.refused(e.call("GET", "/api/v1/products", "", headers{"X-Large": strings.Repeat("x", 16<<10)}), 431, "headers_too_large")
	require.Equal(t, 200, e.call("GET", "/api/v1/products", "", headers{"X-Large": strings.Repeat("x", 8<<10)}).status)
}

func TestWhoDoesNotReadTheAnswerLosesIt(t *testing.T) {
	for _, path := range []string{"/api/v1/orders", "/api/v1/orders/7/events"} {
		t.Run(path, func(t *testing.T) { losesIt(t, path) })
	}
}

func losesIt(t *testing.T, path string) {
	t.Cleanup(gateway.SetTakenIn(200 * time.Millisecond))
	left := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(left)
		for part := make([]byte, 1<<20); ; {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	e := open(t, orders(server.URL))
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(e.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: shop\r\n\r\n"))
	require.NoError(t, err)
	await(t, left) // the service writes no more
}
