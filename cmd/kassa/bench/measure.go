package bench

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A run is what a number of clients did for a while, each one after the other.
type run struct {
	done      int
	took      time.Duration
	latencies []time.Duration
}

func (r run) perSecond() float64 { return float64(r.done) / r.took.Seconds() }

func (r run) median() time.Duration { return median(r.latencies) }

// drive lets clients do their thing until the time is over. The first error
// ends the run: a benchmark with failures measures something else.
func drive(ctx context.Context, clients int, d time.Duration, do func(ctx context.Context, client int) error) (run, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := time.Now()
	parts := make([]run, clients)
	var all sync.WaitGroup
	for c := range parts {
		all.Go(func() {
			for time.Since(begin) < d && ctx.Err() == nil {
				start := time.Now()
				if err := do(ctx, c); err != nil {
					cancel(err)
					return
				}
				parts[c].done++
				parts[c].latencies = append(parts[c].latencies, time.Since(start))
			}
		})
	}
	all.Wait()
	total := run{took: time.Since(begin)}
	for _, part := range parts {
		total.done += part.done
		total.latencies = append(total.latencies, part.latencies...)
	}
	return total, context.Cause(ctx)
}

// median is the middle one; 0 of none.
func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
