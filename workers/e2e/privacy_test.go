package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/id"
)

// mayBe is where what is personal or secret may be kept, and nowhere else: by
// what it is, the columns of the databases. What is not here is nowhere at all.
// SECURITY.md says why of those that are no service's own business.
var mayBe = map[string][]string{
	"e-mail address":     {"users.users.email"},
	"phone number":       {"users.users.phone"},
	"name":               {"data/nats", "orders.customers.name", "orders.idempotency_keys.body", "users.outbox.event", "users.users.name"},
	"name on a parcel":   {"orders.idempotency_keys.body", "orders.orders.shipping_address", "users.addresses.name"},
	"street":             {"users.addresses.line1"},
	"street of an order": {"orders.idempotency_keys.body", "orders.orders.shipping_address"},
	"reason":             {"orders.idempotency_keys.body", "orders.order_events.data", "orders.orders.reason"},
	"letter":             {"notifications.letters.body"},
	"means of payment":   {"orders.order_events.data", "orders.orders.payment_method", "payments.attempts.payment_method", "psp.idempotency_keys.body", "temporal.history_node.data"},
}

// mayStay is what may be left when the account has been deleted: what somebody
// said about an order, and the event bus, which forgets after 14 days.
var mayStay = map[string][]string{
	"means of payment": mayBe["means of payment"],
	"reason":           {"orders.order_events.data", "orders.orders.reason"},
	"name":             {"data/nats"},
}

// sown are words that a test has put into the platform, by what they stand for.
var sown = map[string]string{}

// TestPeoplesThingsStayWhereTheyBelong sends words through the real flows that
// nobody else uses, as people's names, addresses, passwords and tokens, and looks
// for them everywhere: they are in the databases that need them, and in no log,
// metric, trace, event or workflow history.
func TestPeoplesThingsStayWhereTheyBelong(t *testing.T) {
	p := newPerson(t)
	s := newStory(t)
	p.account(s)
	p.addresses(s)
	p.shopping(s)
	p.mistakes(t)
	quiet(t)
	maps.Copy(sown, p.words)
	maps.Copy(sown, p.words)
	require.Equal(t, mayBe, p.places(t))

	t.Run("and are gone with the account", func(t *testing.T) {
		s := newStory(t)
		s.does("delete-user", p.traced(s.request(p.token, "delete-user", "", p.id)))
		var places map[string][]string
		require.Eventually(t, func() bool {
			places = p.places(t)
			return len(places["e-mail address"]) == 0
		}, soon, 10*often)
		require.Equal(t, mayStay, places)
	})
}

// places are where the person's words are, by what they are.
func (p *person) places(t *testing.T) map[string][]string {
	t.Helper()
	found, err := search(t.Context(), slices.Collect(maps.Values(p.words)))
	require.NoError(t, err)
	places := map[string][]string{}
	for what, word := range p.words {
		if len(found[word]) > 0 {
			places[what] = found[word]
		}
	}
	return places
}

// stillPrivate searches once more when all tests have run.
func stillPrivate(ctx context.Context) error {
	if len(sown) == 0 {
		return nil
	}
	found, err := search(ctx, slices.Collect(maps.Values(sown)))
	for what, word := range sown {
		for _, place := range found[word] {
			if !slices.Contains(mayBe[what], place) {
				err = errors.Join(err, fmt.Errorf("the %s is in %s, where it must not be", what, place))
			}
		}
	}
	return err
}

// person is somebody whose words are unique.
type person struct {
	words     map[string]string
	id, token string
}

func newPerson(t *testing.T) *person {
	t.Helper()
	tag := strings.ReplaceAll(id.New().String(), "-", "")[16:]
	return &person{words: map[string]string{
		"e-mail address": "zeisig" + tag, "name": "Stieglitz" + tag, "phone number": "+4930" + digits(tag), "password": "Rotkehlchen" + tag, "wrong password": "Gimpel" + tag,
		"name on a parcel": "Kleiber" + tag, "street": "Dompfaffweg" + tag, "street of an order": "Finkenallee" + tag, "means of payment": "pm_sperber" + tag,
		"letter": "Amsel" + tag, "reason": "Drossel" + tag, "stranger's address": "star" + tag,
	}}
}

// digits are ten that a hexadecimal text stands for.
func digits(hex string) string {
	var made strings.Builder
	for _, letter := range hex[len(hex)-10:] {
		fmt.Fprint(&made, int(letter)%10)
	}
	return made.String()
}

func (p *person) email() string { return p.words["e-mail address"] + "@example.com" }

// traced makes a request one that is traced.
func (p *person) traced(a ask) ask {
	return a.with("Traceparent", "00-"+strings.ReplaceAll(uuid.NewString(), "-", "")+"-00f067aa0ba902b7-01")
}

func (p *person) does(s *story, name, body string, ids ...string) map[string]any {
	s.t.Helper()
	r := s.does(name, p.traced(s.request(p.token, name, body, ids...)))
	if r.body == "" {
		return nil
	}
	return r.members(s.t)
}

func (p *person) account(s *story) {
	user := p.does(s, "register-user", fmt.Sprintf(`{"email":%q,"name":%q,"password":%q}`, p.email(), p.words["name"], p.words["password"]))
	p.id = text(s.t, user, "id")
	tokens := p.does(s, "login-user", fmt.Sprintf(`{"email":%q,"password":%q}`, p.email(), p.words["password"]))
	p.words["first refresh token"] = text(s.t, tokens, "refresh_token")
	tokens = p.does(s, "refresh-tokens", fmt.Sprintf(`{"refresh_token":%q}`, p.words["first refresh token"]))
	p.token, p.words["refresh token"] = text(s.t, tokens, "access_token"), text(s.t, tokens, "refresh_token")
	p.words["access token"] = p.token[strings.LastIndexByte(p.token, '.')+1:]
	p.does(s, "request-verification", "")
	p.words["token in a mail"] = mailedToken(s.t, p.email(), "confirm")
	p.does(s, "verify-email", fmt.Sprintf(`{"token":%q}`, p.words["token in a mail"]))
	p.does(s, "forgot-password", fmt.Sprintf(`{"email":%q}`, p.email()))
	p.words["token for a new password"] = mailedToken(s.t, p.email(), "password")
}

func (p *person) addresses(s *story) {
	user := p.does(s, "read-user", "", p.id)
	a := s.request(p.token, "update-user", fmt.Sprintf(`{"phone":%q}`, p.words["phone number"]), p.id).with("If-Match", etag(at(s.t, user, "version")))
	s.does("update-user", p.traced(a))
	p.does(s, "add-address", fmt.Sprintf(`{"name":%q,"line1":%q,"city":"Berlin","postal_code":"10119","country":"DE"}`, p.words["name on a parcel"], p.words["street"]), p.id)
	wishes := p.does(s, "read-preferences", "", p.id)
	a = s.request(p.token, "replace-preferences", `{"currency":"EUR","locale":"de","notifications":{"email":true,"sms":true,"push":false}}`, p.id).with("If-Match", etag(at(s.t, wishes, "version")))
	s.does("replace-preferences", p.traced(a))
	admin := tokenOf(s.t, shop.Admin())
	s.does("list-users", p.traced(s.request(admin, "list-users", "").asking("email="+p.words["e-mail address"]+"%40example.com")))
	s.does("send-notification", p.traced(s.request(admin, "send-notification", fmt.Sprintf(`{"user_id":%q,"channels":["email","sms"],"subject":"Hello","text":%q}`, p.id, p.words["letter"]))))
	mailed(s.t, p.email(), "Hello")
	key := s.does("create-api-key", p.traced(s.request(admin, "create-api-key", `{"name":"a test","role":"support","scopes":["orders:read"]}`))).members(s.t)
	p.words["API key"] = text(s.t, key, "key")
	s.does("list-orders", p.traced(s.request("", "list-orders", "").with("X-Api-Key", p.words["API key"])))
	program := s.does("create-webhook-endpoint", p.traced(s.request(admin, "create-webhook-endpoint", `{"url":"https://hooks.invalid/","event_types":["product.archived"]}`))).members(s.t)
	p.words["webhook secret"] = text(s.t, program, "secret")
	s.do(admin, "delete-webhook-endpoint", "", text(s.t, program, "id"))
}

func (p *person) shopping(s *story) {
	item := stocked(s.t, 20)
	guest := s.does("add-cart-item", p.traced(s.request("", "add-cart-item", fmt.Sprintf(`{"variant_id":%q,"quantity":1}`, item.VariantID))))
	p.words["cart token"] = guest.header.Get("X-Cart-Token")
	s.does("merge-carts", p.traced(s.request(p.token, "merge-carts", `{"strategy":"sum"}`).with("X-Cart-Token", p.words["cart token"])))
	body := fmt.Sprintf(`{"lines":[{"variant_id":%q,"quantity":1}],"shipping_address":{"name":%q,"line1":%q,"city":"Berlin","postal_code":"10119","country":"DE"},"payment_method":"pm_card_visa"}`,
		item.VariantID, p.words["name on a parcel"], p.words["street of an order"])
	order := p.does(s, "checkout", body)
	require.Equal(s.t, "confirmed", text(s.t, order, "status"))
	p.does(s, "read-invoice", "", text(s.t, order, "id"))
	p.does(s, "cancel-order", fmt.Sprintf(`{"reason":%q}`, p.words["reason"]), text(s.t, order, "id"))
	r := p.traced(s.request(p.token, "checkout", strings.Replace(body, "pm_card_visa", p.words["means of payment"], 1))).past(s.t, http.StatusServiceUnavailable)
	require.Equal(s.t, http.StatusPaymentRequired, r.status, r.body)
	mailed(s.t, p.email(), text(s.t, order, "number"))
}

// mistakes are what people get wrong, and answers to it must not repeat.
func (p *person) mistakes(t *testing.T) {
	t.Helper()
	for name, a := range map[string]ask{
		"a wrong password":    {method: http.MethodPost, path: "/api/v1/users/login", body: fmt.Sprintf(`{"email":%q,"password":%q}`, p.email(), p.words["wrong password"])},
		"an unknown account":  {method: http.MethodPost, path: "/api/v1/users/login", body: fmt.Sprintf(`{"email":%q,"password":%q}`, p.words["stranger's address"]+"@example.com", p.words["wrong password"])},
		"a body spoiled":      {method: http.MethodPost, path: "/api/v1/users/register", body: fmt.Sprintf(`{"email":%q,"name":%q,"password":%q,"x":1}`, p.email(), p.words["name"], p.words["wrong password"])},
		"half a body":         {method: http.MethodPost, path: "/api/v1/users/register", body: fmt.Sprintf(`{"email":%q,"name":%q,"password":%q`, p.email(), p.words["name"], p.words["wrong password"])},
		"an address taken":    {method: http.MethodPost, path: "/api/v1/users/register", body: fmt.Sprintf(`{"email":%q,"name":%q,"password":%q}`, p.email(), p.words["name"], p.words["wrong password"])},
		"a refresh token old": {method: http.MethodPost, path: "/api/v1/users/refresh", body: fmt.Sprintf(`{"refresh_token":%q}`, p.words["wrong password"])},
		"a token spoiled":     {method: http.MethodGet, path: "/api/v1/users/" + p.id, token: p.token + p.words["wrong password"]},
		"a key spoiled":       {method: http.MethodGet, path: "/api/v1/orders", header: map[string]string{"X-Api-Key": p.words["API key"] + "x"}},
		"a link spoiled":      {method: http.MethodPost, path: "/api/v1/users/email/verify", body: fmt.Sprintf(`{"token":%q}`, p.words["token in a mail"]+"x")},
		"a path of nobody":    {method: http.MethodGet, path: "/api/v1/users/" + p.words["e-mail address"]},
		"a search by address": {method: http.MethodGet, path: "/api/v1/orders?number=" + p.words["e-mail address"], token: tokenOf(t, shop.Admin())},
	} {
		r := p.traced(a).gateway(t)
		require.GreaterOrEqual(t, r.status, 400, "%s: %s", name, r.body)
		for what, word := range p.words {
			require.NotContains(t, r.body, word, "%s: the answer repeats the %s", name, what)
		}
	}
}
