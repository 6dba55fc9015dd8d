package ratelimit

import (
	"context"
	"time"
)

// TakeAt is Take in memory at a time of the test's choice.
func (l *Limiter) TakeAt(now time.Time, who Key, policies ...Policy) Verdict {
	return judge(policies, l.memory.take(who, policies, now))
}

// TakeShared is Take in Redis alone, and whether Redis answered.
func (l *Limiter) TakeShared(ctx context.Context, who Key, policies ...Policy) (Verdict, bool) {
	ahead, ok := l.redis.take(ctx, who, policies)
	return judge(policies, ahead), ok
}

// States is how many states lie in memory.
func (l *Limiter) States() (n int) {
	for i := range l.memory.shards {
		n += len(l.memory.shards[i].states)
	}
	return n
}

// MostStates is how many may.
const MostStates = shards * perShard

// SetRedisWithin changes how long Redis may take: a test of something else must
// not fail on a busy machine.
func SetRedisWithin(d time.Duration) (restore func()) {
	before := redisWithin
	redisWithin = d
	return func() { redisWithin = before }
}
