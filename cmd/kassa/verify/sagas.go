package verify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
)

// The kinds of saga of an order; their workflow ids are kind/<order id>.
const (
	checkout = "checkout"
	cancel   = "cancel"
)

// maxLooks bounds how many sagas are looked at one by one.
const maxLooks = 300

// story is what Temporal knows of one saga: its runs, oldest first.
type story []Execution

// latest is the last run, if there is any.
func (s story) latest() Execution {
	if len(s) == 0 {
		return Execution{}
	}
	return s[len(s)-1]
}

func (s story) open() bool { return s.latest().Status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING }

// ended reports whether the saga came to its own end: it answered or failed,
// which is how a rejection ends. A terminated one did not.
func (e Execution) ended() bool {
	switch e.Status {
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, enums.WORKFLOW_EXECUTION_STATUS_FAILED, enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return true
	default:
		return false
	}
}

// stories sorts the sagas by workflow id.
func (l *look) stories() map[string]story {
	all := map[string]story{}
	for _, e := range l.executions {
		all[e.ID] = append(all[e.ID], e)
	}
	return all
}

// closer is a story as Temporal itself has it: the list may lag behind by a
// moment. After many looks the list is believed.
type closer struct {
	*look
	stories map[string]story
	left    int
}

func (l *look) closer() *closer { return &closer{look: l, stories: l.stories(), left: maxLooks} }

// again is the latest run of a saga, asked anew.
func (c *closer) again(ctx context.Context, workflowID string) (Execution, error) {
	if c.left == 0 {
		return c.stories[workflowID].latest(), nil
	}
	c.left--
	e, err := c.sagas.Look(ctx, workflowID, "")
	if err != nil {
		return e, fmt.Errorf("look at %s: %w", workflowID, err)
	}
	return e, nil
}

// pendingOwned is O5: whoever waits, a saga is at it. One that ended although
// its order is not settled is W1's.
func pendingOwned(ctx context.Context, l *look) (int, []Finding, error) {
	c := l.closer()
	var found []Finding
	looked := 0
	for _, id := range inOrder(l.orders) {
		o := l.orders[id]
		for _, kind := range o.wants() {
			looked++
			workflowID := kind + "/" + id.String()
			if !o.UpdatedAt.Before(l.before) || c.stories[workflowID].open() {
				continue
			}
			e, err := c.again(ctx, workflowID)
			if err != nil {
				return looked, found, err
			}
			if e.Status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING && !e.ended() {
				found = append(found, Finding{id.String(), fmt.Sprintf("%s since %s, and no %s runs (%s)", o.doing(), o.UpdatedAt.UTC(), kind, e.word())})
			}
		}
	}
	rest, also, err := c.parcelsOwned(ctx)
	return looked + rest, append(found, also...), err
}

// underway are the shipments, refunds and returns that are not at their end, by
// the id of their saga. A refund of a return is in the return's.
const underway = `
SELECT 'fulfil/' || id, 'a shipment that is ' || status, created_at FROM shipments WHERE status = 'preparing'
UNION ALL
SELECT 'refund/' || id, 'a refund that is ' || status, created_at FROM refunds WHERE status = 'requested' AND actor <> 'saga'
UNION ALL
SELECT 'return/' || id, 'a return that is ' || status, updated_at FROM returns WHERE status IN ('requested', 'approved', 'received')`

// parcelsOwned is O5 for what follows a purchase: a saga runs for it, however the
// last one ended.
func (c *closer) parcelsOwned(ctx context.Context) (int, []Finding, error) {
	all, err := rows[struct {
		Saga, What string
		Since      time.Time
	}](ctx, c.look, orders, underway)
	var found []Finding
	for _, each := range all {
		if !each.Since.Before(c.before) || c.stories[each.Saga].open() {
			continue
		}
		e, err := c.again(ctx, each.Saga)
		if err != nil {
			return len(all), found, err
		}
		if e.Status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			found = append(found, Finding{each.Saga, fmt.Sprintf("is for %s since %s, and does not run (%s)", each.What, each.Since.UTC(), e.word())})
		}
	}
	return len(all), found, err
}

// wants names the sagas that must be at work for the order.
func (o orderRow) wants() []string {
	var kinds []string
	if !o.settled() {
		kinds = append(kinds, checkout)
	}
	if o.CancelRequested != nil && !o.closed() {
		kinds = append(kinds, cancel)
	}
	return kinds
}

func (o orderRow) doing() string {
	if o.CancelRequested != nil {
		return o.Status + " and to be cancelled"
	}
	return o.Status
}

// word is a status in lower case, like "completed".
func (e Execution) word() string {
	if e.Status == enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED {
		return "never started"
	}
	return strings.ToLower(e.Status.String())
}

// sagasMatch is W1. Temporal forgets ended sagas after its retention, so only
// orders of the last days must have one.
func sagasMatch(ctx context.Context, l *look) (int, []Finding, error) {
	c := l.closer()
	var found []Finding
	for workflowID, runs := range c.stories {
		if kind, order, _ := strings.Cut(workflowID, "/"); (kind == checkout || kind == cancel) && !l.knows(order) {
			found = append(found, Finding{workflowID, "is a " + kind + " of an order that does not exist"})
		}
		ends, err := c.ends(ctx, runs)
		if err != nil {
			return 0, nil, err
		}
		if ends > 1 {
			found = append(found, Finding{workflowID, fmt.Sprintf("completed %d times", ends)})
		}
	}
	for _, id := range inOrder(l.orders) {
		o := l.orders[id]
		for _, kind := range []string{checkout, cancel} {
			what, err := c.contradicts(ctx, o, kind)
			if err != nil {
				return 0, nil, err
			}
			if what != "" {
				found = append(found, Finding{kind + "/" + id.String(), what})
			}
		}
	}
	return len(l.orders), found, nil
}

func (l *look) knows(order string) bool {
	id, err := uuid.Parse(order)
	_, known := l.orders[id]
	return err == nil && known
}

// contradicts says how a saga and its order contradict each other; "" when they
// do not.
func (c *closer) contradicts(ctx context.Context, o orderRow, kind string) (string, error) {
	over := o.settled() // whether the order says that the saga has done its work
	due := true         // whether there must have been one
	if kind == cancel {
		over, due = o.closed(), o.Status == cancelled
	}
	workflowID := kind + "/" + o.ID.String()
	agrees := func(e Execution) bool {
		switch {
		case e.Status == enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED:
			return !over || !due || o.UpdatedAt.Before(c.forgotten()) || !o.UpdatedAt.Before(c.before)
		case e.Status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
			return !over || !o.UpdatedAt.Before(c.before)
		case kind == cancel && o.CancelRequested == nil:
			return false
		}
		return over || !e.ended()
	}
	if agrees(c.stories[workflowID].latest()) {
		return "", nil
	}
	e, err := c.again(ctx, workflowID)
	if err != nil || agrees(e) {
		return "", err
	}
	return fmt.Sprintf("%s, but the order is %s", e.word(), o.doing()), nil
}

// ends counts how often a saga came to its successful end, resets aside: those
// share their first run.
func (c *closer) ends(ctx context.Context, runs story) (int, error) {
	var completed []Execution
	for _, e := range runs {
		if e.Status == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED {
			completed = append(completed, e)
		}
	}
	if len(completed) < 2 {
		return len(completed), nil
	}
	first := map[string]bool{}
	for _, e := range completed {
		full, err := c.sagas.Look(ctx, e.ID, e.Run)
		if err != nil {
			return 0, fmt.Errorf("look at %s: %w", e.ID, err)
		}
		first[full.First] = true
	}
	return len(first), nil
}

// failing is how many attempts at one workflow task are a sign of code that
// does not fit the history, rather than of a worker that died.
const failing = 5

// sagasRun is W2.
func sagasRun(ctx context.Context, l *look) (int, []Finding, error) {
	var found []Finding
	open, looks := 0, map[string]int{} // by kind of saga: some wait for days, and would hide the others
	for _, e := range l.executions {
		if e.Status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			continue
		}
		open++
		kind, _, _ := strings.Cut(e.ID, "/")
		if looks[kind] == maxLooks || !e.Started.Before(l.before) {
			continue
		}
		looks[kind]++
		full, err := l.sagas.Look(ctx, e.ID, e.Run)
		if err != nil {
			return open, found, fmt.Errorf("look at %s: %w", e.ID, err)
		}
		if full.TaskAttempts >= failing {
			found = append(found, Finding{e.ID, fmt.Sprintf("its workflow task failed %d times", full.TaskAttempts-1)})
		}
	}
	return open, found, nil
}
