package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
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

func (r run) median() time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	slices.Sort(r.latencies)
	return r.latencies[len(r.latencies)/2]
}

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

// clockTick is the unit of utime and stime in /proc (proc(5)); 100 per second
// on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// cpuOf is the processor time that each process, with the children it has now
// or has waited for, has used so far. It is empty where there is no /proc.
func cpuOf(pids map[string]int) map[string]time.Duration {
	used := map[string]time.Duration{}
	children := childrenOf()
	for name, pid := range pids {
		for _, each := range append([]int{pid}, children[pid]...) {
			used[name] += cpu(each)
		}
	}
	return used
}

func cpu(pid int) time.Duration {
	fields := stat(pid)
	if len(fields) < 15 {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:13] { // utime and stime, counted from the state
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick
}

func childrenOf() map[int][]int {
	children := map[int][]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return children
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if fields := stat(pid); len(fields) > 1 {
			if parent, err := strconv.Atoi(fields[1]); err == nil {
				children[parent] = append(children[parent], pid)
			}
		}
	}
	return children
}

// stat is /proc/PID/stat from the state on: what stands before may hold spaces.
func stat(pid int) []string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(line), ") ")
	return strings.Fields(rest)
}
