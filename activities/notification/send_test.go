package notification_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/notification"
	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/id"
)

func TestAConfirmedOrderIsTold(t *testing.T) {
	p := open(t)
	order := id.New()
	event := p.happen(events.OrderConfirmed, map[string]any{"order_id": order})
	require.Equal(t, []string{"order_confirmed email pending"}, p.log())

	require.Equal(t, notification.SentMessages{Claimed: 1, Settled: 1}, p.send())
	require.Equal(t, []string{"order_confirmed email sent"}, p.log())
	mails := p.mails()
	require.Len(t, mails, 1)
	mail := mails[0]
	require.Equal(t, []string{"ada@example.com"}, mail.To)
	require.Equal(t, "shop@kassa.example", mail.From)
	require.Equal(t, "Your order K-1000042 is confirmed", mail.Subject)
	require.Equal(t, event.ID.String()+".email@kassa.example", mail.MessageID)
	require.Equal(t, []string{"auto-generated"}, mail.Headers["Auto-Submitted"])
	require.Contains(t, mail.Text, "Hello Ada Lovelace,")
	require.Contains(t, mail.Text, "2 × Mug <b>red</b>: €1,294.01")
	require.Contains(t, mail.Text, "Total: €1,299.00")
	require.Contains(t, mail.Text, "https://shop.example/orders/"+order.String())
	require.Contains(t, mail.HTML, "Mug &lt;b&gt;red&lt;/b&gt;")
	require.Contains(t, mail.HTML, `href="https://shop.example/orders/`+order.String())
	require.Equal(t, notification.SentMessages{}, p.send(), "nothing is left to do")
}

func TestAnEventIsToldOnceHoweverOftenItComes(t *testing.T) {
	p := open(t)
	event := p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	p.hear(event)
	p.send()
	p.hear(event)
	p.send()
	require.Equal(t, []string{"order_confirmed email sent"}, p.log())
	require.Len(t, p.mails(), 1)
}

func TestManySendersSendAMessageOnce(t *testing.T) {
	p := open(t)
	for range 20 {
		p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for {
				sent, err := p.SendDueMessages(t.Context(), notification.SendDueMessagesInput{})
				if err == nil && sent.Claimed == 0 {
					return
				}
			}
		})
	}
	group.Wait()
	require.Len(t, p.mails(), 20)
}

func TestWhatCannotBeReadNowIsToldLater(t *testing.T) {
	p := open(t)
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	p.out = errOut
	sent := p.send()
	require.Equal(t, 0, sent.Settled)
	require.ErrorContains(t, sent.Trouble, "connection refused")
	require.Equal(t, []string{"order_confirmed email pending content_unavailable"}, p.log())
	require.Equal(t, 0, p.send().Claimed, "not before it is due")

	p.out = nil
	p.later()
	p.send()
	require.Equal(t, []string{"order_confirmed email sent"}, p.log())
}

func TestAMailServerThatIsOutIsWaitedForAndInTheEndGivenUp(t *testing.T) {
	p := open(t, func(o *notification.Options) {
		o.Senders[notification.Email] = mailer(t, "127.0.0.1:1") // nobody
	})
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	for attempt := 1; attempt < notification.MaxAttempts; attempt++ {
		sent := p.send()
		require.Equal(t, notification.SentMessages{Claimed: 1, Trouble: sent.Trouble}, sent)
		require.NotContains(t, sent.Trouble.Error(), "ada@example.com")
		require.Equal(t, []string{"order_confirmed email pending server_unavailable"}, p.log())
		p.later()
	}
	p.send()
	require.Equal(t, []string{"order_confirmed email failed given_up"}, p.log())
}

func TestADefiniteNoEndsAMessage(t *testing.T) {
	p := open(t)
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	p.out = fault.New(fault.NotFound, "no_such_order", "")
	p.send()
	require.Equal(t, []string{"order_confirmed email failed no_such_order"}, p.log())
}

// dying sends as a process does that is killed before it can say so.
type dying struct{ notification.Sender }

func (d dying) Send(ctx context.Context, letter notification.Letter) error {
	return errors.Join(d.Sender.Send(ctx, letter), errors.New("killed"))
}

func TestARepeatAfterACrashIsRecognisable(t *testing.T) {
	p := open(t)
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	whole := p.options.Senders[notification.Email]
	p.options.Senders[notification.Email] = dying{whole}
	p.send()
	p.options.Senders[notification.Email] = whole
	p.later()
	p.send()
	mails := p.mails()
	require.Len(t, mails, 2)
	require.Equal(t, mails[0].MessageID, mails[1].MessageID)
}

func TestAnAttemptThatWasTakenOverSettlesNothing(t *testing.T) {
	p := open(t)
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	release, entered := make(chan struct{}), make(chan struct{})
	whole := p.options.Senders[notification.Email]
	p.options.Senders[notification.Email] = hanging{whole, entered, release}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = p.SendDueMessages(t.Context(), notification.SendDueMessagesInput{})
	}()
	await(t, entered)
	p.exec("UPDATE messages SET attempts = attempts + 1, reason = 'taken over'") // its lease had ended
	close(release)
	await(t, done)
	require.Equal(t, []string{"order_confirmed email pending taken over"}, p.log())
}

// await is until a channel is closed, within a minute.
func await(t *testing.T, closed <-chan struct{}) {
	t.Helper()
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Fatal("nothing happened")
	}
}

// hanging takes its time.
type hanging struct {
	notification.Sender
	entered, release chan struct{}
}

func (h hanging) Send(context.Context, notification.Letter) error {
	close(h.entered)
	<-h.release
	return errors.New("too late")
}

func TestPreferencesDecideButForWhatMustBeTold(t *testing.T) {
	p := open(t)
	p.person.Channels.Email = false
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	p.happen(events.OrderCancelled, map[string]any{"order_id": id.New()})
	p.send()
	require.ElementsMatch(t, []string{"order_confirmed email sent", "order_cancelled email skipped not_wanted"}, p.log())

	p.person.Erased = true
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	p.send()
	require.Equal(t, "order_confirmed email skipped recipient_erased", p.log()[2])
	require.Len(t, p.mails(), 1)
}
