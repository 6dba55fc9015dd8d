package process

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"go.uber.org/zap"
)

// TaskQueue is what Temporal says of the queue that a process works on.
type TaskQueue struct {
	Name          string `json:"name"`
	Backlog       int64  `json:"backlog"`        // tasks that wait, about
	OldestSeconds int64  `json:"oldest_seconds"` // age of the one that has waited longest
	Pollers       int    `json:"pollers"`        // workers that have asked for tasks within the last minutes
}

// Status is the body of /status: what an operator wants to know of a process,
// beyond whether it is ready.
type Status struct {
	State
	Version   string     `json:"version"`              // see Version
	StartedAt time.Time  `json:"started_at"`           // UTC
	TaskQueue *TaskQueue `json:"task_queue,omitempty"` // absent without one, or when Temporal cannot be asked
}

// TaskQueue registers how to ask for the state of the process's task queue.
func (p *Process) TaskQueue(ask func(ctx context.Context) (TaskQueue, error)) { p.queue = ask }

// Status asks every dependency and the task queue.
func (p *Process) Status(ctx context.Context) Status {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	answer := Status{Version: Version(), StartedAt: started}
	asked := make(chan *TaskQueue, 1)
	go func() { asked <- p.askQueue(ctx) }()
	answer.State = p.Ready(ctx)
	answer.TaskQueue = <-asked
	return answer
}

func (p *Process) askQueue(ctx context.Context) *TaskQueue {
	if p.queue == nil {
		return nil
	}
	queue, err := p.queue(ctx)
	if err != nil {
		p.Log.Debug("task queue not known", zap.Error(err))
		return nil
	}
	return &queue
}

// writeStatus answers /status; whether the process is ready is in the body.
func (p *Process) writeStatus(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, p.Status(r.Context()))
}

var started = time.Now().UTC().Truncate(time.Millisecond)

// Version is the commit that the program was built from, with "+changes" when
// that was not all; "unknown" when it was built outside the repository.
func Version() string {
	info, _ := debug.ReadBuildInfo()
	version, changed := "unknown", ""
	if info != nil {
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision" && len(setting.Value) >= 12:
				version = setting.Value[:12]
			case setting.Key == "vcs.modified" && setting.Value == "true":
				changed = "+changes"
			}
		}
	}
	return version + changed
}
