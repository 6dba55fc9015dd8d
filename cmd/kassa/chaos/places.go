package chaos

import (
	"context"
	"fmt"
	"time"
)

// place is a point of an operation in a process.
type place struct{ process, point, operation string }

// places are where processes can be told to die: every point of every
// operation of the checkout and of its undoing.
func places() (all []place) {
	add := func(process string, points, operations []string) {
		for _, operation := range operations {
			for _, point := range points {
				all = append(all, place{process, point, operation})
			}
		}
	}
	remote := []string{"ReserveStock", "ReleaseStock", "AuthorizePayment", "VoidPayment"}
	own := []string{"ConfirmOrder", "RejectOrder", "CancelOrder"}
	add("inventory", []string{"before", "commit", "after"}, remote[:2])
	add("payment", []string{"before", "commit", "provider", "after"}, remote[2:])
	add("order", []string{"before", "commit", "task"}, own)
	add("order-2", []string{"before", "task"}, remote)
	return all
}

// strikeAfter is how long a process may take to come to the place where it is to die.
const strikeAfter = 4 * time.Second

func strikeSome(ctx context.Context, s *stage) error { return s.strikePlaces(ctx, 10) }
func strikeAll(ctx context.Context, s *stage) error  { return s.strikePlaces(ctx, len(places())) }

// strikePlaces lets processes die at so many places, one after the other.
func (s *stage) strikePlaces(ctx context.Context, most int) error {
	all := places()
	s.dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	struck := 0
	for _, p := range all[:min(most, len(all))] {
		died, err := s.strikeAt(ctx, p)
		if err != nil {
			return err
		}
		if died {
			struck++
		}
	}
	s.notes = append(s.notes, fmt.Sprintf("died at %d of %d points", struck, min(most, len(all))))
	return nil
}

// strikeAt lets a process die at a place, once, and waits until it is back.
func (s *stage) strikeAt(ctx context.Context, p place) (died bool, err error) {
	before := s.pid(p.process)
	if err := s.fail(ctx, p.process, fmt.Sprintf("%s:%s=crash*1", p.point, p.operation)); err != nil {
		return false, err
	}
	for end := time.Now().Add(strikeAfter); time.Now().Before(end); {
		if now := s.pid(p.process); now != before {
			coming, cancel := context.WithTimeout(ctx, soon)
			defer cancel()
			for s.pid(p.process) == 0 {
				if err := wait(coming, 20*time.Millisecond); err != nil {
					return true, err
				}
			}
			return true, s.stack.WaitReady(coming, p.process)
		}
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return false, err
		}
	}
	s.say("nothing came to %s:%s in %s", p.point, p.operation, p.process)
	_ = s.fail(ctx, p.process, "") // unless it dies just now
	return false, nil
}
