package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"kassa/internal/process"
)

// statusWait is how long an instance may take to say how it is.
const statusWait = 2 * time.Second

// What an instance, and with it a service, can be.
const (
	statusReady   = "ready"
	statusPartial = "partial" // of a service: some instances are ready
	statusDown    = "down"
)

// ServiceStatus is how a service is.
type ServiceStatus struct {
	Name      string           `json:"name" doc:"The service." example:"inventory"`
	Status    string           `json:"status" enum:"ready,partial,down" doc:"ready: every instance can serve. partial: some can. down: none can." example:"ready"`
	Instances []InstanceStatus `json:"instances" nullable:"false" doc:"Its processes, as the gateway knows them."`
	TaskQueue *QueueStatus     `json:"task_queue,omitempty" doc:"Its Temporal task queue; absent when it has none, or nobody could say."`
}

// InstanceStatus is how one process is.
type InstanceStatus struct {
	Address   string            `json:"address" doc:"Where the gateway finds it." example:"127.0.0.1:4003"`
	Status    string            `json:"status" enum:"ready,not ready,stopping,down" doc:"Whether it can serve; down when it does not answer." example:"ready"`
	Version   string            `json:"version,omitempty" doc:"The commit that it was built from." example:"37794c3d1a2b"`
	StartedAt *time.Time        `json:"started_at,omitempty" doc:"Since when it runs." example:"2026-01-15T09:30:00Z"`
	Checks    map[string]string `json:"checks" doc:"Each dependency of its own: ok or unavailable." example:"{\"database\":\"ok\"}"`
	Breaker   string            `json:"breaker" enum:"closed,half-open,open" doc:"Whether the gateway sends requests to it: not while open." example:"closed"`
}

// QueueStatus is how a task queue is.
type QueueStatus struct {
	Name          string `json:"name" doc:"The queue." example:"inventory"`
	Backlog       int64  `json:"backlog" doc:"Tasks that wait, about." example:"0"`
	OldestSeconds int64  `json:"oldest_seconds" doc:"How long the oldest of them has waited." example:"0"`
	Pollers       int    `json:"pollers" doc:"Workers that asked for tasks within the last minutes." example:"2"`
}

// look asks every instance of every service at the same time.
func (d *Desk) look(ctx context.Context) []ServiceStatus {
	names := slices.Sorted(maps.Keys(d.services))
	all := make([]ServiceStatus, len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		asking.Go(func() { all[i] = d.services[name].status(ctx) })
	}
	if d.status != nil {
		own := d.status(ctx)
		itself, _ := shown(&instance{}, own)
		itself.Breaker = circuitbreaker.ClosedState.String()
		all = append(all, summed("gateway", []InstanceStatus{itself}, nil))
	}
	asking.Wait()
	return all
}

// status asks the service's instances at the same time.
func (s *service) status(ctx context.Context) ServiceStatus {
	found := s.instances.All()
	instances := make([]InstanceStatus, len(found))
	queues := make([]*QueueStatus, len(found))
	var asking sync.WaitGroup
	for i, in := range found {
		asking.Go(func() { instances[i], queues[i] = shown(in, in.ask(ctx)) })
	}
	asking.Wait()
	var queue *QueueStatus
	for _, each := range queues { // of the same queue; a later answer is not better
		queue = cmp.Or(queue, each)
	}
	return summed(s.name, instances, queue)
}

// ask has an instance say how it is. What is no answer is the zero status.
func (in *instance) ask(ctx context.Context) (status process.Status) {
	ctx, cancel := context.WithTimeout(ctx, statusWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, in.url.JoinPath("status").String(), http.NoBody)
	if err != nil {
		return status
	}
	res, err := in.transport.RoundTrip(req)
	if err != nil {
		return status
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(res.Body, maxPart)).Decode(&status) != nil {
		return process.Status{}
	}
	return status
}

// shown is what an instance says, as an operator sees it.
func shown(in *instance, said process.Status) (InstanceStatus, *QueueStatus) {
	out := InstanceStatus{Address: in.Dial, Status: cmp.Or(said.Status, statusDown), Version: said.Version, Checks: said.Checks}
	if in.breaker != nil {
		out.Breaker = in.breaker.State().String()
	}
	if out.Checks == nil {
		out.Checks = map[string]string{}
	}
	if !said.StartedAt.IsZero() {
		out.StartedAt = &said.StartedAt
	}
	if said.TaskQueue == nil {
		return out, nil
	}
	queue := QueueStatus(*said.TaskQueue)
	return out, &queue
}

func summed(name string, instances []InstanceStatus, queue *QueueStatus) ServiceStatus {
	ready := 0
	for _, in := range instances {
		if in.Status == statusReady {
			ready++
		}
	}
	status := statusPartial
	switch ready {
	case 0:
		status = statusDown
	case len(instances):
		status = statusReady
	}
	return ServiceStatus{Name: name, Status: status, Instances: instances, TaskQueue: queue}
}
