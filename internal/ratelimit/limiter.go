package ratelimit

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// most is how many policies one request can fall under.
const most = 2

// Key names who asks.
type Key [17]byte

// Address is the key of a network address. Of IPv6 it is the 64 bits that a
// household gets.
func Address(a netip.Addr) (k Key) {
	whole := a.Unmap().As16()
	k[0] = 'a'
	copy(k[1:], whole[:])
	if a.Is6() && !a.Is4In6() {
		clear(k[9:])
	}
	return k
}

// Principal is the key of a user.
func Principal(id uuid.UUID) (k Key) {
	k[0] = 'p'
	copy(k[1:], id[:])
	return k
}

// Usage is what a policy says after a request.
type Usage struct {
	Policy    Policy
	Remaining int           // requests that would be allowed now
	Reset     time.Duration // until the whole quota is there again
}

// Verdict is what became of one request.
type Verdict struct {
	Refused *Policy       // the policy that refuses it; nil when it is allowed
	Wait    time.Duration // until it would be allowed; 0 when it is
	Usages  [most]Usage   // as many as there were policies
}

// Limiter counts requests. Safe for concurrent use.
type Limiter struct {
	memory memory
	redis  *shared // nil counts in memory only
}

// New makes a limiter that counts in the memory of this process, and in Redis as
// well once Share was called.
func New() *Limiter {
	l := &Limiter{}
	l.memory.open()
	return l
}

// Take counts one request of who against at most two policies, or against none
// of them when one refuses it.
func (l *Limiter) Take(ctx context.Context, who Key, policies ...Policy) Verdict {
	if l.redis != nil {
		if ahead, ok := l.redis.take(ctx, who, policies); ok {
			return judge(policies, ahead)
		}
	}
	return judge(policies, l.memory.take(who, policies, time.Now()))
}

// judge decides from how far each state was ahead of the clock before the
// request. Memory and Redis decide alike.
func judge(policies []Policy, ahead [most]time.Duration) (v Verdict) {
	for i, p := range policies {
		if wait := ahead[i] + p.every() - p.full(); wait > v.Wait {
			v.Refused, v.Wait = &policies[i], wait
		}
	}
	for i, p := range policies {
		if v.Refused == nil {
			ahead[i] += p.every()
		}
		v.Usages[i] = Usage{Policy: p, Remaining: p.remaining(ahead[i]), Reset: ahead[i]}
	}
	return v
}
