package ratelimit

import (
	"context"
	_ "embed" // the script
	"encoding/hex"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/zap"
)

// redisWithin is how long Redis may take, or the request is counted in memory.
var redisWithin = 20 * time.Millisecond

// redisRests is how long after a failure Redis is asked again.
const redisRests = time.Second

// The script decides and counts in one step, by the clock of Redis: one Redis, or
// one behind sentinels, and no cluster.
//
//go:embed gcra.lua
var source string

// shared keeps states in Redis.
type shared struct {
	client atomic.Pointer[rueidis.Client] // nil until it was reached
	script *rueidis.Lua
	out    atomic.Bool  // it did not answer the last time
	rests  atomic.Int64 // until this Unix time in ns nobody asks
	log    *zap.Logger
	missed func()
}

// Share counts in the Redis at url, together with every other process that does,
// while the component that it returns runs. When Redis does not answer, requests
// are counted in memory: missed is called for each, and the log says it once. The
// error is a url that cannot be read.
func (l *Limiter) Share(url string, log *zap.Logger, missed func()) (func(ctx context.Context) error, error) {
	options, err := rueidis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	options.DisableCache = true // nothing is read twice
	options.DisableRetry = true // the next request tries again
	options.ForceSingleClient = len(options.InitAddress) == 1
	options.Dialer.Timeout = time.Second
	options.ConnWriteTimeout = time.Second
	s := &shared{script: rueidis.NewLuaScript(source), log: log, missed: missed}
	l.redis = s
	return func(ctx context.Context) error { s.connect(ctx, options); return nil }, nil
}

// connect tries until Redis is there; from then on the client connects anew by
// itself.
func (s *shared) connect(ctx context.Context, options rueidis.ClientOption) {
	for {
		client, err := rueidis.NewClient(options)
		if err == nil {
			s.client.Store(&client)
			<-ctx.Done()
			client.Close()
			return
		}
		s.failed(err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(redisRests):
		}
	}
}

// take is memory's take in Redis; false when it did not answer.
func (s *shared) take(ctx context.Context, who Key, policies []Policy) (ahead [most]time.Duration, ok bool) {
	client := s.client.Load()
	if client == nil || time.Now().UnixNano() < s.rests.Load() {
		s.missed()
		return ahead, false
	}
	name := "kassa:limit:{" + hex.EncodeToString(who[:]) + "}:"
	keys, arguments := make([]string, len(policies)), make([]string, 0, 2*len(policies))
	for i, p := range policies {
		keys[i] = name + p.Name
		arguments = append(arguments, strconv.FormatInt(p.every().Microseconds(), 10), strconv.FormatInt(p.full().Microseconds(), 10))
	}
	// A client that goes away says nothing about Redis.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisWithin)
	defer cancel()
	found, err := s.script.Exec(ctx, *client, keys, arguments).AsIntSlice()
	if err != nil || len(found) != len(policies) {
		s.failed(err)
		s.missed()
		return ahead, false
	}
	if s.out.Load() && s.out.CompareAndSwap(true, false) {
		s.log.Info("redis is back; limits are counted together again")
	}
	for i, microseconds := range found {
		ahead[i] = time.Duration(microseconds) * time.Microsecond
	}
	return ahead, true
}

func (s *shared) failed(err error) {
	s.rests.Store(time.Now().Add(redisRests).UnixNano())
	if s.out.CompareAndSwap(false, true) {
		s.log.Warn("redis does not answer; limits are counted by each process for itself", zap.Error(err))
	}
}

// ValidURL reports whether Share can read url.
func ValidURL(url string) bool {
	_, err := rueidis.ParseURL(url)
	return err == nil
}
