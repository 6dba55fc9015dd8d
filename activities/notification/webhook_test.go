package notification_test

import (
	"crypto/hmac"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/notification"
	"kassa/events"
	"kassa/internal/id"
)

// TestSignaturesAreThoseOfTheStandard uses the vector that the libraries of
// Standard Webhooks are tested with.
func TestSignaturesAreThoseOfTheStandard(t *testing.T) {
	signature, err := notification.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
		time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature)
	_, err = notification.Sign("whsec_!", "id", time.Now(), nil)
	require.Error(t, err)
}

// receiver is a program outside that is told what happens.
type receiver struct {
	t      *testing.T
	url    string
	mu     sync.Mutex
	status int // that it answers
	got    []received
}

type received struct {
	header http.Header
	body   string
}

func listen(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, status: http.StatusNoContent}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, received{request.Header.Clone(), string(body)})
		if r.status >= 300 && r.status < 400 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(r.status)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook"
	return r
}

func (r *receiver) calls() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// verify checks a webhook as its receiver would.
func (c received) verify(t *testing.T, secrets ...string) {
	t.Helper()
	unix, err := strconv.ParseInt(c.header.Get("webhook-timestamp"), 10, 64)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), time.Unix(unix, 0), time.Minute)
	signatures := strings.Split(c.header.Get("webhook-signature"), " ")
	require.Len(t, signatures, len(secrets))
	for i, secret := range secrets {
		want, err := notification.Sign(secret, c.header.Get("webhook-id"), time.Unix(unix, 0), []byte(c.body))
		require.NoError(t, err)
		require.True(t, hmac.Equal([]byte(want), []byte(signatures[i])))
	}
}

func (p *post) endpoint(url string, types ...string) notification.WebhookEndpoint {
	p.t.Helper()
	made, err := p.CreateWebhookEndpoint(p.t.Context(), notification.CreateWebhookEndpointInput{ActorID: p.person.UserID, URL: url, EventTypes: types})
	require.NoError(p.t, err)
	return made
}

func (p *post) deliver() {
	p.t.Helper()
	_, err := p.DeliverDueWebhooks(p.t.Context(), notification.DeliverDueWebhooksInput{})
	require.NoError(p.t, err)
}

func (p *post) deliveries(endpoint notification.WebhookEndpoint) []notification.WebhookDelivery {
	p.t.Helper()
	list, err := p.ListWebhookDeliveries(p.t.Context(), notification.ListWebhookDeliveriesInput{EndpointID: endpoint.ID, Limit: 100})
	require.NoError(p.t, err)
	return list.Deliveries
}

func TestAnEndpointHearsWhatItWantsOnce(t *testing.T) {
	p, r := open(t), listen(t)
	made := p.endpoint(r.url, "order.*", events.UserUpdated)
	require.Regexp(t, `^whsec_[A-Za-z0-9+/]{43}=$`, made.Secret)
	order := id.New()
	event := p.happen(events.OrderConfirmed, map[string]any{"order_id": order})
	p.hear(event)
	p.happen(events.PaymentReceived, map[string]any{"order_id": order})
	p.happen(events.UserUpdated, map[string]any{"name": "Ada Lovelace"})
	p.happen(events.UserPasswordResetRequested, map[string]any{"request_id": id.New()})
	p.deliver()
	p.later()
	p.deliver()

	calls := r.calls()
	require.Len(t, calls, 2)
	for _, call := range calls {
		call.verify(t, made.Secret)
		require.Equal(t, "application/json", call.header.Get("Content-Type"))
		require.NotContains(t, call.body, "Ada")
		var payload struct {
			Type      string
			Timestamp time.Time
			Data      map[string]any
		}
		require.NoError(t, json.Unmarshal([]byte(call.body), &payload))
		if payload.Type == events.OrderConfirmed {
			require.Equal(t, event.ID.String(), call.header.Get("webhook-id"))
			require.Equal(t, order.String(), payload.Data["order_id"])
			require.Equal(t, event.Time, payload.Timestamp)
		}
	}
	log := p.deliveries(made)
	require.Len(t, log, 2)
	require.Equal(t, "delivered", log[0].Status)
	require.Equal(t, int32(204), log[0].ResponseStatus)
}

func TestADeliveryThatFailsIsTriedAgainAndInTheEndGivenUpAndCanBeReplayed(t *testing.T) {
	p, r := open(t), listen(t)
	made := p.endpoint(r.url, "*")
	event := p.happen(events.OrderCreated, map[string]any{})
	r.answer(http.StatusInternalServerError)
	for range 9 {
		p.deliver()
		require.Equal(t, "pending", p.deliveries(made)[0].Status)
		require.Equal(t, "status_500", p.deliveries(made)[0].Reason)
		p.later()
	}
	p.deliver()
	failed := p.deliveries(made)[0]
	require.Equal(t, "failed", failed.Status)
	require.Equal(t, int32(10), failed.Attempts)
	p.later()
	p.deliver()
	require.Len(t, r.calls(), 10)

	r.answer(http.StatusOK)
	replay := notification.ReplayWebhookDeliveryInput{EndpointID: made.ID, ID: failed.ID}
	again, err := p.ReplayWebhookDelivery(t.Context(), replay)
	require.NoError(t, err)
	require.Equal(t, "pending", again.Status)
	_, err = p.ReplayWebhookDelivery(t.Context(), replay)
	require.ErrorIs(t, err, notification.ErrDeliveryPending)
	p.deliver()
	require.Equal(t, "delivered", p.deliveries(made)[0].Status)
	calls := r.calls()
	require.Len(t, calls, 11)
	require.Equal(t, event.ID.String(), calls[10].header.Get("webhook-id"))
	read, err := p.ReadWebhookEndpoint(t.Context(), notification.ReadWebhookEndpointInput{ID: made.ID})
	require.NoError(t, err)
	require.Nil(t, read.FailingSince)
	require.Empty(t, read.Secret, "shown once")
	replay.ID = id.New()
	_, err = p.ReplayWebhookDelivery(t.Context(), replay)
	require.ErrorIs(t, err, notification.ErrDeliveryNotFound)
}

func TestAnEndpointThatKeepsFailingIsSwitchedOffAndItsMakerTold(t *testing.T) {
	p, r := open(t), listen(t)
	made := p.endpoint(r.url, "*")
	p.happen(events.OrderCreated, map[string]any{})
	r.answer(http.StatusFound) // a redirect is not followed
	p.deliver()
	require.Len(t, r.calls(), 1)
	require.Equal(t, "redirected", p.deliveries(made)[0].Reason)
	p.exec("UPDATE webhook_endpoints SET failing_since = now() - interval '5 days 1 hour'")
	p.later()
	p.deliver()
	off, err := p.ReadWebhookEndpoint(t.Context(), notification.ReadWebhookEndpointInput{ID: made.ID})
	require.NoError(t, err)
	require.False(t, off.Enabled)
	require.Equal(t, "failing", off.DisabledWhy)
	p.send()
	require.Equal(t, []string{"webhook_disabled email sent"}, p.log())
	require.Contains(t, p.mails()[0].Text, r.url)

	p.happen(events.OrderCreated, map[string]any{})
	require.Len(t, p.deliveries(made), 1, "nothing new for one that is off")
	p.later()
	p.deliver()
	require.Len(t, r.calls(), 2)
	_, err = p.ReplayWebhookDelivery(t.Context(), notification.ReplayWebhookDeliveryInput{EndpointID: made.ID, ID: p.deliveries(made)[0].ID})
	require.ErrorIs(t, err, notification.ErrEndpointDisabled)

	r.answer(http.StatusOK)
	yes := true
	on, err := p.UpdateWebhookEndpoint(t.Context(), notification.UpdateWebhookEndpointInput{ID: made.ID, WebhookEndpointChange: notification.WebhookEndpointChange{Enabled: &yes}})
	require.NoError(t, err)
	require.True(t, on.Enabled)
	require.Empty(t, on.DisabledWhy)
	p.deliver()
	require.Equal(t, "delivered", p.deliveries(made)[0].Status)
}

func TestAnEndpointThatSaysItIsGoneIsSwitchedOffAtOnce(t *testing.T) {
	p, r := open(t), listen(t)
	made := p.endpoint(r.url, "*")
	r.answer(http.StatusGone)
	p.happen(events.OrderCreated, map[string]any{})
	p.deliver()
	off, err := p.ReadWebhookEndpoint(t.Context(), notification.ReadWebhookEndpointInput{ID: made.ID})
	require.NoError(t, err)
	require.Equal(t, "gone", off.DisabledWhy)
}

func TestANewSecretSignsBesideTheOneBefore(t *testing.T) {
	p, r := open(t), listen(t)
	made := p.endpoint(r.url, "*")
	rotated, err := p.UpdateWebhookEndpoint(t.Context(), notification.UpdateWebhookEndpointInput{ID: made.ID, WebhookEndpointChange: notification.WebhookEndpointChange{RotateSecret: true}})
	require.NoError(t, err)
	require.NotEqual(t, made.Secret, rotated.Secret)
	p.happen(events.OrderCreated, map[string]any{})
	p.deliver()
	r.calls()[0].verify(t, rotated.Secret, made.Secret)
	p.exec("UPDATE webhook_endpoints SET previous_until = now() - interval '1 second'")
	p.happen(events.OrderCreated, map[string]any{})
	p.deliver()
	r.calls()[1].verify(t, rotated.Secret)
}

func TestASlowEndpointKeepsNoOtherWaiting(t *testing.T) {
	p, r := open(t), listen(t)
	p.endpoint("http://127.0.0.1:1/nobody", "*") // refuses connections
	quick := p.endpoint(r.url, "*")
	for range 30 {
		p.happen(events.OrderCreated, map[string]any{})
	}
	p.deliver()
	require.Len(t, r.calls(), 4, "a few of each endpoint")
	for range 8 {
		p.deliver()
	}
	for _, d := range p.deliveries(quick) {
		require.Equal(t, "delivered", d.Status)
	}
}

func TestEndpointsAreChecked(t *testing.T) {
	p, r := open(t), listen(t)
	p.endpoint(r.url, "order.confirmed")
	_, err := p.CreateWebhookEndpoint(t.Context(), notification.CreateWebhookEndpointInput{URL: r.url, EventTypes: []string{"*"}})
	require.ErrorIs(t, err, notification.ErrEndpointExists)
	for _, bad := range []notification.CreateWebhookEndpointInput{
		{URL: "https://erp.example.com/", EventTypes: nil},
		{URL: "https://erp.example.com/", EventTypes: []string{"order.exploded"}},
		{URL: "https://erp.example.com/", EventTypes: []string{"ord.*"}},
		{URL: "https://erp.example.com/", EventTypes: []string{events.UserPasswordResetRequested}},
		{URL: "http://erp.example.com/", EventTypes: []string{"*"}},
		{URL: "https://user:secret@erp.example.com/", EventTypes: []string{"*"}},
		{URL: "ftp://erp.example.com/", EventTypes: []string{"*"}},
		{URL: "https:///", EventTypes: []string{"*"}},
	} {
		_, err := p.CreateWebhookEndpoint(t.Context(), bad)
		require.ErrorIs(t, err, notification.ErrBadEndpoint, "%v", bad)
	}
	_, err = p.UpdateWebhookEndpoint(t.Context(), notification.UpdateWebhookEndpointInput{ID: id.New()})
	require.ErrorIs(t, err, notification.ErrEndpointNotFound)
}

func TestAnEndpointIsForgottenWithItsLog(t *testing.T) {
	p, r := open(t), listen(t)
	made := p.endpoint(r.url, "*")
	p.happen(events.OrderCreated, map[string]any{})
	_, err := p.DeleteWebhookEndpoint(t.Context(), notification.DeleteWebhookEndpointInput{ID: made.ID})
	require.NoError(t, err)
	_, err = p.DeleteWebhookEndpoint(t.Context(), notification.DeleteWebhookEndpointInput{ID: made.ID})
	require.ErrorIs(t, err, notification.ErrEndpointNotFound)
	p.deliver()
	require.Empty(t, r.calls())
}
