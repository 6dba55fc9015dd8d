package notification_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/notification"
	"kassa/events"
	"kassa/internal/id"
)

// openAll is a shop with every channel, each ending in the mail sandbox.
func openAll(t *testing.T) (*post, *httptest.Server) {
	t.Helper()
	var p *post
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.inbox.Handler().ServeHTTP(w, r) }))
	t.Cleanup(outside.Close)
	pusher, err := notification.NewPusher(notification.PusherOptions{
		PrivateKey: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", Subject: "mailto:shop@kassa.example", Client: notification.NewOutsideClient(true),
	})
	require.NoError(t, err)
	p = open(t, func(o *notification.Options) {
		o.Senders[notification.SMS] = notification.NewTexter(notification.TexterOptions{URL: outside.URL + "/sms", From: "Kassa"})
		o.Senders[notification.Push] = pusher
		o.PushKey = pusher.PublicKey()
	})
	p.person.Phone = "+493012345678"
	return p, outside
}

// browse opens a browser and subscribes it.
func (p *post) browse(outside *httptest.Server) notification.PushSubscription {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, outside.URL+"/browsers", bytes.NewReader(nil))
	require.NoError(p.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer func() { require.NoError(p.t, response.Body.Close()) }()
	var subscription notification.PushSubscription
	require.NoError(p.t, json.NewDecoder(response.Body).Decode(&subscription))
	_, err = p.SubscribePush(p.t.Context(), notification.SubscribePushInput{UserID: p.person.UserID, PushSubscription: subscription})
	require.NoError(p.t, err)
	return subscription
}

func TestAShipmentIsToldByEveryChannelThatIsWanted(t *testing.T) {
	p, outside := openAll(t)
	p.browse(outside)
	p.happen(events.OrderShipped, map[string]any{"order_id": id.New(), "complete": true, "tracking": "JD014600"})
	p.send()
	require.ElementsMatch(t, []string{"order_shipped email sent", "order_shipped sms sent", "order_shipped push sent"}, p.log())
	for _, m := range p.mails() {
		switch m.Channel {
		case "sms":
			require.Equal(t, []string{"+493012345678"}, m.To)
			require.Contains(t, m.Text, "Your order K-1000042 is on its way. Tracking: JD014600 https://shop.example/orders/")
			require.Equal(t, []string{m.MessageID}, m.Headers["Idempotency-Key"])
		case "push":
			require.Equal(t, "Your order K-1000042 is on its way", m.Subject)
			require.Equal(t, "Your order K-1000042 is on its way. Tracking: JD014600", m.Text)
		default:
			require.Contains(t, m.Text, "Tracking number: JD014600")
		}
	}
}

func TestWhoCannotBeReachedThatWayIsNot(t *testing.T) {
	p, _ := openAll(t)
	p.person.Phone = ""
	p.happen(events.OrderShipped, map[string]any{"order_id": id.New()})
	p.send()
	require.ElementsMatch(t, []string{"order_shipped email sent", "order_shipped sms skipped no_address"}, p.log(), "and nobody has a browser")
}

func TestASMSGatewaySaysNoForGoodOrForNow(t *testing.T) {
	p, _ := openAll(t)
	p.person.Phone = "+49300000"
	p.happen(events.OrderShipped, map[string]any{"order_id": id.New()})
	p.send()
	p.person.Phone = "+49305555"
	p.happen(events.OrderShipped, map[string]any{"order_id": id.New()})
	p.send()
	require.Subset(t, p.log(), []string{"order_shipped sms failed refused_by_server", "order_shipped sms pending server_unavailable"})
}

func TestABrowserThatIsGoneIsForgotten(t *testing.T) {
	p, outside := openAll(t)
	gone, left := p.browse(outside), p.browse(outside)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, gone.Endpoint, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())

	p.happen(events.OrderCancelled, map[string]any{"order_id": id.New()})
	p.send()
	require.ElementsMatch(t, []string{"order_cancelled email sent", "order_cancelled push sent"}, p.log())
	list, err := p.ListPushSubscriptions(t.Context(), notification.ListPushSubscriptionsInput{UserID: p.person.UserID})
	require.NoError(t, err)
	require.Equal(t, []notification.PushSubscription{left}, list.Data)
	require.NotEmpty(t, list.PublicKey)
}

func TestSubscriptionsAreCheckedAndCounted(t *testing.T) {
	p, outside := openAll(t)
	good := p.browse(outside)
	for name, change := range map[string]func(*notification.PushSubscription){
		"an address inside": func(s *notification.PushSubscription) { s.Endpoint = "https://10.0.0.1/push" },
		"no https":          func(s *notification.PushSubscription) { s.Endpoint = "http://push.example.net/1" },
		"no key":            func(s *notification.PushSubscription) { s.Keys.P256dh = "AAAA" },
		"no secret":         func(s *notification.PushSubscription) { s.Keys.Auth = "AAAA" },
	} {
		bad := good
		change(&bad)
		_, err := p.SubscribePush(t.Context(), notification.SubscribePushInput{UserID: p.person.UserID, PushSubscription: bad})
		require.ErrorIs(t, err, notification.ErrBadSubscription, name)
	}
	for range 19 {
		p.browse(outside)
	}
	good.Endpoint += "x"
	_, err := p.SubscribePush(t.Context(), notification.SubscribePushInput{UserID: p.person.UserID, PushSubscription: good})
	require.ErrorIs(t, err, notification.ErrTooManySubscriptions)

	other := id.New()
	good.Endpoint = strings.TrimSuffix(good.Endpoint, "x")
	_, err = p.SubscribePush(t.Context(), notification.SubscribePushInput{UserID: other, PushSubscription: good})
	require.NoError(t, err, "somebody else has signed in in this browser")
	list, err := p.ListPushSubscriptions(t.Context(), notification.ListPushSubscriptionsInput{UserID: p.person.UserID})
	require.NoError(t, err)
	require.Len(t, list.Data, 19)
}
