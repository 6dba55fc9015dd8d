package ratelimit

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	shards   = 64
	perShard = 2048 // states; with those of all shards some 10 MiB
	looked   = 8    // states among which one is forgotten
)

// memory keeps states in this process, a bounded number of them.
type memory struct {
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu     sync.Mutex
	states map[state]int64 // → when the whole quota is there again, Unix time in µs
}

// state is one policy's count of one who.
type state struct {
	who    Key
	policy string
}

func (m *memory) open() {
	m.seed = maphash.MakeSeed()
	for i := range m.shards {
		m.shards[i].states = map[state]int64{}
	}
}

// take answers how far each state was ahead of now, and counts the request
// unless one of the policies refuses it.
func (m *memory) take(who Key, policies []Policy, now time.Time) (ahead [most]time.Duration) {
	s := &m.shards[maphash.Comparable(m.seed, who)%shards]
	clock := now.UnixMicro()
	allowed := true
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range policies {
		ahead[i] = min(time.Duration(max(s.states[state{who, p.Name}]-clock, 0))*time.Microsecond, p.full())
		allowed = allowed && ahead[i]+p.every() <= p.full()
	}
	if !allowed {
		return ahead
	}
	for i, p := range policies {
		s.set(state{who, p.Name}, clock+(ahead[i]+p.every()).Microseconds(), clock)
	}
	return ahead
}

// set keeps a state. For a new one it may forget another: of a few, those whose
// quota is whole again, else the one that is nearest to it. So a flood of
// addresses that ask once each pushes out its own, not who has asked too often.
func (s *shard) set(key state, until, clock int64) {
	if _, known := s.states[key]; !known && len(s.states) >= perShard {
		var nearest state
		least, n := int64(0), 0
		for other, at := range s.states { // begins at a random one
			if at <= clock {
				delete(s.states, other)
			}
			if n == 0 || at < least {
				nearest, least = other, at
			}
			if n++; n == looked {
				break
			}
		}
		delete(s.states, nearest)
	}
	s.states[key] = until
}
