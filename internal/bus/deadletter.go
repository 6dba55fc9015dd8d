package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Headers of a dead letter.
const (
	headerConsumer = "Kassa-Consumer"
	headerType     = "Kassa-Type"
	headerReason   = "Kassa-Reason"
	headerRevived  = "Kassa-Revived" // on an event: the consumer it is sent again for
)

// A DeadLetter is an event that a consumer gave up on.
type DeadLetter struct {
	Number   uint64    // its place in the stream of dead letters
	At       time.Time // when the consumer gave up, UTC
	Consumer string
	Type     string // of the event
	Reason   string // the last error, for operators
	JSON     []byte // the event as it was received
}

// Bury puts an event that consumer cannot apply into the dead letters, once.
func (b *Bus) Bury(ctx context.Context, consumer, messageID, typ, reason string, document []byte) error {
	if err := b.Ensure(ctx); err != nil {
		return err
	}
	m := nats.NewMsg(dead + consumer)
	m.Data = document
	m.Header[nats.MsgIdHdr] = []string{consumer + ":" + messageID}
	m.Header[headerConsumer] = []string{consumer}
	m.Header[headerType] = []string{typ}
	m.Header.Set(headerReason, strconv.QuoteToASCII(reason))
	if _, err := b.js.PublishMsg(ctx, m); err != nil {
		b.Doubt()
		return fmt.Errorf("bury %s: %w", messageID, err)
	}
	return nil
}

// DeadLetters answers up to limit dead letters after number (0 for all from
// the start), oldest first.
func (b *Bus) DeadLetters(ctx context.Context, after uint64, limit int) ([]DeadLetter, error) {
	if err := b.Ensure(ctx); err != nil {
		return nil, err
	}
	stream, err := b.js.Stream(ctx, DeadStream)
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	letters := []DeadLetter{}
	for len(letters) < limit {
		m, err := stream.GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(dead+">"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("dead letters after %d: %w", after, err)
		}
		after = m.Sequence
		letters = append(letters, letter(m))
	}
	return letters, nil
}

// Revive publishes a dead letter again for its consumer and takes it out of
// the dead letters. Others that have applied the event will not do so again;
// its own consumer applies it even when newer events have been applied since.
func (b *Bus) Revive(ctx context.Context, number uint64) error {
	stream, err := b.js.Stream(ctx, DeadStream)
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	m, err := stream.GetMsg(ctx, number)
	if err != nil {
		return fmt.Errorf("dead letter %d: %w", number, err)
	}
	l := letter(m)
	id := fmt.Sprintf("revived:%s:%d", l.Consumer, number)
	again := message(events+l.Type, Document{MessageID: id, JSON: l.JSON})
	again.Header[headerRevived] = []string{l.Consumer}
	if _, err := b.js.PublishMsg(ctx, again); err != nil {
		return fmt.Errorf("revive dead letter %d: %w", number, err)
	}
	if err := stream.DeleteMsg(ctx, number); err != nil {
		return fmt.Errorf("take dead letter %d out: %w", number, err)
	}
	return nil
}

// Discard takes a dead letter out for good: what cannot ever be applied, and need
// not be.
func (b *Bus) Discard(ctx context.Context, number uint64) error {
	stream, err := b.js.Stream(ctx, DeadStream)
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	if err := stream.DeleteMsg(ctx, number); err != nil {
		return fmt.Errorf("discard dead letter %d: %w", number, err)
	}
	return nil
}

func letter(m *jetstream.RawStreamMsg) DeadLetter {
	reason, err := strconv.Unquote(m.Header.Get(headerReason))
	if err != nil {
		reason = m.Header.Get(headerReason)
	}
	return DeadLetter{
		Number:   m.Sequence,
		At:       m.Time.UTC(),
		Consumer: m.Header.Get(headerConsumer),
		Type:     m.Header.Get(headerType),
		Reason:   reason,
		JSON:     m.Data,
	}
}

// RevivedFor is the consumer that a message was sent again for, or "".
func RevivedFor(m jetstream.Msg) string { return m.Headers().Get(headerRevived) }

// TypeOf is the type of the event that a message carries.
func TypeOf(m jetstream.Msg) string { return strings.TrimPrefix(m.Subject(), events) }
