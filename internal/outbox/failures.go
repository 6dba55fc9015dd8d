package outbox

import (
	"time"

	"github.com/google/uuid"
)

// retryAfter is when an event that could not be applied comes again. After the
// last of them it is given up.
var retryAfter = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// overdue is how long after its time a failed event is no longer waited for:
// another instance has taken it.
const overdue = 30 * time.Second

// failures remembers, for each subject, the event that failed, so that later
// ones of the same subject do not overtake it. They would not be wrong, but
// the failed one would then be dropped as older. Other subjects go on.
type failures struct {
	of map[string]*failure
}

type failure struct {
	event    uuid.UUID
	sequence int64
	attempts int
	again    time.Time
}

// ahead is how long d has to wait for an earlier event of its subject that
// failed, or 0.
func (f *failures) ahead(d *delivery, now time.Time) time.Duration {
	earlier := f.of[aggregate(d.event)]
	if earlier == nil || earlier.event == d.event.ID || d.event.Sequence < earlier.sequence || d.revived {
		return 0
	}
	if now.After(earlier.again.Add(overdue)) {
		delete(f.of, aggregate(d.event))
		return 0
	}
	return max(earlier.again.Sub(now), 0) + 100*time.Millisecond
}

// add notes that d failed. It answers how often it has, and when it should
// come again; 0 means never.
func (f *failures) add(d *delivery, delays []time.Duration, now time.Time) (attempt int, wait time.Duration) {
	known := f.of[aggregate(d.event)]
	if known == nil || known.event != d.event.ID {
		known = &failure{event: d.event.ID, sequence: d.event.Sequence}
		if f.of == nil {
			f.of = map[string]*failure{}
		}
		f.of[aggregate(d.event)] = known
	}
	known.attempts++
	if known.attempts > len(delays) {
		return known.attempts, 0
	}
	wait = delays[known.attempts-1]
	known.again = now.Add(wait)
	return known.attempts, wait
}

// forget is for an event that has been applied, dropped or buried.
func (f *failures) forget(d *delivery) {
	if known := f.of[aggregate(d.event)]; known != nil && known.event == d.event.ID {
		delete(f.of, aggregate(d.event))
	}
}
