package model

import (
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

type lifeKey struct{}

// inbound puts an outbound in front of every saga.
type inbound struct {
	interceptor.WorkerInterceptorBase
}

func (*inbound) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &workflowInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type workflowInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (i *workflowInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{interceptor.WorkflowOutboundInterceptorBase{Next: next}})
}

// outbound answers what sagas ask of Temporal.
type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// of is the life that asks.
func of(ctx workflow.Context) *life {
	l, _ := ctx.Value(lifeKey{}).(*life)
	if l == nil {
		return nil
	}
	if l.dead {
		panic(gone{})
	}
	l.run.w.progress++
	return l
}

// command notes what a saga asks for. known says that the history has the
// answer, or that the server is at it.
func (l *life) command(ctx workflow.Context, name string, local bool) (f workflow.Future, seq int, known bool) {
	l.seq++
	seq = l.seq
	f, set := workflow.NewFuture(ctx)
	if before := l.run.names[seq]; before != "" && before != name && l.known[seq] {
		l.run.w.wrong = append(l.run.w.wrong, l.run.id+" decides otherwise when replayed: "+name+" instead of "+before)
	}
	l.run.names[seq] = name
	if ctx.Err() != nil { // a step that nobody wants is not begun
		set.SetError(temporal.NewCanceledError())
		return f, seq, true
	}
	if e, came := l.early[seq]; came {
		set.Set(e.value, e.err)
		return f, seq, true
	}
	l.waiting[seq] = command{ctx: ctx, set: set, local: local}
	return f, seq, l.known[seq] || l.run.issued[seq]
}

// soon asks the server for something, when the task is over.
func (l *life) soon(seq int, do func(epoch int)) {
	r := l.run
	l.todo = append(l.todo, func() {
		r.issued[seq] = true
		do(r.epoch)
	})
}

// ExecuteLocalActivity calls an operation from the worker.
func (o *outbound) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	l := of(ctx)
	f, seq, known := l.command(ctx, "directly "+name, true)
	if known {
		return f
	}
	l.locals++
	w := l.run.w
	w.call(name, args[0], workflow.GetLocalActivityOptions(ctx).StartToCloseTimeout, func(out any, err error) {
		if l.dead {
			return
		}
		if !l.zombie && !w.healed() && w.chance(w.plan.workerDies) {
			if l.run.lose(); l.dead {
				return
			}
		}
		l.locals--
		e := event{seq: seq, value: out, err: err}
		l.local = append(l.local, e)
		l.deliver(e)
		w.touch(l)
	})
	return f
}

// ExecuteActivity calls an operation through a task queue, again and again.
func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	l := of(ctx)
	f, seq, known := l.command(ctx, "by activity "+name, false)
	if known {
		return f
	}
	options := workflow.GetActivityOptions(ctx)
	l.soon(seq, func(epoch int) {
		a := &activity{run: l.run, epoch: epoch, seq: seq, name: name, in: args[0], options: options}
		if options.ScheduleToCloseTimeout > 0 {
			a.until = l.run.w.now.Add(options.ScheduleToCloseTimeout)
		}
		a.attempt(options.RetryPolicy.InitialInterval)
	})
	return f
}

// activity is one that the server looks after.
type activity struct {
	run      *run
	epoch    int
	seq      int
	name     string
	in       any
	options  workflow.ActivityOptions
	until    time.Time // zero for no end
	attempts int32
}

func (a *activity) attempt(wait time.Duration) {
	w, policy := a.run.w, a.options.RetryPolicy
	if a.run.closed || a.run.ended[a.seq] || a.epoch != a.run.epoch {
		return
	}
	within := a.options.StartToCloseTimeout
	if !a.until.IsZero() {
		within = min(within, a.until.Sub(w.now))
	}
	a.attempts++
	w.call(a.name, a.in, within, func(out any, err error) {
		over := !a.until.IsZero() && !w.now.Add(wait).Before(a.until) || policy.MaximumAttempts > 0 && a.attempts >= policy.MaximumAttempts
		if err == nil || final(err) || over {
			a.run.answer(a.epoch, a.seq, out, err)
			return
		}
		next := min(time.Duration(float64(wait)*policy.BackoffCoefficient), policy.MaximumInterval)
		w.after(wait, func() { a.attempt(next) })
	})
}

// NewTimerWithOptions sets a timer.
func (o *outbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, _ workflow.TimerOptions) workflow.Future {
	l := of(ctx)
	f, seq, known := l.command(ctx, "timer", false)
	if !known {
		l.soon(seq, func(epoch int) { l.run.w.after(d, func() { l.run.answer(epoch, seq, nil, nil) }) })
	}
	return f
}

// NewTimer sets a timer.
func (o *outbound) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	return o.NewTimerWithOptions(ctx, d, workflow.TimerOptions{})
}

// Sleep waits for a timer.
func (o *outbound) Sleep(ctx workflow.Context, d time.Duration) error {
	return o.NewTimer(ctx, d).Get(ctx, nil)
}

// RequestCancelExternalWorkflow asks another saga to stop.
func (o *outbound) RequestCancelExternalWorkflow(ctx workflow.Context, id, _ string) workflow.Future {
	return o.toOther(ctx, id, event{cancel: true})
}

// SignalExternalWorkflow signals another saga.
func (o *outbound) SignalExternalWorkflow(ctx workflow.Context, id, _, name string, _ any) workflow.Future {
	return o.toOther(ctx, id, event{signal: name})
}

func (o *outbound) toOther(ctx workflow.Context, id string, e event) workflow.Future {
	l := of(ctx)
	f, seq, known := l.command(ctx, "to "+id+" "+e.signal, false)
	if known {
		return f
	}
	l.soon(seq, func(epoch int) {
		w := l.run.w
		w.after(w.upTo(10*time.Millisecond), func() {
			var err error
			other := w.runs[id]
			if (other == nil || other.closed) && !e.cancel {
				err = &temporal.UnknownExternalWorkflowExecutionError{}
			} else if other != nil {
				other.happen(e)
			}
			l.run.answer(epoch, seq, nil, err)
		})
	})
	return f
}

// GetSignalChannel is where a saga hears its signals.
func (o *outbound) GetSignalChannel(ctx workflow.Context, name string) workflow.ReceiveChannel {
	return of(ctx).channel(name)
}

// Go begins a coroutine of a saga. It ends with its saga's life.
func (o *outbound) Go(ctx workflow.Context, name string, f func(workflow.Context)) workflow.Context {
	l := of(ctx)
	if l == nil {
		return o.Next.Go(ctx, name, f)
	}
	l.run.w.branched++
	return o.Next.Go(ctx, name, func(ctx workflow.Context) {
		defer func() {
			l.run.w.branched--
			if p := recover(); p != nil {
				if _, died := p.(gone); !died {
					panic(p)
				}
			}
			l.run.w.progress++
		}()
		f(ctx)
	})
}

// child is a saga that another one starts and does not wait for.
type child struct {
	workflow.Future
	started workflow.Future
}

func (c child) GetChildWorkflowExecution() workflow.Future { return c.started }
func (c child) SignalChildWorkflow(workflow.Context, string, any) workflow.Future {
	return c.started
}

// ExecuteChildWorkflow starts a saga.
func (o *outbound) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	l := of(ctx)
	id := workflow.GetChildWorkflowOptions(ctx).WorkflowID
	f, seq, known := l.command(ctx, "start "+id, false)
	if !known {
		w := l.run.w
		l.soon(seq, func(epoch int) {
			w.after(w.upTo(10*time.Millisecond), func() {
				var err error
				if !w.start(id, w.sagaOf(name, args[0])) {
					err = &temporal.ChildWorkflowExecutionAlreadyStartedError{}
				}
				l.run.answer(epoch, seq, nil, err)
			})
		})
	}
	return child{Future: f, started: f}
}

// SetUpdateHandler remembers who hears an update.
func (o *outbound) SetUpdateHandler(ctx workflow.Context, name string, handler any, options workflow.UpdateHandlerOptions) error {
	of(ctx).updates[name] = listener{handler, options.Validator}
	return nil
}

// GetVersion answers the newest: every run began with today's code.
func (o *outbound) GetVersion(_ workflow.Context, _ string, _, newest workflow.Version) workflow.Version {
	return newest
}

// Now is the virtual time.
func (o *outbound) Now(ctx workflow.Context) time.Time { return of(ctx).run.w.now }

// GetLogger keeps silent.
func (o *outbound) GetLogger(workflow.Context) log.Logger { return silence{} }

// HasLastCompletionResult says that every run is the first.
func (o *outbound) HasLastCompletionResult(workflow.Context) bool { return false }

// GetLastCompletionResult leaves its target as it is.
func (o *outbound) GetLastCompletionResult(workflow.Context, ...any) error { return nil }

// UpsertTypedSearchAttributes changes nothing.
func (o *outbound) UpsertTypedSearchAttributes(ctx workflow.Context, _ ...temporal.SearchAttributeUpdate) error {
	of(ctx)
	return nil
}

type silence struct{}

func (silence) Debug(string, ...any) {}
func (silence) Info(string, ...any)  {}
func (silence) Warn(string, ...any)  {}
func (silence) Error(string, ...any) {}
