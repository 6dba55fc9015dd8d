package bus_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"kassa/internal/bus"
	"kassa/internal/bus/bustest"
	"kassa/internal/cloudevent"
)

// within is how long a test waits for what must happen.
const within = time.Minute

func event(subject string, sequence int64) cloudevent.Event {
	return cloudevent.Event{
		SpecVersion: "1.0", ID: uuid.New(), Source: "/kassa/test", Type: "thing.changed", Subject: subject,
		Time: time.Now().UTC(), DataContentType: "application/json", Data: json.RawMessage(`{}`), Sequence: sequence,
	}
}

// receive runs a durable consumer and hands over what it gets, acknowledged.
func receive(t *testing.T, b *bus.Bus, name string) <-chan cloudevent.Event {
	received := make(chan cloudevent.Event, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		_ = b.Consume(ctx, name, []string{"thing.changed"}, func(m jetstream.Msg) {
			var e cloudevent.Event
			if json.Unmarshal(m.Data(), &e) == nil && m.Ack() == nil {
				received <- e
			}
		})
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return received
}

func next(t *testing.T, received <-chan cloudevent.Event) cloudevent.Event {
	t.Helper()
	select {
	case e := <-received:
		return e
	case <-time.After(within):
		require.Fail(t, "no event")
		return cloudevent.Event{}
	}
}

func TestABatchArrivesInTheOrderOfEachSubject(t *testing.T) {
	t.Parallel()
	b := bustest.Run(t).Connect()
	received := receive(t, b, "test")
	var batch []cloudevent.Event
	for sequence := int64(1); sequence <= 5; sequence++ {
		for _, subject := range []string{"a", "b", "c"} {
			batch = append(batch, event(subject, sequence))
		}
	}
	require.NoError(t, b.Publish(t.Context(), batch))
	require.NoError(t, b.Publish(t.Context(), batch), "the broker drops the repeats")
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{event("d", 1)}))

	newest := map[string]int64{}
	for range len(batch) + 1 {
		e := next(t, received)
		require.Equal(t, newest[e.Subject]+1, e.Sequence)
		newest[e.Subject] = e.Sequence
	}
	require.Equal(t, map[string]int64{"a": 5, "b": 5, "c": 5, "d": 1}, newest)
}

func TestABrokerThatIsDownIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	server := bustest.New(t)
	b := server.Connect()
	before := time.Now()
	require.Error(t, b.Publish(t.Context(), []cloudevent.Event{event("a", 1)}))
	require.Error(t, b.Ready(t.Context()))
	require.Less(t, time.Since(before), 5*time.Second)
	require.Zero(t, b.Born())

	server.Start()
	require.Eventually(t, func() bool { return b.Publish(t.Context(), []cloudevent.Event{event("a", 1)}) == nil }, within, 10*time.Millisecond)
	require.WithinDuration(t, time.Now(), b.Born(), time.Minute)
}

func TestServicesThatStartTogetherMakeTheStreamOnce(t *testing.T) {
	t.Parallel()
	server := bustest.Run(t)
	results := make(chan error, 8)
	for range cap(results) {
		b := server.Connect()
		go func() { results <- b.Publish(t.Context(), []cloudevent.Event{event("a", 1)}) }()
	}
	for range cap(results) {
		require.NoError(t, <-results)
	}
}

func TestAMalformedURLIsAnError(t *testing.T) {
	t.Parallel()
	_, err := bus.Connect("nats://127.0.0.1:not-a-port", "test", zap.NewNop())
	require.Error(t, err)
}

func TestDeadLettersAreReadRevivedAndDiscarded(t *testing.T) {
	t.Parallel()
	b := bustest.Run(t).Connect()
	received := receive(t, b, "test")
	poison := event("a", 1)
	document, err := json.Marshal(poison)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, b.Bury(t.Context(), "test", poison.ID.String(), poison.Type, "it said\n“no”", document))
	}
	require.NoError(t, b.Bury(t.Context(), "other", poison.ID.String(), poison.Type, "no", document))

	letters, err := b.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, letters, 2, "buried once per consumer")
	require.WithinDuration(t, time.Now(), letters[0].At, time.Minute)
	letters[0].At = time.Time{}
	require.Equal(t, bus.DeadLetter{Number: 1, Consumer: "test", Type: "thing.changed", Reason: "it said\n“no”", JSON: document}, letters[0])

	require.NoError(t, b.Revive(t.Context(), letters[0].Number))
	require.Equal(t, poison.ID, next(t, received).ID)
	letters, err = b.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	after, err := b.DeadLetters(t.Context(), letters[0].Number, 10)
	require.NoError(t, err)
	require.Empty(t, after)

	require.NoError(t, b.Discard(t.Context(), letters[0].Number))
	require.Error(t, b.Discard(t.Context(), letters[0].Number), "it is gone")
	letters, err = b.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, letters)
}
