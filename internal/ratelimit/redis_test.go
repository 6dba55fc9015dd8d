package ratelimit_test

import (
	"context"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"kassa/internal/id"
	"kassa/internal/localstack/freeport"
	"kassa/internal/ratelimit"
)

const (
	soon = time.Minute
	tick = 5 * time.Millisecond
)

// connected is a limiter that has reached the Redis at address.
func connected(t *testing.T, address string, log *zap.Logger, missed func()) *ratelimit.Limiter {
	t.Helper()
	l := ratelimit.New()
	share(t, l, address, log, missed)
	require.Eventually(t, func() bool {
		_, ok := l.TakeShared(t.Context(), ratelimit.Principal(id.New()), minute)
		return ok
	}, soon, tick)
	return l
}

func share(t *testing.T, l *ratelimit.Limiter, address string, log *zap.Logger, missed func()) {
	t.Helper()
	run, err := l.Share("redis://"+address, log, missed)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
}

type mini struct{ *miniredis.Miniredis }

func newMiniredis(t *testing.T) mini {
	t.Helper()
	return mini{miniredis.RunT(t)}
}

func (m mini) limiter(t *testing.T) *ratelimit.Limiter {
	return connected(t, m.Addr(), zap.NewNop(), func() {})
}

// realRedis is a server of this machine, its address and its process; the test
// is skipped where there is none.
func realRedis(t *testing.T) (string, *exec.Cmd) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("there is no redis-server on this machine; miniredis stands in for it elsewhere")
	}
	port, err := freeport.Pick()
	require.NoError(t, err)
	server := exec.Command(program, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()) //nolint:noctx // ended by the cleanup
	require.NoError(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), server
}

func TestProcessesCountTogether(t *testing.T) {
	t.Cleanup(ratelimit.SetRedisWithin(soon))
	together := func(t *testing.T, address string) {
		one := connected(t, address, zap.NewNop(), func() {})
		two := connected(t, address, zap.NewNop(), func() {})
		hundred := ratelimit.Policy{Name: "hundred", Quota: 100, Window: time.Hour}
		who := ratelimit.Principal(id.New())
		var allowed atomic.Int64
		var all sync.WaitGroup
		for _, l := range []*ratelimit.Limiter{one, two, one, two} {
			all.Go(func() {
				for range 50 {
					if v, ok := l.TakeShared(t.Context(), who, hundred, minute); !ok {
						t.Error("Redis did not answer")
					} else if v.Refused == nil {
						allowed.Add(1)
					}
				}
			})
		}
		all.Wait()
		require.Equal(t, int64(minute.Quota), allowed.Load(), "the tighter one decides")
		v := one.Take(t.Context(), who, hundred)
		require.Equal(t, 100-minute.Quota-1, v.Usages[0].Remaining, "what was refused counts against none")
	}
	t.Run("on miniredis", func(t *testing.T) { together(t, miniredis.RunT(t).Addr()) })
	t.Run("on Redis", func(t *testing.T) {
		address, _ := realRedis(t)
		together(t, address)
	})
}

// watched are the lines and the requests that Redis was not there for.
func watched() (*zap.Logger, *observer.ObservedLogs, *atomic.Int64, func()) {
	core, lines := observer.New(zap.InfoLevel)
	missed := new(atomic.Int64)
	return zap.New(core), lines, missed, func() { missed.Add(1) }
}

func TestWithoutRedisEachProcessCountsForItself(t *testing.T) {
	away := func(t *testing.T, address string, stop, start func()) {
		log, lines, missed, count := watched()
		l := connected(t, address, log, count)
		lines.TakeAll()
		missed.Store(0)
		stop()
		who := ratelimit.Principal(id.New())
		for i := range 10 * minute.Quota {
			begin := time.Now()
			v := l.Take(t.Context(), who, minute)
			require.Less(t, time.Since(begin), 5*time.Second)
			require.Equal(t, i < minute.Quota, v.Refused == nil, "limits hold all the same")
		}
		require.Equal(t, int64(10*minute.Quota), missed.Load())
		require.Equal(t, 1, lines.FilterMessageSnippet("redis does not answer").Len(), "said once")
		start()
		require.Eventually(t, func() bool {
			_, ok := l.TakeShared(t.Context(), ratelimit.Principal(id.New()), minute)
			return ok
		}, soon, tick)
		require.Equal(t, 1, lines.FilterMessageSnippet("redis is back").Len())
	}
	t.Run("when it is gone", func(t *testing.T) {
		server := miniredis.RunT(t)
		away(t, server.Addr(), server.Close, func() { require.NoError(t, server.Restart()) })
	})
	t.Run("when it hangs", func(t *testing.T) {
		address, server := realRedis(t)
		away(t, address,
			func() { require.NoError(t, server.Process.Signal(syscall.SIGSTOP)) },
			func() { require.NoError(t, server.Process.Signal(syscall.SIGCONT)) })
	})
	t.Run("when it comes later", func(t *testing.T) {
		server := miniredis.RunT(t)
		address := server.Addr()
		server.Close()
		log, lines, missed, count := watched()
		l := ratelimit.New()
		share(t, l, address, log, count)
		require.Nil(t, l.Take(t.Context(), ada, minute).Refused)
		require.Positive(t, missed.Load())
		require.NoError(t, server.Restart())
		require.Eventually(t, func() bool {
			_, ok := l.TakeShared(t.Context(), ada, minute)
			return ok
		}, soon, tick)
		require.LessOrEqual(t, lines.FilterMessageSnippet("redis does not answer").Len(), 1)
	})
}

func TestAURLThatCannotBeReadIsRefused(t *testing.T) {
	_, err := ratelimit.New().Share("http://127.0.0.1:6379", zap.NewNop(), func() {})
	require.Error(t, err)
	require.False(t, ratelimit.ValidURL("http://127.0.0.1:6379"))
	require.True(t, ratelimit.ValidURL("rediss://:secret@redis:6379/1"))
}
