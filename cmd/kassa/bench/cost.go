package bench

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"kassa/internal/localstack"
)

// cost is what processes have used so far, by name: processor time, and objects
// allocated on the heap by those in Go that tell.
type cost struct {
	cpu     usage
	objects map[string]float64
}

// spent reads what every process of the platform, and this one, has used.
func (b *bench) spent(ctx context.Context) (cost, error) {
	pids := b.stack.Pids()
	pids["bench"] = os.Getpid()
	objects, err := allocated(ctx, b.addresses)
	return cost{processorTime(pids), objects}, err
}

// since is what was used after before was taken.
func (c cost) since(before cost) cost {
	used := cost{c.cpu.since(before.cpu), map[string]float64{}}
	for name, now := range c.objects {
		used.objects[name] = now - before.objects[name]
	}
	return used
}

// without takes away what an idle platform would have used meanwhile.
func (c cost) without(idle cost, times float64) cost {
	rest := cost{usage{}, map[string]float64{}}
	for name, used := range c.cpu {
		rest.cpu[name] = max(0, used-time.Duration(times*float64(idle.cpu[name])))
	}
	for name, n := range c.objects {
		rest.objects[name] = max(0, n-times*idle.objects[name])
	}
	return rest
}

// rest is what the platform uses in a second in which nobody asks for anything.
func (b *bench) rest(ctx context.Context) (cost, error) {
	const seconds = 4
	before, err := b.spent(ctx)
	if err != nil {
		return cost{}, err
	}
	if err := sleep(ctx, seconds*time.Second); err != nil {
		return cost{}, err
	}
	after, err := b.spent(ctx)
	used := after.since(before)
	for name := range used.cpu {
		used.cpu[name] /= seconds
	}
	for name := range used.objects {
		used.objects[name] /= seconds
	}
	return used, err
}

// add adds up what several runs used.
func (c *cost) add(other cost) {
	if c.cpu == nil {
		c.cpu, c.objects = usage{}, map[string]float64{}
	}
	c.cpu.add(other.cpu)
	for name, n := range other.objects {
		c.objects[name] += n
	}
}

// milliseconds of processor time for each of n operations, by process.
func (c cost) milliseconds(n int) map[string]float64 {
	each := map[string]float64{}
	for name, used := range c.cpu {
		each[name] = round(float64(used) / float64(time.Millisecond) / float64(n))
	}
	return each
}

// allocations for each of n operations, by process.
func (c cost) allocations(n int) map[string]float64 {
	each := map[string]float64{}
	for name, objects := range c.objects {
		each[name] = round(objects / float64(n))
	}
	return each
}

// total is the sum over the processes; what is a part of another is left out.
func total(byProcess map[string]float64) (sum float64) {
	for _, each := range whole(byProcess) {
		sum += each
	}
	return round(sum)
}

// whole leaves out what is counted with Postgres already.
func whole(byProcess map[string]float64) map[string]float64 {
	rest := maps.Clone(byProcess)
	maps.DeleteFunc(rest, func(name string, _ float64) bool { _, part := Database(name); return part })
	return rest
}

// mallocs is the metric of the Go runtime that counts objects on the heap.
const mallocs = "go_memstats_mallocs_total"

// allocated asks the services how many objects they have ever allocated.
func allocated(ctx context.Context, a localstack.Addresses) (map[string]float64, error) {
	urls := map[string]string{"gateway": a.Metrics}
	for name, instances := range a.Services {
		urls[name] = instances[0]
	}
	all := map[string]float64{}
	for name, url := range urls {
		n, err := metric(ctx, url+"/metrics", mallocs)
		if err != nil {
			return nil, fmt.Errorf("metrics of %s: %w", name, err)
		}
		all[name] = n
	}
	return all, nil
}

// metric reads one without labels in the Prometheus text format.
func metric(ctx context.Context, url, name string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("%s is not among them", name)
}
