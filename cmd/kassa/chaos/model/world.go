package model

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/workflow"
)

// world is one schedule under way.
type world struct {
	plan   plan
	dice   *rand.Rand
	broken Broken
	now    time.Time
	agenda agenda
	count  int // entries so far; equal times happen in the order they were planned

	root     workflow.Context
	stirred  bool    // a saga may have something to do: see breathe
	progress int     // counts what sagas do
	branched int     // coroutines beside those of the sagas themselves
	touched  []*life // sagas to which something has happened

	runs    map[string]*run
	shop    *shop
	say     func(string, ...any) // tells the story; nil for silence
	deeds   int                  // that nobody has done yet
	replays int                  // sagas that began again in another worker
	found   []Finding            // on the way
	wrong   []string             // what the model itself cannot understand
}

var beginning = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// entry is something that will happen.
type entry struct {
	at    time.Time
	count int
	do    func()
}

type agenda []entry

func (a agenda) Len() int      { return len(a) }
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a agenda) Less(i, j int) bool {
	if a[i].at.Equal(a[j].at) {
		return a[i].count < a[j].count
	}
	return a[i].at.Before(a[j].at)
}
func (a *agenda) Push(e any) { *a = append(*a, e.(entry)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	*a = (*a)[:last]
	return e
}

// after plans something.
func (w *world) after(d time.Duration, do func()) {
	w.count++
	heap.Push(&w.agenda, entry{at: w.now.Add(d), count: w.count, do: do})
}

// mostEvents bounds a schedule: one that goes on for longer never ends.
const mostEvents = 20_000

// play lets everything happen that is planned, and what comes of it.
func (w *world) play() {
	for n := 0; len(w.agenda) > 0; n++ {
		if n == mostEvents {
			w.wrong = append(w.wrong, "it never comes to rest")
			return
		}
		e := heap.Pop(&w.agenda).(entry)
		w.now = e.at
		e.do()
		w.drive()
	}
}

// breathe lets the sagas run until all of them wait for something. Whenever the
// root of the world pauses, Temporal's dispatcher runs, once, whoever can. A saga
// of one coroutine has then done all that it can; coroutines that wait for each
// other need more turns.
func (w *world) breathe() {
	if !w.stirred {
		return
	}
	w.stirred = false
	for quiet, alone := false, w.branched == 0; ; {
		before := w.progress
		paused := false
		_ = workflow.Await(w.root, func() bool { // it is never cancelled
			pausing := !paused
			paused = true
			return !pausing
		})
		if alone = alone && w.branched == 0; alone || quiet && w.progress == before {
			return
		}
		quiet = w.progress == before
	}
}

// chance is true with probability p.
func (w *world) chance(p float64) bool { return p > 0 && w.dice.Float64() < p }

// upTo is some time up to d.
func (w *world) upTo(d time.Duration) time.Duration {
	return time.Duration(w.dice.Int64N(int64(d))) + 1
}

func (w *world) tell(format string, args ...any) {
	if w.say != nil {
		w.say("%9s  %s", w.now.Sub(beginning).Round(time.Millisecond), fmt.Sprintf(format, args...))
	}
}

// healed reports whether nothing goes wrong any more.
func (w *world) healed() bool { return w.now.Sub(beginning) > w.plan.heal }

// A place is where operations happen: one service's process. What it is at dies with it.
type place struct {
	name   string
	lives  int       // it has died so often
	downTo time.Time // nobody is there until then
}

// crash ends what p is at. It comes back after a while.
func (w *world) crash(p *place, back time.Duration) {
	p.lives++
	p.downTo = w.now.Add(back)
	w.tell("%s dies and is back after %s", p.name, back.Round(time.Millisecond))
}

// alive remembers who p is now: work goes on only while p lives.
func (p *place) alive() func() bool {
	life := p.lives
	return func() bool { return p.lives == life }
}

// A request is what one part asks another. It answers by done, once, or never.
type request func(alive func() bool, done func(out any, err error))

// fate is what the network does with a request.
type fate int

const (
	delivered  fate = iota // and answered
	lost                   // it never arrives
	unanswered             // it arrives, and the answer does not
	late                   // it arrives after the caller has given up
	twice                  // it arrives, is answered, and arrives again
)

// latest is how late a request may arrive. After an operator has terminated a
// saga in the middle of an undo, a request of its past that comes later than the
// order is begun again would find another order than it was meant for. Nothing
// guards against that but that no request lives for so long, so here none does.
func (w *world) latest() time.Duration {
	if w.plan.operator {
		return time.Millisecond
	}
	return 20 * time.Minute
}

func (w *world) fate() fate {
	if w.healed() || !w.chance(w.plan.trouble) {
		return delivered
	}
	return fate(1 + w.dice.IntN(4))
}

// ask sends a request to a place and waits at most so long for the answer. then
// is called exactly once; known tells whether there was an answer.
func (w *world) ask(what string, p *place, within time.Duration, do request, then func(out any, err error, known bool)) {
	answered := false
	answer := func(out any, err error, known bool) {
		if !answered {
			answered = true
			then(out, err, known)
		}
	}
	arrive := func(heard bool) func() {
		return func() {
			if w.now.Before(p.downTo) {
				if heard {
					answer(nil, nil, false) // nobody is there
				}
				return
			}
			do(p.alive(), func(out any, err error) {
				if heard {
					w.after(w.upTo(5*time.Millisecond), func() { answer(out, err, true) })
				}
			})
		}
	}
	f := w.fate()
	if f != delivered {
		w.tell("%s to %s: %s", what, p.name, [...]string{"", "lost", "unanswered", "late", "twice"}[f])
	}
	switch f {
	case lost:
	case late:
		w.after(within+w.upTo(w.latest()), arrive(false))
	case unanswered:
		w.after(w.upTo(within), arrive(false))
	case delivered:
		w.after(w.upTo(20*time.Millisecond), arrive(true))
	case twice:
		w.after(w.upTo(20*time.Millisecond), arrive(true))
		w.after(w.upTo(w.latest()), arrive(false))
	}
	w.after(within, func() { answer(nil, nil, false) })
}
