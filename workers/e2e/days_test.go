package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/sandbox/shopper"
)

// down keeps a component dead: it is killed whenever it comes back. up, or the
// end of the test, lets it live again and waits until it serves.
func down(t *testing.T, name string) (up func()) {
	t.Helper()
	require.NoError(t, platform.Kill(name))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-stop:
				return
			case <-again.C:
				_ = platform.Kill(name)
			}
		}
	}()
	lives := false
	up = func() {
		t.Helper()
		if lives {
			return
		}
		lives = true
		close(stop)
		<-stopped
		ready(t, name)
	}
	t.Cleanup(up)
	return up
}

// ready waits until a component serves.
func ready(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*soon)
	defer cancel()
	require.NoError(t, platform.WaitReady(ctx, name))
}

// checkout is a request for one piece of the item.
func checkout(t *testing.T, c *shopper.Customer, item shopper.Item, key string, wait string) ask {
	t.Helper()
	return ask{
		method: http.MethodPost, path: "/api/v1/checkout", token: tokenOf(t, c), body: spoiled(item.VariantID),
		header: map[string]string{"Idempotency-Key": key, "Prefer": "wait=" + wait},
	}
}

// unavailable checks that a reply asks to come again, and says when.
func unavailable(t *testing.T, r reply) {
	t.Helper()
	members := r.problem(t, http.StatusServiceUnavailable)
	require.Equal(t, true, members["retryable"])
	after, err := strconv.Atoi(r.header.Get("Retry-After"))
	require.NoError(t, err, "Retry-After")
	require.Positive(t, after)
}

// answers checks that an address is answered with 200 while something is down.
func answers(t *testing.T, path, token string) {
	t.Helper()
	r := ask{method: http.MethodGet, path: path, token: token}.gateway(t)
	require.Equal(t, http.StatusOK, r.status, "%s: %s", path, r.body)
	require.Less(t, r.took, patience, path)
}

// answersAgain waits until an address is answered with 200.
func answersAgain(t *testing.T, path, token string) {
	t.Helper()
	require.Eventually(t, func() bool {
		r, err := ask{method: http.MethodGet, path: path, token: token}.try(t, where.Gateway)
		return err == nil && r.status == http.StatusOK
	}, soon, often, path)
}

// atOnce is how long a refusal takes when it is known that something is out.
const atOnce = time.Second

// hang stops a process in its tracks: its connections stay, its answers do not
// come. up, or the end of the test, lets it go on.
func hang(t *testing.T, name string) (up func()) {
	t.Helper()
	pid := platform.Pids()[name]
	require.Positive(t, pid)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	up = func() { require.NoError(t, syscall.Kill(pid, syscall.SIGCONT)) }
	t.Cleanup(up)
	return up
}

func TestTemporalMayBeOut(t *testing.T) {
	for how, out := range map[string]func(*testing.T, string) func(){"down": down, "hung": hang} {
		t.Run(how, func(t *testing.T) {
			item, c := stocked(t, 50), customer(t)
			order := *insist(t, c, shopper.One(item)).Order
			up := out(t, "temporal")

			key, fast := uuid.NewString(), 0
			require.Eventually(t, func() bool {
				r := checkout(t, c, item, key, "10").gateway(t)
				unavailable(t, r)
				require.Less(t, r.took, 15*time.Second, "also while nobody knows yet")
				if r.took < atOnce {
					fast++
				}
				return fast >= 5
			}, soon, often, "refused at once when it is known")
			answers(t, "/api/v1/orders/"+order.Id.String(), tokenOf(t, c))
			answers(t, "/api/v1/orders/"+order.Id.String()+"/timeline", tokenOf(t, c))
			answers(t, "/api/v1/users/"+c.ID.String()+"/orders", tokenOf(t, c))
			answers(t, "/api/v1/products", "")
			answers(t, "/ready", "")

			up()
			require.Eventually(t, func() bool { return checkout(t, c, item, key, "10").gateway(t).status == http.StatusCreated }, 2*soon, often)
			orders := database(t, "orders")
			require.Equal(t, 2, scalar[int](t, orders, "SELECT count(*) FROM orders WHERE user_id = $1", c.ID))
			require.EqualValues(t, 48, free(t, item))
		})
	}
}

func TestAServiceMayHang(t *testing.T) {
	for _, name := range []string{"inventory", "payment"} {
		t.Run(name, func(t *testing.T) {
			item, c := stocked(t, 50), customer(t)
			up := hang(t, name)
			wish := checkout(t, c, item, uuid.NewString(), "1")
			r := wish.past(t, http.StatusServiceUnavailable) // an order process may still think that Temporal is out
			require.Equal(t, http.StatusAccepted, r.status, r.body)
			var placed struct{ ID uuid.UUID }
			require.NoError(t, json.Unmarshal([]byte(r.body), &placed))
			answers(t, "/api/v1/orders/"+placed.ID.String()+"/timeline", tokenOf(t, c))
			up()
			order := becomes(t, c, placed.ID, "confirmed")
			require.Equal(t, account{charges: 1, taken: order.Total.Amount}, books(t, order.Id))
		})
	}
}

func TestOneServiceMayBeDown(t *testing.T) {
	item, c := stocked(t, 50), customer(t)
	order := *insist(t, c, shopper.One(item)).Order
	token := tokenOf(t, c)
	paths := map[string]string{
		"user":      "/api/v1/users/" + c.ID.String(),
		"product":   "/api/v1/products/" + item.ProductID.String(),
		"inventory": "/api/v1/products/" + item.ProductID.String() + "/inventory",
		"order":     "/api/v1/orders/" + order.Id.String(),
		"payment":   "/api/v1/payments/" + order.PaymentId.String(),
	}
	for name := range paths {
		t.Run(name, func(t *testing.T) {
			ups := []func(){down(t, name)}
			if name == "order" {
				ups = append(ups, down(t, "order-2"))
			}
			require.Eventually(t, func() bool {
				r := ask{method: http.MethodGet, path: paths[name], token: token}.gateway(t)
				return r.status == http.StatusServiceUnavailable && r.took < atOnce && r.header.Get("Retry-After") != ""
			}, soon, often)
			for other, path := range paths {
				if other != name {
					answers(t, path, token)
				}
			}
			answers(t, "/ready", "")
			answers(t, "/docs", "")
			wish := checkout(t, c, item, uuid.NewString(), "1")
			var begun reply
			switch name {
			case "user": // keys are remembered
				begun = wish.settled(t)
				require.Equal(t, http.StatusCreated, begun.status, begun.body)
			case "product", "order":
				begun = wish.gateway(t)
				unavailable(t, begun)
			case "inventory", "payment": // what was placed goes on by itself
				begun = wish.past(t, http.StatusServiceUnavailable)
				require.Equal(t, http.StatusAccepted, begun.status, begun.body)
				require.NotEmpty(t, begun.header.Get("Retry-After"))
			}
			for _, up := range ups {
				up()
			}
			for _, path := range paths { // also so that who was restarted gets the keys of tokens, once
				answersAgain(t, path, token)
			}
			if begun.status != http.StatusAccepted {
				return
			}
			var placed struct{ ID uuid.UUID }
			require.NoError(t, json.Unmarshal([]byte(begun.body), &placed))
			done := becomes(t, c, placed.ID, "confirmed")
			require.Equal(t, 1, books(t, done.Id).charges)
		})
	}
}

func TestThereMayBeTwoOfAService(t *testing.T) {
	item, c := stocked(t, 50), customer(t)
	up := down(t, "order-2")
	for range 10 {
		require.Equal(t, http.StatusCreated, insist(t, c, shopper.One(item)).Status)
	}
	r := ask{method: http.MethodGet, path: "/api/v1/users/" + c.ID.String() + "/orders?limit=100", token: tokenOf(t, c)}.gateway(t)
	require.Equal(t, http.StatusOK, r.status, "the other one answers: %s", r.body)
	up()
}

func TestTheDatabaseMayBeDown(t *testing.T) {
	item, c := stocked(t, 50), customer(t)
	order := *insist(t, c, shopper.One(item)).Order
	up := down(t, "postgres")
	require.Eventually(t, func() bool {
		r := ask{method: http.MethodGet, path: "/api/v1/orders/" + order.Id.String(), token: tokenOf(t, c)}.gateway(t)
		return r.status == http.StatusServiceUnavailable && r.took < atOnce
	}, soon, often)
	unavailable(t, checkout(t, c, item, uuid.NewString(), "10").gateway(t))
	answers(t, "/docs", "")
	up()
	require.Equal(t, http.StatusCreated, insist(t, c, shopper.One(item)).Status)
	for _, name := range platform.Names() {
		ready(t, name)
	}
}
