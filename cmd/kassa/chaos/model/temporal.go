package model

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/order"
)

// run is a saga as the server knows it.
type run struct {
	w       *world
	id      string
	saga    func(workflow.Context) (any, error)
	history []event
	issued  map[int]bool   // commands that the server has carried out or is at
	names   map[int]string // of commands, to notice a saga that decides otherwise than before
	ended   map[int]bool   // commands whose answer nobody wants any more
	life    *life          // who is at it; nil while nobody is
	epoch   int            // counts resets: what an older one began is not waited for
	closed  bool
	failed  bool // closed, but not completed: it may be started again
	value   any
}

// event is something that stands in a history.
type event struct {
	seq    int    // the command that it answers; 0 for what comes from outside
	signal string // its name, or ""
	update string // its name, or ""
	asks   order.Intervention
	cancel bool
	value  any
	err    error
}

// life is a saga in a worker's memory.
type life struct {
	run     *run
	dead    bool
	zombie  bool // believed dead: it goes on, but the server takes nothing from it
	ctx     workflow.Context
	stop    workflow.CancelFunc
	signals map[string]workflow.Channel
	updates map[string]listener
	seq     int // commands so far
	waiting map[int]command
	known   map[int]bool  // commands that the history answers
	early   map[int]event // answers that came before their command: only a replay has them
	inbox   []event       // to be delivered
	local   []event       // what only this worker knows
	locals  int           // local activities under way
	buffer  []event       // what happened during the task
	todo    []func()      // for the server, when the task is over
	idle    bool          // between tasks
	done    bool
	value   any
	err     error
}

// listener is who hears an update.
type listener struct{ handler, validator any }

// command is what a saga waits for.
type command struct {
	ctx   workflow.Context
	set   workflow.Settable
	local bool
}

// taskTimeout is after how long another worker takes over.
const taskTimeout = 5 * time.Second

// start begins a saga under an id. It is refused while one is under way, and
// after one that completed.
func (w *world) start(id string, saga func(workflow.Context) (any, error)) bool {
	if before := w.runs[id]; before != nil && (!before.closed || !before.failed) {
		return false
	}
	w.tell("%s starts", id)
	r := &run{w: w, id: id, saga: saga, issued: map[int]bool{}, names: map[int]string{}, ended: map[int]bool{}}
	w.runs[id] = r
	r.live()
	return true
}

// gone ends the goroutine of a saga that died.
type gone struct{}

// live replays the history in a worker and goes on from there.
func (r *run) live() {
	l := &life{
		run: r, signals: map[string]workflow.Channel{}, updates: map[string]listener{}, waiting: map[int]command{},
		known: map[int]bool{}, early: map[int]event{}, inbox: slices.Clone(r.history),
	}
	for _, e := range r.history {
		l.known[e.seq] = true
	}
	r.life = l
	if len(r.history) > 0 {
		r.w.replays++
	}
	r.w.stirred = true
	workflow.Go(r.w.root, func(ctx workflow.Context) {
		defer func() {
			if p := recover(); p != nil {
				if _, died := p.(gone); !died {
					r.w.wrong = append(r.w.wrong, fmt.Sprintf("%s panics: %v", r.id, p))
				}
			}
			r.w.progress++
		}()
		ctx, l.stop = workflow.WithCancel(workflow.WithValue(ctx, lifeKey{}, l))
		l.ctx = ctx
		l.value, l.err = r.saga(ctx)
		l.done = true
	})
	r.w.touch(l)
}

func (w *world) touch(l *life) {
	l.idle = false
	if !slices.Contains(w.touched, l) {
		w.touched = append(w.touched, l)
	}
}

// drive lets sagas work on what has happened to them until they wait again.
func (w *world) drive() {
	for len(w.touched) > 0 {
		w.breathe()
		now := w.touched
		w.touched = nil
		for _, l := range now {
			switch {
			case l.dead:
			case len(l.inbox) > 0:
				e := l.inbox[0]
				l.inbox = l.inbox[1:]
				l.deliver(e)
				w.touch(l)
			case l.locals == 0:
				l.finishTask()
			}
		}
	}
}

// deliver tells a saga of an event.
func (l *life) deliver(e event) {
	l.run.w.stirred = true
	switch {
	case e.cancel:
		l.stop()
		for seq := range l.seq + 1 { // those that listen hear of it
			if c, waits := l.waiting[seq]; waits && !c.local && c.ctx.Err() != nil {
				delete(l.waiting, seq)
				l.run.ended[seq] = true
				c.set.SetError(temporal.NewCanceledError())
			}
		}
	case e.update != "":
		l.hear(e)
	case e.signal != "":
		l.channel(e.signal).SendAsync(nil)
	case e.seq > l.seq:
		l.early[e.seq] = e
	default:
		if c, waits := l.waiting[e.seq]; waits {
			delete(l.waiting, e.seq)
			c.set.Set(e.value, e.err)
		}
	}
}

// hear hands an update to who listens for it, unless it is refused.
func (l *life) hear(e event) {
	u, listens := l.updates[e.update]
	if !listens {
		return
	}
	if refused := u.validator.(func(order.Intervention) error)(e.asks); refused != nil {
		return
	}
	workflow.Go(l.ctx, func(ctx workflow.Context) {
		_ = u.handler.(func(workflow.Context, order.Intervention) error)(ctx, e.asks)
	})
}

func (l *life) channel(name string) workflow.Channel {
	if l.signals[name] == nil {
		l.signals[name] = workflow.NewBufferedChannel(l.run.w.root, 1000)
	}
	return l.signals[name]
}

// finishTask hands to the server what a saga has done until it waits for
// somebody else.
func (l *life) finishTask() {
	r, w := l.run, l.run.w
	switch {
	case l.zombie:
		l.die()
	case !w.healed() && w.chance(w.plan.workerDies):
		r.lose()
	case l.done && len(l.buffer) > 0: // the server refuses an end that has not heard all
		news := l.buffer
		l.die()
		r.history = append(r.history, news...)
		r.live()
	default:
		r.history = append(r.history, l.local...)
		l.local = nil
		for _, do := range l.todo {
			do()
		}
		l.todo = nil
		if l.done {
			l.dead = true
			r.close(l.value, l.err)
			return
		}
		r.history, l.inbox, l.buffer = append(r.history, l.buffer...), append(l.inbox, l.buffer...), nil
		if l.idle = len(l.inbox) == 0; !l.idle {
			w.touch(l)
		}
	}
}

// lose is the death of the worker, or that it is believed dead and goes on.
// What the server has not heard is lost.
func (r *run) lose() {
	l := r.life
	if l == nil || r.closed {
		return
	}
	r.w.tell("%s loses its worker", r.id)
	r.life, l.todo = nil, nil
	r.history = append(r.history, l.buffer...)
	l.buffer = nil
	if r.w.chance(0.4) && l.locals > 0 {
		l.zombie = true
	} else {
		l.die()
	}
	r.w.after(taskTimeout, func() {
		if r.life == nil && !r.closed {
			r.live()
		}
	})
}

// die ends a life: its goroutine unwinds at the next thing that it asks for.
func (l *life) die() {
	l.run.w.stirred = true
	l.dead = true
	if l.run.life == l {
		l.run.life = nil
	}
	for seq := range l.seq + 1 {
		if c, waits := l.waiting[seq]; waits {
			delete(l.waiting, seq)
			c.set.SetError(temporal.NewCanceledError())
		}
	}
	if l.stop != nil {
		l.stop()
	}
	l.run.w.breathe()
}

// happen adds to the history what the saga is to hear.
func (r *run) happen(e event) {
	switch l := r.life; {
	case r.closed:
	case l == nil:
		r.history = append(r.history, e)
	case l.idle:
		r.history, l.inbox = append(r.history, e), append(l.inbox, e)
		r.w.touch(l)
	default:
		l.buffer = append(l.buffer, e)
	}
}

// answer is what happens when a command has been carried out.
func (r *run) answer(epoch, seq int, value any, err error) {
	if epoch == r.epoch && !r.ended[seq] {
		r.happen(event{seq: seq, value: value, err: err})
	}
}

func (r *run) close(value any, err error) {
	r.closed, r.failed, r.value = true, err != nil, value
	r.w.tell("%s ends: %v %v", r.id, value, err)
}

var errTerminated = errors.New("terminated")

// terminate ends a saga without asking it.
func (r *run) terminate() {
	if r.closed {
		return
	}
	r.w.tell("an operator terminates %s", r.id)
	if r.life != nil {
		r.life.die()
	}
	r.close(nil, errTerminated)
}

// reset lets a saga begin again after the first events of its history. Signals
// and updates that came later are repeated.
func (r *run) reset(keep int) {
	r.w.tell("an operator resets %s to event %d of %d", r.id, keep, len(r.history))
	if r.life != nil {
		r.life.die()
	}
	r.closed, r.failed = false, false
	r.epoch++
	later := r.history[keep:]
	r.history = slices.Clone(r.history[:keep])
	r.issued, r.ended = map[int]bool{}, map[int]bool{}
	last := 0
	for _, e := range r.history {
		r.issued[e.seq] = true
		last = max(last, e.seq)
	}
	for seq := range r.names {
		if seq > last {
			delete(r.names, seq)
		}
	}
	for _, e := range later {
		if e.signal != "" || e.update != "" {
			r.history = append(r.history, e)
		}
	}
	r.live()
}
