package gateway_test

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
	"kassa/internal/discovery/discoverytest"
	"kassa/internal/id"
	"kassa/internal/identity"
)

// instance is a process that says what its name is, and of its readiness what it
// is told.
type instance struct {
	*httptest.Server
	state atomic.Int64 // status of /ready; 0 hangs
	asked atomic.Int64 // requests of clients
}

// run starts an instance at address.
func run(t *testing.T, name, address string) *instance {
	t.Helper()
	in := &instance{}
	in.state.Store(http.StatusOK)
	release := make(chan struct{})
	in.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ready" {
			in.asked.Add(1)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"service":"`+name+`"}`)
			return
		}
		if in.state.Load() == 0 {
			<-release
			return
		}
		w.WriteHeader(int(in.state.Load()))
	}))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	_ = in.Listener.Close()
	in.Listener = listener
	in.Start()
	t.Cleanup(in.Close)
	t.Cleanup(func() { close(release) })
	return in
}

// answers are the instances that answer some requests in a row.
func answers(e *edge) map[string]int {
	counts := map[string]int{}
	for range 12 {
		a := e.call("GET", "/api/v1/orders", "", nil)
		require.Equal(e.t, 200, a.status, a.raw)
		counts[a.body["service"].(string)]++
	}
	return counts
}

// soon is longer than it takes to look a name up, or to examine an instance, again.
const soon = 15 * time.Second

func turnsTo(t *testing.T, e *edge, want map[string]int) {
	t.Helper()
	require.Eventually(t, func() bool { return maps.Equal(want, answers(e)) }, soon, 20*time.Millisecond, "%v", want)
}

// at puts the order service at an address that names resolves.
func at(names *discoverytest.Server, address string) func(*gateway.Options) {
	return func(o *gateway.Options) { o.Services["order"], o.Names = []string{address}, names.Resolver() }
}

func TestEveryAddressOfANameIsAnInstance(t *testing.T) {
	names := discoverytest.Start(t)
	one := run(t, "one", "127.0.0.1:0")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(one.URL, "http://"))
	require.NoError(t, err)
	two := run(t, "two", "127.0.0.2:"+port)
	run(t, "three", "127.0.0.3:"+port)
	names.Host("order.shop.internal", "127.0.0.1", "127.0.0.2")
	e := open(t, at(names, "http://order.shop.internal:"+port))
	turnsTo(t, e, map[string]int{"one": 6, "two": 6})

	a := e.call("GET", "/api/v1/services", "", e.as(id.New(), identity.Admin))
	var addresses []string
	for _, each := range a.body["data"].([]any) {
		if service := each.(map[string]any); service["name"] == "order" {
			for _, in := range service["instances"].([]any) {
				addresses = append(addresses, in.(map[string]any)["address"].(string))
			}
		}
	}
	require.Equal(t, []string{"127.0.0.1:" + port, "127.0.0.2:" + port}, addresses)

	names.Host("order.shop.internal", "127.0.0.1", "127.0.0.2", "127.0.0.3")
	turnsTo(t, e, map[string]int{"one": 4, "two": 4, "three": 4})
	names.Host("order.shop.internal", "127.0.0.1", "127.0.0.3")
	turnsTo(t, e, map[string]int{"one": 6, "three": 6})
	before := two.asked.Load()
	answers(e)
	require.Equal(t, before, two.asked.Load(), "who has left is not asked")
}

func TestServiceRecordsLeadToInstances(t *testing.T) {
	names := discoverytest.Start(t)
	for _, name := range []string{"one", "two"} {
		_, port, err := net.SplitHostPort(run(t, name, "127.0.0.1:0").Listener.Addr().String())
		require.NoError(t, err)
		number, err := net.LookupPort("tcp", port) //nolint:noctx // a number
		require.NoError(t, err)
		names.Offer("_http._tcp.order.shop.internal", name+".shop.internal", uint16(number), 0) //nolint:gosec // a port
		names.Host(name+".shop.internal", "127.0.0.1")
	}
	e := open(t, at(names, "srv+http://_http._tcp.order.shop.internal"))
	turnsTo(t, e, map[string]int{"one": 6, "two": 6})
}

func TestWhoSaysThatItStopsGetsNoNewRequests(t *testing.T) {
	one, two := run(t, "one", "127.0.0.1:0"), run(t, "two", "127.0.0.1:0")
	e := open(t, orders(one.URL, two.URL))
	e.watch()
	turnsTo(t, e, map[string]int{"one": 6, "two": 6})

	one.state.Store(http.StatusServiceUnavailable)
	turnsTo(t, e, map[string]int{"two": 12})
	one.state.Store(http.StatusOK)
	turnsTo(t, e, map[string]int{"one": 6, "two": 6})
	one.state.Store(0)
	turnsTo(t, e, map[string]int{"two": 12}) // it hangs, which nobody has to find out by waiting

	two.state.Store(http.StatusServiceUnavailable)
	turnsTo(t, e, map[string]int{"one": 6, "two": 6}) // better than nobody
	two.state.Store(http.StatusNotFound)
	turnsTo(t, e, map[string]int{"two": 12}) // it answers, although it has never heard of readiness
}

func TestWhoTakesLeaveOfItsClientsIsExaminedAtOnce(t *testing.T) {
	var ready atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ready" {
			ready.Add(1)
			return
		}
		w.Header().Set("Connection", "close")
	}))
	t.Cleanup(server.Close)
	e := open(t, orders(server.URL))
	e.watch()
	require.Eventually(t, func() bool { return ready.Load() >= 1 }, soon, time.Millisecond)
	require.Eventually(t, func() bool {
		require.Equal(t, 200, e.call("GET", "/api/v1/orders", "", nil).status)
		return ready.Load() > 3 // three rounds would take more than that
	}, 4*time.Second, time.Millisecond)
}
