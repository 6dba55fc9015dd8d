package gateway_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
	"kassa/internal/id"
	"kassa/internal/localstack/freeport"
)

// orders puts instances behind the order service.
func orders(urls ...string) func(*gateway.Options) {
	return func(o *gateway.Options) { o.Services["order"] = urls }
}

// refusing is an address where nobody listens.
func refusing(t testing.TB) string {
	t.Helper()
	port, err := freeport.Pick()
	require.NoError(t, err)
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// breaking is a service that takes a request and breaks off.
func breaking(t testing.TB, asked *atomic.Int64) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		asked.Add(1)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// hung is a service that takes a request and never answers.
func hung(t testing.TB, asked *atomic.Int64) string {
	t.Helper()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		<-release
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	return server.URL
}

// await is what comes from a channel, within a minute.
func await[T any](t testing.TB, from <-chan T) (came T) {
	t.Helper()
	select {
	case came = <-from:
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
	}
	return came
}

func TestInstancesTakeTurns(t *testing.T) {
	e := open(t, orders(upstream(t, "one").URL, upstream(t, "two").URL, upstream(t, "three").URL))
	counts := map[string]int{}
	for range 30 {
		counts[e.call("GET", "/api/v1/orders", "", nil).body["service"].(string)]++
	}
	require.Equal(t, map[string]int{"one": 10, "two": 10, "three": 10}, counts)
}

func TestAnInstanceThatIsGoneIsPassedOver(t *testing.T) {
	e := open(t, orders(refusing(t), upstream(t, "two").URL))
	for range 20 {
		a := e.call("POST", "/api/v1/orders", `{"a":1}`, headers{"Idempotency-Key": "k"})
		require.Equal(t, 200, a.status, a.raw)
		require.Equal(t, `{"a":1}`, a.body["body"], "the whole body, although the first could not be reached")
		large := strings.Repeat("x", 100<<10) // streamed, not held
		a = e.call("POST", "/api/v1/orders", large, headers{"Idempotency-Key": "k"})
		require.Equal(t, 200, a.status, a.raw)
		require.Len(t, a.body["body"], len(large))
	}
}

func TestOnlyWhatMayHappenTwiceIsSentAgain(t *testing.T) {
	var asked atomic.Int64
	e := open(t, func(o *gateway.Options) {
		o.Services["order"] = []string{breaking(t, &asked), upstream(t, "two").URL}
		o.Services["product"] = []string{breaking(t, &asked), breaking(t, &asked)}
	})
	for range 4 {
		require.Equal(t, 200, e.call("POST", "/api/v1/checkout", `{"a":1}`, headers{"Idempotency-Key": "k"}).status, "the service knows it by its key")
		require.Equal(t, 200, e.call("GET", "/api/v1/orders", "", nil).status)
	}
	asked.Store(0)
	e.refused(e.call("POST", "/api/v1/quotes", `{"a":1}`, nil), 503, "unavailable")
	require.Equal(t, int64(1), asked.Load(), "nobody knows whether it happened")
	e.refused(e.call("GET", "/api/v1/products", "", nil), 503, "unavailable")
	require.Equal(t, int64(3), asked.Load(), "once more, at the other one")
	e.refused(e.call("POST", "/api/v1/products", `{"a":1}`, headers{"Idempotency-Key": "k"}), 503, "unavailable")
	require.Equal(t, int64(5), asked.Load(), "this one need not have a key, and knows it when it has")
}

func TestAKeyThatAnOperationIgnoresIsNoLeaveToRepeatIt(t *testing.T) {
	for _, c := range []struct{ method, path string }{
		{"POST", "/api/v1/quotes"},
		{"DELETE", "/api/v1/cart"},
		{"PATCH", "/api/v1/products/" + id.New().String()},
		{"POST", "/api/v1/wishlists"}, // the old shop's; who knows what it does
	} {
		for _, body := range []string{"", `{"a":1}`} {
			keys := make(chan string, 9)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					return
				}
				_, _ = io.ReadAll(r.Body)
				keys <- r.Header.Get("Idempotency-Key")
				panic(http.ErrAbortHandler)
			}))
			t.Cleanup(server.Close)
			e := open(t, func(o *gateway.Options) {
				for _, name := range services {
					o.Services[name] = []string{server.URL, server.URL + "/"} // one process, known twice
				}
				o.LegacyURL = server.URL
			})
			for range 4 { // connections that were used before: Go's transport repeats on those, too
				require.Equal(t, 200, e.call("GET", c.path, "", nil).status)
			}
			e.refused(e.call(c.method, c.path, body, headers{"Idempotency-Key": "k"}), 503, "unavailable")
			require.Equal(t, "k", await(t, keys))
			require.Empty(t, keys, "%s %s", c.method, c.path)
		}
	}
}

func TestARequestIsSentAgainOnceAndWithinItsDeadline(t *testing.T) {
	var broken, waiting atomic.Int64
	e := open(t, func(o *gateway.Options) {
		for range 4 {
			o.Services["order"] = append(o.Services["order"], breaking(t, &broken))
		}
	})
	e.refused(e.call("GET", "/api/v1/orders", "", nil), 503, "unavailable")
	require.Equal(t, int64(2), broken.Load(), "once, however many there are")

	t.Cleanup(gateway.SetUsualWait(400 * time.Millisecond))
	e = open(t, func(o *gateway.Options) {
		o.Services["product"] = []string{hung(t, &waiting), hung(t, &waiting)}
		o.Services["cart"] = []string{breaking(t, &waiting), hung(t, &waiting)}
	})
	for _, c := range []struct {
		path  string
		asked int64
	}{{"/api/v1/products", 1}, {"/api/v1/cart", 2}} {
		waiting.Store(0)
		begin := time.Now()
		e.refused(e.call("GET", c.path, "", nil), 503, "unavailable")
		require.Less(t, time.Since(begin), 5*time.Second)
		require.LessOrEqual(t, waiting.Load(), c.asked, "the deadline is of all attempts together")
	}
}

func TestAnAnswerThatHasBegunIsNotAskedForAgain(t *testing.T) {
	var asked atomic.Int64
	half := func() string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Content-Length", "200000")
			_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	e := open(t, orders(half(), half()))
	req, err := http.NewRequestWithContext(t.Context(), "GET", e.url+"/api/v1/orders", http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	_, err = io.ReadAll(res.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the client sees that it is not all")
	require.Equal(t, int64(1), asked.Load())
}

func TestAServiceThatIsOutIsSaidAtOnceAndComesBack(t *testing.T) {
	var address string
	e := open(t, func(o *gateway.Options) {
		echoing(t)(o)
		o.Services["order"] = []string{refusing(t)}
		address = strings.TrimPrefix(o.Services["order"][0], "http://")
	})
	for range 50 {
		start := time.Now()
		a := e.call("GET", "/api/v1/orders", "", nil)
		e.refused(a, 503, "unavailable")
		require.Equal(t, "1", a.header.Get("Retry-After"))
		require.Equal(t, true, a.body["retryable"])
		require.Less(t, time.Since(start), 5*time.Second)
	}
	require.Equal(t, 200, e.call("GET", "/api/v1/products", "", nil).status, "the others work")

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	require.Eventually(t, func() bool { return e.call("GET", "/api/v1/orders", "", nil).status == http.StatusNoContent }, soon, 20*time.Millisecond)
}

func TestAHungServiceOpensItsBreaker(t *testing.T) {
	var asked atomic.Int64
	url := hung(t, &asked)
	restore := gateway.SetUsualWait(100 * time.Millisecond)
	t.Cleanup(restore)
	e := open(t, orders(url))

	var group sync.WaitGroup
	for range 6 {
		group.Go(func() { e.refused(e.call("GET", "/api/v1/orders", "", nil), 503, "unavailable") })
	}
	group.Wait()
	require.Eventually(t, func() bool { // it may be about to try again
		before := asked.Load()
		e.refused(e.call("GET", "/api/v1/orders", "", nil), 503, "unavailable")
		return asked.Load() == before
	}, soon, time.Millisecond, "while it is open nobody asks the service")
}

func TestWhatAServiceSaysIsNoOutage(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"code":"database_out"}`)
	}))
	t.Cleanup(server.Close)
	e := open(t, orders(server.URL))
	for range 30 {
		a := e.call("GET", "/api/v1/orders", "", nil)
		require.Equal(t, []any{503, "7", "database_out"}, []any{a.status, a.header.Get("Retry-After"), a.body["code"]})
	}
}

func TestAStreamOutlivesTheDeadlines(t *testing.T) {
	t.Cleanup(gateway.SetUsualWait(time.Second))
	t.Cleanup(gateway.SetTakenIn(time.Second))
	next := make(chan string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case line, more := <-next:
				if !more {
					return
				}
				_, _ = io.WriteString(w, line)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	e := open(t, orders(server.URL))
	req, err := http.NewRequestWithContext(t.Context(), "GET", e.url+"/api/v1/orders/1/events", http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	buffer := make([]byte, 64)
	deadline := time.Now().Add(2500 * time.Millisecond)
	for time.Now().Before(deadline) {
		select {
		case next <- "data: 1\n\n":
		case <-time.After(time.Minute):
			t.Fatal("the service's stream has ended")
		}
		n, err := res.Body.Read(buffer) // each part as it is written
		require.NoError(t, err)
		require.Equal(t, "data: 1\n\n", string(buffer[:n]))
	}
	close(next)
	_, err = res.Body.Read(buffer)
	require.ErrorIs(t, err, io.EOF)
}

func TestAStreamEndsPolitelyWhenTheGatewayLeaves(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "id: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	}))
	t.Cleanup(server.Close)
	e := open(t, orders(server.URL))
	req, err := http.NewRequestWithContext(t.Context(), "GET", e.url+"/api/v1/orders/1/events", http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	begun := make([]byte, 7)
	_, err = io.ReadFull(res.Body, begun)
	require.NoError(t, err)
	e.leave()
	rest, err := io.ReadAll(res.Body)
	require.NoError(t, err, "it ends, and is not cut")
	require.Equal(t, "id: 1\n\n", string(begun)+string(rest))
	await(t, gone) // the service writes for nobody no more
}

// abandon posts to path and goes away once that has arrived.
func (e *edge) abandon(path string, arrived <-chan struct{}) {
	e.t.Helper()
	ctx, cancel := context.WithCancel(e.t.Context())
	req, err := http.NewRequestWithContext(ctx, "POST", e.url+path, strings.NewReader("{}"))
	require.NoError(e.t, err)
	req.Header.Set("Idempotency-Key", "k")
	go func() {
		<-arrived
		cancel()
	}()
	_, err = http.DefaultTransport.RoundTrip(req) //nolint:bodyclose // there is none
	require.ErrorIs(e.t, err, context.Canceled)
}

func TestAClientThatGivesUpEndsTheRequestBehindIt(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		close(arrived)
		<-r.Context().Done()
		close(gone)
	}))
	t.Cleanup(server.Close)
	e := open(t, orders(server.URL))
	e.abandon("/api/v1/checkout", arrived)
	await(t, gone) // the service works for nobody no more
}
