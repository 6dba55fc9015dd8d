package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// telling is an instance that says after a while how long work waits there; after
// less than nothing it never says so.
func telling(t *testing.T, queue, after time.Duration) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := time.After(after)
		if after < 0 {
			wait = nil
		}
		select {
		case <-wait:
		case <-r.Context().Done():
		}
		w.Header().Set("Server-Timing", fmt.Sprintf("queue;dur=%d", queue.Milliseconds()))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// busy is a service with so many requests under way that its delay is felt.
func busy(t *testing.T, name string, instances ...string) *service {
	t.Helper()
	s, err := newService(name, instances, nil, zap.NewNop())
	require.NoError(t, err)
	for range busyFrom {
		require.True(t, s.places.enter(buying))
	}
	return s
}

func TestWhoSaysNothingHoldsUpNoOtherPulse(t *testing.T) {
	var mu sync.Mutex
	var beats []time.Time
	quick := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		beats = append(beats, time.Now())
	}))
	t.Cleanup(quick.Close)
	hung, well := busy(t, "payment", telling(t, 0, -1)), busy(t, "order", quick.URL)
	g := &Gateway{watched: []*service{hung, well}}
	ctx, end := context.WithCancel(t.Context())
	var pulse sync.WaitGroup
	pulse.Go(func() { g.pulse(ctx) })
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		for i := range max(len(beats)-3, 0) {
			if beats[i+3].Sub(beats[i]) < pulseWithin { // one would take longer than that
				return true
			}
		}
		return false
	}, 20*time.Second, 10*time.Millisecond)
	end()
	pulse.Wait()
	for _, s := range g.watched {
		require.False(t, s.feeling.Load())
		require.False(t, s.instances.All()[0].feeling.Load(), "no question outlives it")
	}
}

func TestServicesInPeaceAreNotAsked(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	s, other := busy(t, "order", server.URL), busy(t, "payment", telling(t, 0, 0))
	s.places.leave(buying)
	s.places.places[idling].Store(1)
	g := &Gateway{watched: []*service{s, other}}
	ctx, end := context.WithCancel(t.Context())
	var pulse sync.WaitGroup
	pulse.Go(func() { g.pulse(ctx) })
	require.Eventually(t, func() bool { return s.places.places[idling].Load() > 5 }, 20*time.Second, time.Millisecond, "its gate goes back to rest")
	end()
	pulse.Wait()
	require.Zero(t, asked.Load())
}

func TestMostOfTheInstancesMustBeSlow(t *testing.T) {
	const long, short, quick, later = 2 * time.Second, 0, 0, 20 * time.Millisecond
	refusing := httptest.NewServer(nil)
	refusing.Close()
	for name, c := range map[string]struct {
		instances []string
		long      bool // is the delay
		silent    bool // is the service
	}{
		"one that is alone":                   {instances: []string{telling(t, long, quick)}, long: true},
		"the first to answer is one of three": {instances: []string{telling(t, long, quick), telling(t, short, later), telling(t, short, later)}},
		"and so when it has no queue":         {instances: []string{telling(t, short, quick), telling(t, long, later), telling(t, long, later)}, long: true},
		"of two the shorter":                  {instances: []string{telling(t, long, quick), telling(t, short, later)}},
		"one of two says nothing":             {instances: []string{telling(t, short, -1), telling(t, short, quick)}},
		"one of three says nothing":           {instances: []string{telling(t, short, -1), telling(t, short, quick), telling(t, long, quick)}, long: true},
		"two of three say nothing":            {instances: []string{telling(t, short, -1), telling(t, short, -1), telling(t, short, quick)}, silent: true},
		"one of two cannot be reached":        {instances: []string{refusing.URL, telling(t, long, quick)}, long: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := busy(t, "order", c.instances...)
			var asking sync.WaitGroup
			t.Cleanup(asking.Wait)
			ctx, end := context.WithCancel(t.Context())
			t.Cleanup(end)
			for begin := time.Now(); ; { // the machine may be busy with other tests
				s.feel(ctx, &asking)
				s.feel(ctx, &asking)
				delay, atWork := s.places.felt()
				if (delay >= long) == c.long && atWork == !c.silent {
					return
				}
				require.Less(t, time.Since(begin), 10*time.Second, "%v %v", delay, atWork)
			}
		})
	}
}
