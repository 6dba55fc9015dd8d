package gateway

import (
	"context"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	pulseEvery  = 50 * time.Millisecond
	pulseWithin = 300 * time.Millisecond // more than any class bears

	checkedWithin = 1500 * time.Millisecond // a service gives up on its checks before that
	busyFrom      = 4                       // requests under way to a service; one with fewer is left in peace
)

// pulse feels, until ctx ends, the delay of each busy service, and has its gate
// follow it. How long requests take would not tell an overload: a checkout may wait
// for the customer's bank, an import for a thousand products. What a service does to
// say that it is ready is next to nothing, so that what it takes is the time that
// everything waits there; a service that knows of a longer queue says so with it.
// Each has a pulse of its own: one that says nothing holds up nobody else's.
func (g *Gateway) pulse(ctx context.Context) {
	beat := time.NewTicker(pulseEvery)
	defer beat.Stop()
	var asking sync.WaitGroup
	defer asking.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		for _, s := range g.watched {
			if s.feeling.Load() {
				continue // it has not said so since an earlier beat
			}
			if s.places.underWay.Load() < busyFrom {
				s.places.feel(0, true)
				s.places.adapt(g.elsewhere())
				continue
			}
			s.feeling.Store(true)
			asking.Go(func() {
				defer s.feeling.Store(false)
				s.feel(ctx, &asking)
				s.places.adapt(g.elsewhere())
			})
		}
	}
}

// elsewhere is the longest delay of the services that are at work on what matters
// more than browsing.
func (g *Gateway) elsewhere() (longest time.Duration) {
	for _, s := range g.watched {
		if delay, atWork := s.places.felt(); s.places.weighty.Load() >= busyFrom && atWork {
			longest = max(longest, delay)
		}
	}
	return longest
}

// feel asks the instances that take requests, and takes the median, of an even
// number the shorter one: when no more than half are slow that is a case for their
// breakers, not for refusals. One that cannot be reached does not count; when that
// is so of all there is nothing to feel. The others may still answer afterwards:
// breaking off a question costs its connection, and here and there one to the
// database. asking counts the questions that are open.
func (s *service) feel(ctx context.Context, asking *sync.WaitGroup) {
	enough, cancel := context.WithTimeout(ctx, pulseWithin)
	defer cancel()
	instances := s.taking()
	said := make(chan time.Duration, len(instances))
	delays := make([]time.Duration, 0, len(instances))
	for _, in := range instances {
		if !in.feeling.CompareAndSwap(false, true) {
			delays = append(delays, silence) // since an earlier beat
			continue
		}
		asking.Go(func() {
			defer in.feeling.Store(false)
			said <- in.delay(ctx)
		})
	}
	for range len(instances) - len(delays) {
		select {
		case delay := <-said:
			delays = append(delays, delay)
		case <-enough.Done():
			delays = append(delays, silence)
		}
	}
	delays = slices.DeleteFunc(delays, func(d time.Duration) bool { return d == nobody })
	if len(delays) == 0 {
		return
	}
	slices.Sort(delays)
	if delay := delays[(len(delays)-1)/2]; delay != silence {
		s.places.feel(delay, true)
		return
	}
	<-enough.Done()
	s.places.feel(pulseWithin, false)
}

// What an instance says in place of a delay.
const (
	nobody  = time.Duration(-1) // it cannot be reached
	silence = time.Duration(math.MaxInt64)
)

// delay is how long the instance takes to say that it is ready, or the queue that it
// tells of when that is longer.
func (in *instance) delay(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, checkedWithin)
	defer cancel()
	begin := time.Now()
	queue, err := in.ready(ctx)
	switch {
	case err == nil:
		return max(queue, time.Since(begin))
	case ctx.Err() != nil:
		return silence
	default:
		return nobody
	}
}

// taking are the instances that take requests; all when none is well.
func (s *service) taking() []*instance {
	all := s.instances.All()
	taking := make([]*instance, 0, len(all))
	for _, in := range all {
		if !in.unwell.Load() && !in.breaker.IsOpen() {
			taking = append(taking, in)
		}
	}
	if len(taking) == 0 {
		return all
	}
	return taking
}

// ready has the instance say whether it is, whatever it says, and answers the queue
// that it knows of.
func (in *instance) ready(ctx context.Context) (queue time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, in.url.JoinPath("ready").String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	res, err := in.transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxPart))
	_ = res.Body.Close()
	if ms, told := strings.CutPrefix(res.Header.Get("Server-Timing"), "queue;dur="); told {
		n, _ := strconv.Atoi(ms)
		queue = time.Duration(n) * time.Millisecond
	}
	return queue, err
}
