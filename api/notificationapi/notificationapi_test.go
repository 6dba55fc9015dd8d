package notificationapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/activities/notification"
	"kassa/api/notificationapi"
	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
	"kassa/sql/notificationdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// office is the service behind a real HTTP server.
type office struct {
	t      *testing.T
	url    string
	ada    uuid.UUID
	tokens map[identity.Role]string
	hear   func(typ string, user uuid.UUID)
}

// letterbox takes every letter.
type letterbox struct{}

func (letterbox) Send(context.Context, notification.Letter) error { return nil }

// strangers answers as the user and the order service would: everybody exists,
// and nobody has an address.
func strangers(_ context.Context, _, _ string, in, out any) error {
	var asked struct {
		UserIDs  []uuid.UUID `json:"user_ids"`
		OrderIDs []uuid.UUID `json:"order_ids"`
	}
	if err := copied(in, &asked); err != nil {
		return err
	}
	contacts, orders := []notification.Contact{}, []notification.OrderBrief{}
	for _, user := range asked.UserIDs {
		contacts = append(contacts, notification.Contact{UserID: user})
	}
	for _, order := range asked.OrderIDs {
		orders = append(orders, notification.OrderBrief{OrderID: order})
	}
	return copied(map[string]any{"contacts": contacts, "orders": orders}, out)
}

func copied(in, out any) error {
	document, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return json.Unmarshal(document, out)
}

func open(t *testing.T) *office {
	t.Helper()
	issuer := identitytest.New(t)
	pool := pgtest.New(t, notificationdb.Migrations())
	require.NoError(t, pool.Ping(t.Context()), "the first connection of a busy machine may take long")
	svc := notification.New(pool, notification.Options{
		Senders:    map[notification.Channel]notification.Sender{notification.Email: letterbox{}, notification.Push: letterbox{}},
		Call:       strangers,
		WebhookKey: "test key", AllowLoopback: true, PushKey: "public",
	})
	api := httpapi.New(httpapi.Options{Service: "notification", Verifier: issuer.Verifier(), Pool: pool})
	notificationapi.Register(api, svc)
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	o := &office{t: t, url: server.URL, ada: uuid.New(), tokens: map[identity.Role]string{}}
	o.tokens[identity.Customer] = issuer.Token(o.ada, identity.Customer)
	o.tokens[identity.Support] = issuer.Token(uuid.New(), identity.Support)
	o.tokens[identity.Admin] = issuer.Token(uuid.New(), identity.Admin)
	o.hear = func(typ string, user uuid.UUID) {
		document, err := json.Marshal(map[string]any{"order_id": id.New(), "user_id": user})
		require.NoError(t, err)
		require.NoError(t, pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			return notification.Hearing(svc)(t.Context(), tx, []cloudevent.Event{{ID: id.New(), Type: typ, Data: document}})
		}))
		_, err = svc.SendDueMessages(t.Context(), notification.SendDueMessagesInput{})
		require.NoError(t, err)
		_, err = svc.DeliverDueWebhooks(t.Context(), notification.DeliverDueWebhooksInput{})
		require.NoError(t, err)
	}
	return o
}

// answer is a response with its body read as JSON.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// call sends a request as role ("" is nobody); headers come in pairs.
func (o *office) call(role identity.Role, method, path, body string, headers ...string) answer {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, strings.NewReader(body))
	require.NoError(o.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+o.tokens[role])
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(o.t, err)
	defer func() { require.NoError(o.t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(o.t, err)
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	if len(raw) > 0 {
		require.NoError(o.t, json.Unmarshal(raw, &a.body), a.raw)
	}
	return a
}

func (o *office) refused(a answer, status int, code string) {
	o.t.Helper()
	require.Equal(o.t, status, a.status, a.raw)
	require.Equal(o.t, code, a.body["code"], a.raw)
}

// all leafs through a list, two at a time.
func (o *office) all(role identity.Role, path string) (found []map[string]any) {
	o.t.Helper()
	for next := path + "&limit=2"; next != ""; {
		page := o.call(role, "GET", next, "")
		require.Equal(o.t, 200, page.status, page.raw)
		for _, each := range page.body["data"].([]any) {
			found = append(found, each.(map[string]any))
		}
		cursor, more := page.body["next_cursor"].(string)
		if next = ""; more {
			next = path + "&limit=2&cursor=" + cursor
		}
	}
	return found
}

func TestDocumentNeedsNoServiceAndShowsExamples(t *testing.T) {
	api := httpapi.New(httpapi.Options{Service: "notification", Prefix: "/api"})
	notificationapi.Register(api, nil)
	require.Len(t, api.OpenAPI().Paths, 7)
	for path, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil {
				require.NotNil(t, op.RequestBody.Content["application/json"].Example, "request of %s %s", op.OperationID, path)
			}
			for _, status := range []string{"200", "201", "202"} {
				if success := op.Responses[status]; success != nil {
					require.NotNil(t, success.Content["application/json"].Example, "answer of %s %s", op.OperationID, path)
				}
			}
		}
	}
}

func TestCustomersSeeTheirOwnMessagesAndSupportAll(t *testing.T) {
	o := open(t)
	other := uuid.New()
	for range 3 {
		o.hear(events.OrderConfirmed, o.ada)
		o.hear(events.OrderConfirmed, other)
	}
	// Nobody has an address here, so everything was skipped.
	require.Empty(t, o.all(identity.Customer, "/v1/notifications?status=sent"))
	require.Len(t, o.all(identity.Customer, "/v1/notifications?status=skipped"), 3)
	require.Len(t, o.all(identity.Support, "/v1/notifications?channel=email"), 6)
	require.Len(t, o.all(identity.Support, "/v1/notifications?user_id="+other.String()), 3)
	o.refused(o.call(identity.Customer, "GET", "/v1/notifications?user_id="+other.String(), ""), 404, "no_such_notification")
	o.refused(o.call("", "GET", "/v1/notifications", ""), 401, "unauthenticated")
	o.refused(o.call(identity.Customer, "GET", "/v1/notifications?status=lost", ""), 422, "validation_failed")
	o.refused(o.call(identity.Customer, "GET", "/v1/notifications?cursor=x", ""), 422, "invalid_cursor")
}

func TestSupportWritesAndRepeats(t *testing.T) {
	o := open(t)
	body := fmt.Sprintf(`{"user_id":%q,"subject":"Your mug","text":"It leaves tomorrow."}`, o.ada)
	o.refused(o.call(identity.Customer, "POST", "/v1/notifications", body), 403, "forbidden")
	o.refused(o.call(identity.Support, "POST", "/v1/notifications", strings.Replace(body, "}", `,"channels":["sms"]}`, 1)), 422, "bad_message")
	o.refused(o.call(identity.Support, "POST", "/v1/notifications", strings.Replace(body, "}", `,"channels":["pigeon"]}`, 1)), 422, "validation_failed")
	first := o.call(identity.Support, "POST", "/v1/notifications", body, "Idempotency-Key", "k-1")
	require.Equal(t, 202, first.status, first.raw)
	again := o.call(identity.Support, "POST", "/v1/notifications", body, "Idempotency-Key", "k-1")
	require.Equal(t, first.raw, again.raw)
	made := first.body["data"].([]any)[0].(map[string]any)
	resend := "/v1/notifications/" + made["id"].(string) + "/resend"
	o.refused(o.call(identity.Support, "POST", resend, ""), 409, "notification_pending")
	o.hear(events.OrderConfirmed, o.ada) // lets the sender do a round
	repeated := o.call(identity.Support, "POST", resend, "")
	require.Equal(t, 202, repeated.status, repeated.raw)
	require.Equal(t, made["id"], repeated.body["resend_of"])
	o.refused(o.call(identity.Support, "POST", "/v1/notifications/"+uuid.NewString()+"/resend", ""), 404, "no_such_notification")
}

func TestBrowsersComeAndGo(t *testing.T) {
	o := open(t)
	const subscription = `{"endpoint":"https://push.example.net/v1/8f3a","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}`
	o.refused(o.call("", "POST", "/v1/push-subscriptions", subscription), 401, "unauthenticated")
	for range 2 {
		require.Equal(t, 201, o.call(identity.Customer, "POST", "/v1/push-subscriptions", subscription).status)
	}
	o.refused(o.call(identity.Customer, "POST", "/v1/push-subscriptions", strings.Replace(subscription, "push.example.net", "192.168.0.1", 1)), 422, "bad_push_subscription")
	list := o.call(identity.Customer, "GET", "/v1/push-subscriptions", "")
	require.Equal(t, "public", list.body["public_key"])
	require.Len(t, list.body["data"], 1)
	require.Empty(t, o.call(identity.Support, "GET", "/v1/push-subscriptions", "").body["data"])
	for range 2 {
		require.Equal(t, 204, o.call(identity.Customer, "DELETE", "/v1/push-subscriptions?endpoint=https://push.example.net/v1/8f3a", "").status)
	}
	require.Empty(t, o.call(identity.Customer, "GET", "/v1/push-subscriptions", "").body["data"])
}

func TestAnEndpointFromItsFirstDayToItsLast(t *testing.T) {
	o := open(t)
	status := 204
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(receiver.Close)
	body := fmt.Sprintf(`{"url":%q,"event_types":["order.*"]}`, receiver.URL)
	for _, role := range []identity.Role{identity.Customer, identity.Support} {
		o.refused(o.call(role, "POST", "/v1/webhook-endpoints", body), 403, "forbidden")
		o.refused(o.call(role, "GET", "/v1/webhook-endpoints", ""), 403, "forbidden")
	}
	made := o.call(identity.Admin, "POST", "/v1/webhook-endpoints", body)
	require.Equal(t, 201, made.status, made.raw)
	require.Contains(t, made.body["secret"], "whsec_")
	require.Equal(t, `"1"`, made.header.Get("ETag"))
	o.refused(o.call(identity.Admin, "POST", "/v1/webhook-endpoints", body), 409, "webhook_endpoint_exists")
	o.refused(o.call(identity.Admin, "POST", "/v1/webhook-endpoints", `{"url":"https://10.0.0.1/","event_types":["*"]}`), 422, "bad_webhook_endpoint")
	path := strings.TrimPrefix(made.header.Get("Location"), "/api")
	read := o.call(identity.Admin, "GET", path, "")
	require.NotContains(t, read.body, "secret")
	require.Len(t, o.all(identity.Admin, "/v1/webhook-endpoints?"), 1)
	patched := o.call(identity.Admin, "PATCH", path, `{"description":"ERP","rotate_secret":true}`)
	require.Equal(t, 200, patched.status, patched.raw)
	require.NotEqual(t, made.body["secret"], patched.body["secret"])
	require.Equal(t, `"2"`, patched.header.Get("ETag"))

	for range 3 {
		o.hear(events.OrderConfirmed, o.ada)
	}
	log := o.all(identity.Admin, path+"/deliveries?status=delivered")
	require.Len(t, log, 3)
	replay := path + "/deliveries/" + log[0]["id"].(string) + "/replay"
	o.refused(o.call(identity.Support, "POST", replay, ""), 403, "forbidden")
	require.Equal(t, 202, o.call(identity.Admin, "POST", replay, "").status)
	o.refused(o.call(identity.Admin, "POST", replay, ""), 409, "webhook_delivery_pending")
	o.refused(o.call(identity.Admin, "POST", path+"/deliveries/"+uuid.NewString()+"/replay", ""), 404, "no_such_webhook_delivery")

	require.Equal(t, 204, o.call(identity.Admin, "DELETE", path, "").status)
	o.refused(o.call(identity.Admin, "GET", path, ""), 404, "no_such_webhook_endpoint")
	o.refused(o.call(identity.Admin, "GET", path+"/deliveries", ""), 404, "no_such_webhook_endpoint")
}
