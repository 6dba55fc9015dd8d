package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/sandbox/shopper"
)

// TestRestartsFailNobody restarts both processes of order and both gateways, one
// after the other, while customers read and buy: not one request fails, although
// none is tried again but a checkout for which Temporal had no time, and a stream
// goes on where it was.
func TestRestartsFailNobody(t *testing.T) {
	require.Len(t, where.Gateways, 2)
	front, err := shopper.NewFront(t.Context(), where.Gateways)
	require.NoError(t, err)
	open, err := shopper.Open(t.Context(), where.Gateway, where.Secrets.AdminEmail, where.Secrets.AdminPassword, front)
	require.NoError(t, err)
	item := stocked(t, 100_000)
	patient := customer(t)
	waits := awaiting(t, patient, shopper.One(item)).OrderID()

	begin := time.Now()
	ctx, end := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var reads, purchases, streams atomic.Int64
	var order atomic.Bool // a process of order is being restarted
	var mu sync.Mutex
	var failures []string
	note := func(what string, err error) {
		if err != nil && ctx.Err() == nil {
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, fmt.Sprintf("%.1f s, %s: %v", time.Since(begin).Seconds(), what, err))
		}
	}
	for range 6 {
		c, err := open.Welcome(t.Context(), "Ada Example")
		require.NoError(t, err)
		mine := bought(t, c, shopper.One(item))
		repeat(ctx, &load, 200*time.Millisecond, func() {
			_, err := c.Order(ctx, mine.Id)
			note("read an order", err)
			reads.Add(1)
		})
		repeat(ctx, &load, 500*time.Millisecond, func() {
			stable := !order.Load()
			wish := shopper.One(item)
			answer, err := c.Buy(ctx, wish)
			if err == nil && answer.Problem != nil && answer.Problem.Code == "checkout_unavailable" {
				if stable {
					return // Temporal took longer than a second: a busy machine, and no restart of order
				}
				wish.Key = answer.Key // perhaps the same: once more, with the same key
				answer, err = c.Buy(ctx, wish)
			}
			if err == nil && !answer.Confirmed() {
				err = fmt.Errorf("status %d: %+v", answer.Status, answer.Problem)
			}
			note("buy", err)
			purchases.Add(1)
		})
	}
	token, err := patient.Token(t.Context())
	require.NoError(t, err)
	last := ""
	repeat(ctx, &load, 0, func() {
		seen, err := follow(ctx, front, waits.String(), token, last)
		note("follow an order", err)
		last = seen
		streams.Add(1)
	})

	for _, name := range []string{"order", "order-2", "gateway", "gateway-2"} {
		t.Logf("%.1f s: %s is asked to stop", time.Since(begin).Seconds(), name)
		order.Store(strings.HasPrefix(name, "order"))
		restart(t, name)
	}
	before := reads.Load()
	require.Eventually(t, func() bool { return reads.Load() > before+20 }, soon, often)
	end()
	load.Wait()
	t.Logf("%d reads, %d purchases, %d streams in %.1f s", reads.Load(), purchases.Load(), streams.Load(), time.Since(begin).Seconds())
	require.Empty(t, failures)
	require.Greater(t, purchases.Load(), int64(30))
	require.Greater(t, streams.Load(), int64(2), "each process that it came by has ended it")
	require.NotEmpty(t, last)
	_, err = patient.Cancel(t.Context(), waits, "The test is over.")
	require.NoError(t, err)
}

// repeat does something again and again until ctx ends, no oftener than every.
func repeat(ctx context.Context, load *sync.WaitGroup, every time.Duration, do func()) {
	load.Go(func() {
		for ctx.Err() == nil {
			next := time.NewTimer(every)
			do()
			select {
			case <-ctx.Done():
			case <-next.C:
			}
			next.Stop()
		}
	})
}

// follow reads a stream of an order's events to its end, and answers the last id.
func follow(ctx context.Context, front http.RoundTripper, order, token, last string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where.Gateway+"/api/v1/orders/"+order+"/events", http.NoBody)
	if err != nil {
		return last, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := front.RoundTrip(req)
	if err != nil {
		return last, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return last, fmt.Errorf("status %d", res.StatusCode)
	}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			if id == last {
				return last, fmt.Errorf("event %s came twice", id)
			}
			last = id
		}
	}
	return last, lines.Err() // nil when it ended, and was not cut
}

// restart has a process of the platform end as an upgrade would, and waits for the
// next one.
func restart(t *testing.T, name string) {
	t.Helper()
	before := platform.Pids()[name]
	require.NoError(t, syscall.Kill(before, syscall.SIGTERM))
	require.Eventually(t, func() bool {
		now := platform.Pids()[name]
		return now != 0 && now != before
	}, soon, often)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	require.NoError(t, platform.WaitReady(ctx, name))
}
