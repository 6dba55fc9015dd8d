package notification_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/notification"
	"kassa/internal/cloudevent"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
	"kassa/sandbox/mail/inbox"
	"kassa/sql/notificationdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// post is the service with the whole outside world of a developer's machine:
// a real mail server that catches everything, and what others answer.
type post struct {
	*notification.Service
	t       *testing.T
	pool    *pgxpool.Pool
	inbox   *inbox.Inbox
	options notification.Options

	mu     sync.Mutex
	person notification.Contact
	order  notification.OrderBrief
	token  notification.MailToken
	out    error // what other services answer instead; nil when they are well
	asked  map[string]int
}

func open(t *testing.T, change ...func(*notification.Options)) *post {
	t.Helper()
	p := &post{t: t, pool: pgtest.New(t, notificationdb.Migrations()), inbox: inbox.New(), asked: map[string]int{}}
	require.NoError(t, p.pool.Ping(t.Context()), "the first connection of a busy machine may take long")
	smtp, err := inbox.Listen("127.0.0.1:0", p.inbox)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- smtp.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-stopped) })

	p.person = notification.Contact{UserID: id.New(), Email: "ada@example.com", Name: "Ada Lovelace", Locale: "en"}
	p.person.Channels.Email, p.person.Channels.SMS, p.person.Channels.Push = true, true, true
	p.order = notification.OrderBrief{Number: "K-1000042", Total: money.New(129900, "EUR"), Lines: []notification.BriefLine{
		{Name: "Mug <b>red</b>", SKU: "MUG-RED", Quantity: 2, Total: money.New(129401, "EUR")},
	}}
	p.token = notification.MailToken{Token: "tok/en+1", Email: "ada.new@example.com", Name: "Ada Lovelace", Locale: "en", ExpiresAt: time.Now().Add(time.Hour)}
	p.options = notification.Options{
		Senders: map[notification.Channel]notification.Sender{notification.Email: mailer(t, smtp.Address())},
		Call:    p.call, ShopURL: "https://shop.example", WebhookKey: "test key", AllowLoopback: true,
	}
	for _, each := range change {
		each(&p.options)
	}
	p.Service = notification.New(p.pool, p.options)
	return p
}

func mailer(t *testing.T, address string) *notification.Mailer {
	t.Helper()
	m, err := notification.NewMailer(notification.MailerOptions{Address: address, TLS: notification.TLSNone, From: "Kassa <shop@kassa.example>"})
	require.NoError(t, err)
	return m
}

// call answers what the user and the order service would.
func (p *post) call(_ context.Context, service, operation string, in, out any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[service+"."+operation]++
	if p.out != nil {
		return p.out
	}
	switch operation {
	case "ReadContacts":
		return copied(map[string]any{"contacts": []notification.Contact{p.person}}, out)
	case "ReadOrderBriefs":
		return copied(map[string]any{"orders": p.briefs(in)}, out)
	case "IssueMailToken":
		return copied(p.token, out)
	}
	return errors.New("nobody serves " + operation)
}

// briefs are the orders that are asked for, which are all alike.
func (p *post) briefs(in any) (orders []notification.OrderBrief) {
	var asked struct {
		OrderIDs []uuid.UUID `json:"order_ids"`
	}
	require.NoError(p.t, copied(in, &asked))
	for _, id := range asked.OrderIDs {
		order := p.order
		order.OrderID = id
		orders = append(orders, order)
	}
	return orders
}

func copied(in, out any) error {
	document, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return json.Unmarshal(document, out)
}

// happen is an event as the inbox applies it.
func (p *post) happen(typ string, data map[string]any) cloudevent.Event {
	p.t.Helper()
	if data["user_id"] == nil {
		data["user_id"] = p.person.UserID
	}
	document, err := json.Marshal(data)
	require.NoError(p.t, err)
	event := cloudevent.Event{
		SpecVersion: "1.0", ID: id.New(), Source: "/kassa/test", Type: typ, Subject: uuid.NewString(),
		Time: time.Now().UTC(), Data: document, Sequence: 1,
	}
	p.hear(event)
	return event
}

func (p *post) hear(event cloudevent.Event) {
	p.t.Helper()
	require.NoError(p.t, pg.InTx(p.t.Context(), p.pool, func(tx pgx.Tx) error {
		return notification.Hearing(p.Service)(p.t.Context(), tx, []cloudevent.Event{event})
	}))
}

// send lets the sender do a round.
func (p *post) send() notification.SentMessages {
	p.t.Helper()
	sent, err := p.SendDueMessages(p.t.Context(), notification.SendDueMessagesInput{})
	require.NoError(p.t, err)
	return sent
}

// later makes everything that waits due, as time would.
func (p *post) later() {
	p.t.Helper()
	p.exec("UPDATE messages SET next_attempt_at = now() WHERE status = 'pending'")
	p.exec("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending'")
}

func (p *post) exec(statement string) {
	p.t.Helper()
	_, err := p.pool.Exec(p.t.Context(), statement)
	require.NoError(p.t, err)
}

// log is every message: kind, channel, status and reason, oldest first.
func (p *post) log() []string {
	p.t.Helper()
	rows, err := p.pool.Query(p.t.Context(), "SELECT concat_ws(' ', kind, channel, status, nullif(reason, '')) FROM messages ORDER BY id")
	require.NoError(p.t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(p.t, err)
	return all
}

// mails are what the mail server has caught, newest first, with their texts.
func (p *post) mails() []inbox.Message {
	p.t.Helper()
	server := httptest.NewServer(p.inbox.Handler())
	defer server.Close()
	var list struct{ Messages []inbox.Message }
	p.ask(server.URL+"/messages", &list)
	for i, m := range list.Messages {
		p.ask(server.URL+"/messages/"+m.ID, &list.Messages[i])
	}
	return list.Messages
}

func (p *post) ask(url string, into any) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, url, nil)
	require.NoError(p.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer func() { require.NoError(p.t, response.Body.Close()) }()
	require.NoError(p.t, json.NewDecoder(response.Body).Decode(into))
}

var errOut = fault.ErrUnavailable.Because(errors.New("connection refused"))
