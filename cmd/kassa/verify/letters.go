package verify

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// brokerWait is how long the broker may take to be there.
const brokerWait = 5 * time.Second

const lettersAtOnce = 500

// deadLettersTriaged is E5: an event that a consumer gave up on is a change that
// somebody has not heard of, until an operator sends it again.
func deadLettersTriaged(ctx context.Context, l *look) (int, []Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*brokerWait)
	defer cancel()
	if err := l.awaitBroker(ctx); err != nil {
		return 0, nil, err
	}
	var found []Finding
	looked, after := len(Subscribers), uint64(0) // each consumer, and what it gave up
	for {
		page, err := l.bus.DeadLetters(ctx, after, lettersAtOnce)
		if err != nil || len(page) == 0 {
			return looked, found, err
		}
		for _, letter := range page {
			looked++
			if letter.At.Before(l.before) {
				found = append(found, Finding{
					fmt.Sprintf("%s %d", letter.Consumer, letter.Number),
					fmt.Sprintf("%s was given up at %s: %s", letter.Type, letter.At.Format(time.RFC3339), strings.ReplaceAll(letter.Reason, "\n", ": ")),
				})
			}
		}
		after = page[len(page)-1].Number
	}
}

func (l *look) awaitBroker(ctx context.Context) error {
	deadline := time.Now().Add(brokerWait)
	for {
		err := l.bus.Ready(ctx)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("the broker cannot be asked: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}
