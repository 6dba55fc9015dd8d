package discovery_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/internal/discovery"
	"kassa/internal/discovery/discoverytest"
)

// soon is longer than it takes until a name is looked up again.
const soon = 15 * time.Second

func same(in discovery.Instance) discovery.Instance { return in }

// watch is a set of instances that are kept as they are.
func watch(t *testing.T, names *discoverytest.Server, gone func(discovery.Instance), addresses ...string) *discovery.Set[discovery.Instance] {
	t.Helper()
	set, err := discovery.NewSet(addresses, names.Resolver(), same, gone)
	require.NoError(t, err)
	return set
}

func becomes(t *testing.T, set *discovery.Set[discovery.Instance], want ...discovery.Instance) {
	t.Helper()
	require.Eventually(t, func() bool { return slices.Equal(want, set.All()) }, soon, 10*time.Millisecond, "%v", set.All())
}

// await is what comes from a channel, within a minute.
func await(t *testing.T, from <-chan string) string {
	t.Helper()
	select {
	case came := <-from:
		return came
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
		return ""
	}
}

func TestWhatAnAddressMayBe(t *testing.T) {
	for _, c := range []struct{ text, refused string }{
		{"http://10.0.0.7:4005", ""},
		{"https://order.shop.internal", ""},
		{" http://[::1]:4005/ ", ""},
		{"srv+http://_http._tcp.order.shop.internal", ""},
		{"order:4005", "must be http://host:port"},
		{"http://", "must be http://host:port"},
		{"ftp://order", "must be http://host:port"},
		{"srv://order", "must be http://host:port"},
		{"http://user:secret@order", "must be http://host:port"},
		{"srv+http://_http._tcp.order:4005", "SRV records say the ports"},
		{"srv+http://order.shop.internal", "must name SRV records by service and protocol"},
	} {
		_, err := discovery.ParseAddress(c.text)
		if c.refused == "" {
			require.NoError(t, err, c.text)
			continue
		}
		require.ErrorContains(t, err, c.refused, c.text)
	}
}

func TestAnAddressWithoutANameIsOneProcess(t *testing.T) {
	set := watch(t, discoverytest.Start(t), nil, "http://127.0.0.1:4005/", "https://[::1]", "http://localhost:4005", "http://127.0.0.1:4005")
	require.Equal(t, []discovery.Instance{
		{Base: "http://127.0.0.1:4005", Dial: "127.0.0.1:4005"},
		{Base: "https://[::1]", Dial: "[::1]:443"},
		{Base: "http://localhost:4005", Dial: "localhost:4005"},
	}, set.All(), "each once, although written twice")
}

func TestEveryAddressOfANameIsAProcess(t *testing.T) {
	names := discoverytest.Start(t)
	names.Host("order.shop.internal", "127.0.0.2", "::1", "127.0.0.1")
	gone := make(chan string, 10)
	set := watch(t, names, func(in discovery.Instance) { gone <- in.Dial }, "http://order.shop.internal:4005")
	at := func(dial string) discovery.Instance {
		return discovery.Instance{Base: "http://order.shop.internal:4005", Dial: dial}
	}
	becomes(t, set, at("127.0.0.1:4005"), at("127.0.0.2:4005"), at("[::1]:4005"))

	names.Host("order.shop.internal", "127.0.0.2", "127.0.0.3")
	becomes(t, set, at("127.0.0.2:4005"), at("127.0.0.3:4005"))
	require.Equal(t, "order.shop.internal:4005", await(t, gone), "the name itself, until something is known")
	require.ElementsMatch(t, []string{"127.0.0.1:4005", "[::1]:4005"}, []string{await(t, gone), await(t, gone)})
}

func TestANameThatIsNotKnownYetIsTriedAsItIs(t *testing.T) {
	names := discoverytest.Start(t)
	set := watch(t, names, nil, "http://order.shop.internal")
	require.Equal(t, []discovery.Instance{{Base: "http://order.shop.internal", Dial: "order.shop.internal:80"}}, set.All())
	names.Host("order.shop.internal", "127.0.0.1")
	becomes(t, set, discovery.Instance{Base: "http://order.shop.internal", Dial: "127.0.0.1:80"})
}

func TestANameServerThatIsOutTakesNobodyAway(t *testing.T) {
	names := discoverytest.Start(t)
	names.Host("order.shop.internal", "127.0.0.1")
	names.Host("product.shop.internal", "127.0.0.2")
	set := watch(t, names, nil, "http://order.shop.internal:4005", "http://product.shop.internal:4002")
	both := []discovery.Instance{
		{Base: "http://order.shop.internal:4005", Dial: "127.0.0.1:4005"}, {Base: "http://product.shop.internal:4002", Dial: "127.0.0.2:4002"},
	}
	becomes(t, set, both...)
	names.Host("order.shop.internal") // no such name
	names.Host("product.shop.internal", "127.0.0.3")
	both[1].Dial = "127.0.0.3:4002"
	becomes(t, set, both...)
	names.Fail(true)
	names.Host("product.shop.internal", "127.0.0.4")
	refused := names.Refused()
	for tick, end := time.Tick(20*time.Millisecond), time.Now().Add(5*time.Second); (<-tick).Before(end); {
		require.Equal(t, both, set.All())
	}
	require.Eventually(t, func() bool { return slices.Equal(both, set.All()) && names.Refused() > refused }, soon, 10*time.Millisecond, "it was asked")
	names.Fail(false)
	both[1].Dial = "127.0.0.4:4002"
	becomes(t, set, both...)
}

func TestServiceRecordsSayThePorts(t *testing.T) {
	names := discoverytest.Start(t)
	names.Host("one.shop.internal", "127.0.0.1")
	names.Host("two.shop.internal", "127.0.0.2", "127.0.0.3")
	names.Host("spare.shop.internal", "127.0.0.4")
	names.Offer("_http._tcp.order.shop.internal", "two.shop.internal", 4105, 10)
	names.Offer("_http._tcp.order.shop.internal", "one.shop.internal", 4005, 10)
	names.Offer("_http._tcp.order.shop.internal", "one.shop.internal", 4006, 10)
	names.Offer("_http._tcp.order.shop.internal", "spare.shop.internal", 4005, 20)
	set := watch(t, names, nil, "srv+https://_http._tcp.order.shop.internal")
	becomes(t, set, []discovery.Instance{
		{Base: "https://one.shop.internal:4005", Dial: "127.0.0.1:4005"},
		{Base: "https://one.shop.internal:4006", Dial: "127.0.0.1:4006"},
		{Base: "https://two.shop.internal:4105", Dial: "127.0.0.2:4105"},
		{Base: "https://two.shop.internal:4105", Dial: "127.0.0.3:4105"},
	}...)

	none := watch(t, names, nil, "srv+https://_http._tcp.nothing.shop.internal")
	require.Empty(t, none.All())
}
