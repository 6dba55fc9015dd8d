package notification

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"kassa/internal/fault"
	"kassa/internal/pg"
	"kassa/sql/notificationdb"
)

const (
	sendMost   = 16               // messages claimed at a time
	sendAtOnce = 4                // of them under way
	sendWithin = 20 * time.Second // for one message, its content included
	sendLease  = 2 * time.Minute  // after it, whoever claimed a message is taken for dead
)

// retryAfter is when a message that could not be sent is tried again.
var retryAfter = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
	3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// MaxAttempts is how often a message is tried, over about two days, before it is given up.
var MaxAttempts = len(retryAfter) + 1

// Refusal is a sender's answer that no repetition can change.
type Refusal struct {
	Reason string // a stable word, kept with the message
	Gone   bool   // the address itself is no more: forget it, when it is ours to forget
	Cause  error
}

// Error is the text for the log.
func (r *Refusal) Error() string { return fmt.Sprintf("%s: %v", r.Reason, r.Cause) }

// Unwrap is the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// A Sender takes letters to one channel's server. Its error is a *Refusal, or
// says that nobody knows or that it may work later.
type Sender interface {
	Send(ctx context.Context, letter Letter) error
}

// SendDueMessagesInput asks for a round of sending.
type SendDueMessagesInput struct{}

// SentMessages is what came of a round.
type SentMessages struct {
	Claimed int `json:"claimed"`
	Settled int `json:"settled"` // sent, skipped or given up; the rest is tried again

	Trouble error `json:"-"` // why one of the rest could not be sent; nil when there is none
}

// SendDueMessages sends what is due, at most 16 messages. Each is claimed
// first, so any number of processes may do this at once.
func (s *Service) SendDueMessages(ctx context.Context, _ SendDueMessagesInput) (SentMessages, error) {
	var due []notificationdb.Message
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		due, err = notificationdb.New(conn).ClaimMessages(ctx, sendLease.Seconds(), sendMost)
		return err
	})
	if err != nil {
		return SentMessages{}, fmt.Errorf("claim messages: %w", err)
	}
	if len(due) == 0 {
		return SentMessages{}, nil
	}
	from := s.gather(ctx, due)
	var settled atomic.Int64
	var trouble atomic.Pointer[error]
	var group errgroup.Group
	group.SetLimit(sendAtOnce)
	for _, m := range due {
		group.Go(func() error {
			outcome := s.send(ctx, m, from)
			done, err := s.finish(ctx, m, outcome)
			if done {
				settled.Add(1)
			} else if outcome != nil {
				outcome = fmt.Errorf("%s %s by %s, attempt %d: %w", m.Kind, m.ID, m.Channel, m.Attempts, outcome)
				trouble.Store(&outcome)
			}
			return err
		})
	}
	err = group.Wait()
	sent := SentMessages{Claimed: len(due), Settled: int(settled.Load())}
	if last := trouble.Load(); last != nil {
		sent.Trouble = *last
	}
	return sent, err
}

// errSkip is a message that is not sent, for no fault of anybody.
type errSkip struct{ reason string }

func (e errSkip) Error() string { return e.reason }

// send writes the letter and hands it over.
func (s *Service) send(ctx context.Context, m notificationdb.Message, from material) error {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	letters, err := s.compose(ctx, m, from)
	if err != nil {
		return err
	}
	return s.deliver(ctx, m, letters)
}

// deliver sends a letter to each of a person's addresses on a channel; one that
// was taken is enough.
func (s *Service) deliver(ctx context.Context, m notificationdb.Message, letters []Letter) error {
	sender := s.options.Senders[Channel(m.Channel)]
	if sender == nil {
		return errSkip{"channel_off"}
	}
	var taken int
	var failed error
	for _, letter := range letters {
		err := sender.Send(ctx, letter)
		var refused *Refusal
		switch {
		case err == nil:
			taken++
		case errors.As(err, &refused) && refused.Gone && letter.To.Push != nil:
			if err := s.forgetBrowser(ctx, m.UserID, letter.To.Push.Endpoint); err != nil {
				return err
			}
		default:
			failed = errors.Join(failed, err)
		}
	}
	switch {
	case taken > 0:
		return nil
	case failed != nil:
		return failed
	default:
		return errSkip{"no_address"}
	}
}

// finish records what came of an attempt, and reports whether that was the end.
func (s *Service) finish(ctx context.Context, m notificationdb.Message, outcome error) (settled bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	status, reason, retry := judge(m, outcome)
	attempts.WithLabelValues(m.Channel, status).Inc()
	err = pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := notificationdb.New(conn)
		if retry > 0 {
			_, err := db.DelayMessage(ctx, notificationdb.DelayMessageParams{
				ID: m.ID, Attempts: m.Attempts, Reason: reason, WaitSeconds: retry.Seconds(),
			})
			return err
		}
		_, err := db.SettleMessage(ctx, notificationdb.SettleMessageParams{ID: m.ID, Attempts: m.Attempts, Status: status, Reason: reason})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("record the outcome of message %s: %w", m.ID, err)
	}
	return retry == 0, nil
}

// judge says what an outcome means: a status, a stable word, and when to try
// again, 0 for never.
func judge(m notificationdb.Message, outcome error) (status, reason string, retry time.Duration) {
	var skip errSkip
	var refused *Refusal
	var known *fault.Error
	switch {
	case outcome == nil:
		return "sent", "", 0
	case errors.As(outcome, &skip):
		return "skipped", skip.reason, 0
	case errors.As(outcome, &refused):
		return "failed", refused.Reason, 0
	case errors.As(outcome, &known) && !known.Code.Retryable():
		return "failed", known.Reason, 0
	case int(m.Attempts) >= MaxAttempts:
		return "failed", "given_up", 0
	case known != nil:
		reason = "content_" + known.Reason
	default:
		reason = "server_unavailable"
	}
	return "delayed", reason, jitter(retryAfter[max(int(m.Attempts), 1)-1])
}

// jitter is d, up to a tenth longer, so that what failed together does not come
// again together.
func jitter(d time.Duration) time.Duration { return d + rand.N(d/10) }
