package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"
)

// saga remembers how to undo what a workflow has done so far.
type saga struct {
	undo   []func(workflow.Context) error
	nudged *bool // set when somebody wants it not to wait between two tries; nil when nobody can
}

// otherwise registers the operation that undoes the next step. Register it
// first: a step that timed out may still have happened.
func otherwise[In, Out any](s *saga, queue string, op func(context.Context, In) (Out, error), in In) {
	s.undo = append(s.undo, func(ctx workflow.Context) error {
		_, err := call(definitely(ctx, queue), op, in)
		return err
	})
}

// commit marks the point of no return: nothing registered so far is undone.
func (s *saga) commit() { s.undo = nil }

// settle undoes everything, newest first, if the workflow failed. It comes back
// when all is undone: an undo that is refused raises the alarm and is tried
// again, after the others, for as long as it takes.
func (s *saga) settle(ctx workflow.Context, err *error) {
	if *err == nil || workflow.IsContinueAsNewError(*err) {
		return
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	s.decide(ctx)
	for wait := time.Minute; ; wait = min(2*wait, time.Hour) {
		var refused []func(workflow.Context) error
		for i := len(s.undo) - 1; i >= 0; i-- {
			if failed := s.undo[i](ctx); failed != nil {
				alarm(ctx, failed)
				refused = append([]func(workflow.Context) error{s.undo[i]}, refused...)
			}
		}
		if s.undo = refused; len(refused) == 0 {
			return
		}
		_, _ = workflow.AwaitWithTimeout(ctx, wait, func() bool { return s.nudged != nil && *s.nudged }) // on a disconnected context
		if s.nudged != nil {
			*s.nudged = false
		}
	}
}

// decide writes down that all is undone, before the first undo leaves. What a
// worker has only done directly is forgotten when it dies, and the saga begins
// again, perhaps with better luck: what was out of stock is there now. An undo of
// the forgotten run that is still on its way would then take from an order that
// is confirmed what it has. A timer, however short, makes the server remember.
func (s *saga) decide(ctx workflow.Context) {
	if len(s.undo) > 0 && workflow.GetVersion(ctx, "decide before undoing", workflow.DefaultVersion, 1) > workflow.DefaultVersion {
		_ = workflow.Sleep(ctx, time.Millisecond)
	}
}
