package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"

	"kassa/internal/id"
	"kassa/sandbox/psp/provider"
	"kassa/sandbox/shopper"
)

// TestEveryOperationOfTheDocument tells one story of a shop in which every
// operation of the API document is called through the gateway and succeeds.
func TestEveryOperationOfTheDocument(t *testing.T) {
	s := newStory(t)
	told := &tale{admin: tokenOf(t, shop.Admin()), tag: strings.ToLower(id.New().String()[24:])}
	for _, scene := range []struct {
		name string
		play func(*tale, *story)
	}{
		{"an account", (*tale).account},
		{"what one owns", (*tale).profile},
		{"keys for machines", (*tale).machines},
		{"shelves and goods", (*tale).catalogue},
		{"stock", (*tale).stock},
		{"a guest's cart becomes a customer's", (*tale).cart},
		{"a purchase by cart and coupon", (*tale).purchase},
		{"what can be read of it", (*tale).read},
		{"parcels, a refund and a return", (*tale).after},
		{"operators step in", (*tale).operators},
		{"other ways to pay", (*tale).payments},
		{"messages", (*tale).messages},
		{"programs that listen", (*tale).webhooks},
		{"what people look at", (*tale).behaviour},
		{"money", (*tale).money},
		{"the end of things", (*tale).end},
	} {
		s.scene(scene.name, func(s *story) { scene.play(told, s) })
	}
	require.Empty(t, s.untold(), "every operation has its place in the story")
}

// tale is what later scenes know of earlier ones.
type tale struct {
	admin, customer       string // access tokens
	tag                   string // makes names unique
	email, userID, secret string // of the customer
	refresh               string
	category, product     string
	variant               string
	coupon                string
	order, payment, line  string
}

func (w *tale) account(s *story) {
	s.do("", "list-signing-keys", "")
	w.email = "tale-" + w.tag + "@example.com"
	user := s.do("", "register-user", fmt.Sprintf(`{"email":%q,"name":"Grace Example","password":%q}`, w.email, shopper.Password))
	w.userID = text(s.t, user, "id")
	w.signIn(s, shopper.Password)
	again := s.do("", "refresh-tokens", fmt.Sprintf(`{"refresh_token":%q}`, w.refresh))
	w.customer, w.refresh = text(s.t, again, "access_token"), text(s.t, again, "refresh_token")

	s.do(w.customer, "request-verification", "")
	s.do("", "verify-email", fmt.Sprintf(`{"token":%q}`, mailedToken(s.t, w.email, "confirm")))
	s.do(w.customer, "change-password", fmt.Sprintf(`{"current_password":%q,"new_password":"a longer one than before"}`, shopper.Password))
	s.do("", "forgot-password", fmt.Sprintf(`{"email":%q}`, w.email))
	w.secret = "and yet another one for them"
	s.do("", "reset-password", fmt.Sprintf(`{"token":%q,"password":%q}`, mailedToken(s.t, w.email, "password"), w.secret))
	w.signIn(s, w.secret)
}

func (w *tale) signIn(s *story, password string) {
	tokens := s.do("", "login-user", fmt.Sprintf(`{"email":%q,"password":%q}`, w.email, password))
	w.customer, w.refresh = text(s.t, tokens, "access_token"), text(s.t, tokens, "refresh_token")
}

func (w *tale) profile(s *story) {
	user := s.do(w.customer, "read-user", "", w.userID)
	user = s.change(w.customer, "update-user", `{"phone":"+4930123456"}`, at(s.t, user, "version"), w.userID)
	s.change(w.customer, "replace-user", `{"name":"Grace Example","phone":"+4930123457"}`, at(s.t, user, "version"), w.userID)
	wishes := s.do(w.customer, "read-preferences", "", w.userID)
	s.change(w.customer, "replace-preferences", `{"currency":"EUR","locale":"de","notifications":{"email":true,"sms":true,"push":false}}`, at(s.t, wishes, "version"), w.userID)
	const home = `{"name":"Grace Example","line1":"Street 1","city":"Berlin","postal_code":"10119","country":"DE"}`
	address := s.do(w.customer, "add-address", home, w.userID)
	addressID := text(s.t, address, "id")
	s.do(w.customer, "list-addresses", "", w.userID)
	s.do(w.customer, "read-address", "", w.userID, addressID)
	s.change(w.customer, "replace-address", strings.Replace(home, "Street 1", "Street 2", 1), at(s.t, address, "version"), w.userID, addressID)
	s.do(w.customer, "delete-address", "", w.userID, addressID)
	s.do(w.admin, "list-users", "")
}

func (w *tale) machines(s *story) {
	key := s.do(w.admin, "create-api-key", `{"name":"Warehouse `+w.tag+`","role":"support","scopes":["orders:read"]}`)
	a := s.request("", "list-orders", "").with("X-API-Key", text(s.t, key, "key"))
	s.does("list-orders", a)
	s.do(w.admin, "list-api-keys", "")
	s.do(w.admin, "revoke-api-key", "", text(s.t, key, "id"))
}

func (w *tale) catalogue(s *story) {
	w.category = text(s.t, s.do(w.admin, "create-category", `{"name":"Mugs","slug":"mugs-`+w.tag+`"}`), "id")
	s.do("", "list-categories", "")
	shelf := s.do("", "read-category", "", w.category)
	s.change(w.admin, "replace-category", `{"name":"Cups","slug":"mugs-`+w.tag+`"}`, at(s.t, shelf, "version"), w.category)

	product := s.do(w.admin, "create-product", fmt.Sprintf(
		`{"name":"Mug %[1]s","category_id":%[2]q,"variants":[{"sku":"TALE-%[1]s","name":"red","weight_grams":400,"prices":[{"amount":1899,"currency":"EUR"}]}]}`, w.tag, w.category))
	w.product = text(s.t, product, "id")
	w.variant = text(s.t, product, "variants.id")
	s.do("", "list-products", "")
	product = s.do("", "read-product", "", w.product)
	s.change(w.admin, "update-product", `{"description":"Holds 0.3 l."}`, at(s.t, product, "version"), w.product)
	blue := fmt.Sprintf(`{"sku":"TALE-B-%s","name":"blue","prices":[{"amount":1999,"currency":"EUR"}]}`, w.tag)
	more := text(s.t, s.do(w.admin, "add-variant", blue, w.product), "id")
	s.do("", "list-variants", "", w.product)
	version := func() any { return at(s.t, s.do("", "read-product", "", w.product), "version") }
	s.change(w.admin, "replace-variant", strings.Replace(blue, "1999", "2099", 1), version(), w.product, more)
	s.change(w.admin, "remove-variant", "", version(), w.product, more)
	s.does("search-products", s.request("", "search-products", "").asking("q=Mug+"+w.tag))

	line := fmt.Sprintf(`{"name":"Bowl %[1]s","variants":[{"sku":"BOWL-%[1]s","prices":[{"amount":999,"currency":"EUR"}]}]}`, w.tag)
	s.does("import-products", s.request(w.admin, "import-products", line+"\n").with("Content-Type", "application/x-ndjson"))
	require.Contains(s.t, s.does("export-products", s.request(w.admin, "export-products", "")).body, "BOWL-"+w.tag)
	cup := s.do(w.admin, "create-product", fmt.Sprintf(`{"name":"Cup","variants":[{"sku":"CUP-%s","prices":[{"amount":999,"currency":"EUR"}]}]}`, w.tag))
	cup = s.change(w.admin, "replace-product", fmt.Sprintf(`{"name":"A cup","variants":[{"sku":"CUP-%s","prices":[{"amount":1099,"currency":"EUR"}]}]}`, w.tag),
		at(s.t, cup, "version"), text(s.t, cup, "id"))
	s.change(w.admin, "archive-product", "", at(s.t, cup, "version"), text(s.t, cup, "id"))
	empty := s.do(w.admin, "create-category", `{"name":"Empty","slug":"empty-`+w.tag+`"}`)
	s.change(w.admin, "delete-category", "", at(s.t, empty, "version"), text(s.t, empty, "id"))
	s.do("", "quote-lines", fmt.Sprintf(`{"currency":"EUR","country":"DE","lines":[{"variant_id":%q,"quantity":2}]}`, w.variant))
}

func (w *tale) stock(s *story) {
	level := s.do("", "read-stock", "", w.product)
	s.change(w.admin, "set-stock", fmt.Sprintf(`{"variants":[{"variant_id":%q,"on_hand":200}]}`, w.variant), at(s.t, level, "version"), w.product)
	s.do(w.admin, "adjust-stock", fmt.Sprintf(`{"variant_id":%q,"delta":-1,"reason":"damaged in transport"}`, w.variant), w.product)
	s.do(w.admin, "list-reservations", "")
	held := s.do(w.admin, "reserve-by-hand", fmt.Sprintf(`{"variant_id":%q,"quantity":2,"reason":"photo shooting"}`, w.variant), w.product)
	s.do(w.admin, "release-by-hand", fmt.Sprintf(`{"reservation_id":%q}`, text(s.t, held, "order_id")), w.product)
	s.do(w.admin, "list-movements", "", w.product)
}

func (w *tale) cart(s *story) {
	guest := s.does("add-cart-item", s.request("", "add-cart-item", fmt.Sprintf(`{"variant_id":%q,"quantity":2}`, w.variant)))
	token := guest.header.Get("X-Cart-Token")
	require.NotEmpty(s.t, token, "a guest's cart has a name")
	require.Len(s.t, at(s.t, s.does("read-cart", s.request("", "read-cart", "").with("X-Cart-Token", token)).members(s.t), "lines"), 1)

	cart := s.does("merge-carts", s.request(w.customer, "merge-carts", `{"strategy":"sum"}`).with("X-Cart-Token", token)).members(s.t)
	line := text(s.t, cart, "lines.id")
	cart = s.change(w.customer, "change-cart-item", `{"quantity":3}`, at(s.t, cart, "version"), line)
	cart = s.change(w.customer, "change-cart", `{"country":"DE","currency":"EUR","shipping_option":"standard"}`, at(s.t, cart, "version"))
	s.do(w.customer, "list-shipping-options", "")
	s.change(w.customer, "remove-cart-item", "", at(s.t, cart, "version"), line)
	saved := s.do(w.customer, "save-item", fmt.Sprintf(`{"variant_id":%q}`, w.variant))
	s.do(w.customer, "list-saved-items", "")
	s.do(w.customer, "move-saved-item", `{"quantity":1}`, text(s.t, saved, "id"))
	saved = s.do(w.customer, "save-item", fmt.Sprintf(`{"variant_id":%q}`, w.variant))
	s.do(w.customer, "remove-saved-item", "", text(s.t, saved, "id"))
	cart = s.do(w.customer, "read-cart", "")
	s.change(w.customer, "clear-cart", "", at(s.t, cart, "version"))

	w.coupon = "TALE" + strings.ToUpper(w.tag)
	s.do(w.admin, "create-coupon", fmt.Sprintf(`{"code":%q,"kind":"percent","basis_points":1000,"max_uses":5}`, w.coupon))
	s.do(w.admin, "list-coupons", "")
	s.do(w.customer, "add-cart-item", fmt.Sprintf(`{"variant_id":%q,"quantity":4}`, w.variant))
	cart = s.do(w.customer, "apply-coupon", fmt.Sprintf(`{"code":%q}`, w.coupon))
	s.change(w.customer, "remove-coupon", "", at(s.t, cart, "version"))
	cart = s.do(w.customer, "apply-coupon", fmt.Sprintf(`{"code":%q}`, w.coupon))
	require.EqualValues(s.t, 760, at(s.t, cart, "discount.amount"), "a tenth of 75.96, rounded half up")
}

const tellsAddress = `"shipping_address":{"name":"Grace Example","line1":"Street 1","city":"Berlin","postal_code":"10119","country":"DE"},"payment_method":"pm_card_visa"`

func (w *tale) purchase(s *story) {
	checkout := s.request(w.customer, "checkout", `{`+tellsAddress+`,"capture":"manual"}`)
	checkout.settled(s.t)
	order := s.does("checkout", checkout).members(s.t)
	w.order, w.payment, w.line = text(s.t, order, "id"), text(s.t, order, "payment_id"), text(s.t, order, "lines.id")
	require.Equal(s.t, w.coupon, text(s.t, order, "coupon"))
	require.Equal(s.t, "confirmed", text(s.t, order, "status"))
	require.Eventually(s.t, func() bool {
		return len(at(s.t, s.do(w.customer, "read-cart", ""), "lines").([]any)) == 0
	}, soon, 100*time.Millisecond, "the cart empties itself")
}

func (w *tale) read(s *story) {
	s.do(w.customer, "read-order", "", w.order)
	s.do(w.customer, "list-user-orders", "", w.userID)
	s.do(w.customer, "read-timeline", "", w.order)
	s.do(w.customer, "read-invoice", "", w.order)
	page := s.does("read-invoice", s.request(w.customer, "read-invoice", "", w.order).with("Accept", "text/html"))
	require.Contains(s.t, page.header.Get("Content-Type"), "text/html")
}

// followed reads the order's stream until an event of a type comes.
func (w *tale) followed(s *story, orderID, until string) {
	a := s.request(w.customer, "stream-order-events", "", orderID)
	ctx, stop := context.WithTimeout(s.t.Context(), soon)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, a.method, where.Gateway+a.path, nil)
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+a.token)
	response, err := browser.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(s.t, http.StatusOK, response.StatusCode)
	for lines := bufio.NewScanner(response.Body); ; {
		require.True(s.t, lines.Scan(), "the stream ended before %s: %v", until, lines.Err())
		if lines.Text() == "event: "+until {
			break
		}
	}
	s.told["stream-order-events"] = true
}

func (w *tale) after(s *story) {
	s.do(w.admin, "fulfil-order", fmt.Sprintf(`{"lines":[{"line_id":%q,"quantity":1}],"carrier":"DHL","tracking":"00340434161094042557"}`, w.line), w.order)
	s.do(w.admin, "capture-payment", `{"final":true}`, w.payment)
	s.do(w.admin, "change-order-status", `{"status":"shipped","carrier":"DHL"}`, w.order)
	s.do(w.admin, "change-order-status", `{"status":"delivered"}`, w.order)
	w.followed(s, w.order, "order.delivered")
	s.do(w.admin, "refund-payment", `{"amount":{"amount":500,"currency":"EUR"},"reason":"A cup arrived broken."}`, w.payment)
	coming := s.do(w.customer, "request-return", fmt.Sprintf(`{"lines":[{"line_id":%q,"quantity":1}],"reason":"Too small."}`, w.line), w.order)
	s.do(w.admin, "decide-return", `{"action":"approve"}`, text(s.t, coming, "id"))
	s.do(w.admin, "decide-return", `{"action":"receive"}`, text(s.t, coming, "id"))
	require.Eventually(s.t, func() bool {
		return text(s.t, s.do(w.customer, "read-order", "", w.order), "status") == "partially_refunded"
	}, soon, 100*time.Millisecond)
}

// ordered places an order of so many pieces, which need not be confirmed.
func (w *tale) ordered(s *story, pieces int, method string) map[string]any {
	return s.do(w.customer, "create-order", fmt.Sprintf(`{"lines":[{"variant_id":%q,"quantity":%d}],%s}`, w.variant, pieces, strings.Replace(tellsAddress, "pm_card_visa", method, 1)))
}

func (w *tale) becomes(s *story, orderID, status string) {
	require.Eventually(s.t, func() bool {
		return text(s.t, s.do(w.customer, "read-order", "", orderID), "status") == status
	}, soon, 100*time.Millisecond, "%s is %s", orderID, status)
}

func (w *tale) operators(s *story) {
	const why = `{"reason":"The customer called."}`
	const many = 55 // above what may pass without a look
	good, bad := w.ordered(s, many, "pm_card_visa"), w.ordered(s, many, "pm_card_visa")
	require.Equal(s.t, "in_review", text(s.t, good, "status"))
	s.do(w.admin, "hold-order", why, text(s.t, good, "id"))
	w.becomes(s, text(s.t, good, "id"), "held")
	s.do(w.admin, "resume-order", why, text(s.t, good, "id"))
	w.becomes(s, text(s.t, good, "id"), "in_review")
	s.do(w.admin, "approve-order", why, text(s.t, good, "id"))
	w.becomes(s, text(s.t, good, "id"), "confirmed")
	s.do(w.admin, "reject-order", why, text(s.t, bad, "id"))
	w.becomes(s, text(s.t, bad, "id"), "rejected")

	waiting := text(s.t, w.ordered(s, 1, "pm_card_threeDSecure2Required"), "id")
	s.do(w.admin, "retry-order", why, waiting)
	s.do(w.admin, "force-cancel-order", why, waiting)
	w.becomes(s, waiting, "rejected")
}

func (w *tale) payments(s *story) {
	waiting := text(s.t, w.ordered(s, 1, "pm_card_threeDSecure2Required"), "id")
	s.do(w.customer, "change-payment-method", fmt.Sprintf(`{"order_id":%q,"payment_method":"pm_card_visa"}`, waiting))
	w.becomes(s, waiting, "confirmed")

	order := w.ordered(s, 1, "bank_transfer")
	require.Equal(s.t, "awaiting_payment", text(s.t, order, "status"))
	s.do(w.admin, "mark-payment-received", fmt.Sprintf(`{"amount":{"amount":%v,"currency":"EUR"}}`, at(s.t, order, "total.amount")), text(s.t, order, "payment_id"))
	w.becomes(s, text(s.t, order, "id"), "confirmed")

	body := `{"id":"evt_tale` + w.tag + `","object":"event","api_version":"` + stripe.APIVersion + `","created":1,"type":"customer.created","data":{"object":{"id":"cus_1","object":"customer"}}}`
	s.does("accept-stripe-webhook", s.request("", "accept-stripe-webhook", body).with("Stripe-Signature", signature(body)))
}

// signature is the provider's, of now.
func signature(body string) string {
	return provider.Sign(time.Now(), body, where.Secrets.WebhookSecret)
}

func (w *tale) messages(s *story) {
	s.do(w.admin, "send-notification", fmt.Sprintf(`{"user_id":%q,"channels":["email"],"subject":"Your mug","text":"It leaves tomorrow."}`, w.userID))
	mailed(s.t, w.email, "Your mug")
	mine := s.do(w.customer, "list-notifications", "")
	s.comes(w.admin, "resend-notification", "", text(s.t, mine, "data.id"))
	const endpoint = "https://push.example.net/v1/8f3a"
	s.do(w.customer, "subscribe-push", `{"endpoint":"`+endpoint+`","keys":{"auth":"BTBZMqHH6r4Tts7J_aSIgg","p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"}}`)
	s.do(w.customer, "list-push-subscriptions", "")
	s.does("unsubscribe-push", s.request(w.customer, "unsubscribe-push", "").asking("endpoint="+url.QueryEscape(endpoint)))
}

func (w *tale) webhooks(s *story) {
	heard := make(chan string, 10)
	program := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.Header.Get("webhook-id") }))
	defer program.Close()
	endpoint := text(s.t, s.do(w.admin, "create-webhook-endpoint", `{"url":"`+program.URL+`","event_types":["order.*"],"description":"a test"}`), "id")
	s.do(w.admin, "list-webhook-endpoints", "")
	s.do(w.admin, "read-webhook-endpoint", "", endpoint)
	w.ordered(s, 1, "pm_card_visa")
	var first string
	select {
	case first = <-heard:
	case <-time.After(soon):
		require.FailNow(s.t, "no webhook came")
	}
	require.NotEmpty(s.t, first)
	deliveries := s.do(w.admin, "list-webhook-deliveries", "", endpoint)
	s.comes(w.admin, "replay-webhook-delivery", "", endpoint, text(s.t, deliveries, "data.id"))
	s.do(w.admin, "update-webhook-endpoint", `{"enabled":false}`, endpoint)
	s.do(w.admin, "delete-webhook-endpoint", "", endpoint)
}

func (w *tale) behaviour(s *story) {
	s.do("", "record-events", fmt.Sprintf(`{"anonymous_id":%q,"events":[{"id":%q,"occurred_at":%q,"type":"product_viewed","product_id":%q}]}`,
		uuid.NewString(), uuid.NewString(), time.Now().UTC().Format(time.RFC3339), w.product))
	s.do(w.admin, "read-revenue", "")
	s.do(w.admin, "list-top-products", "")
	s.do(w.admin, "read-funnel", "")
	s.do(w.customer, "list-recommendations", "")
	s.do("", "list-related-products", "", w.product)
	board := s.do(w.customer, "read-dashboard", "", w.userID)
	require.Contains(s.t, board, "orders")
	s.do(w.admin, "list-services", "")
}

func (w *tale) money(s *story) {
	s.do(w.customer, "read-payment", "", w.payment)
	s.do(w.admin, "list-payments", "")
	s.do(w.customer, "list-transactions", "", w.payment)
	s.do(w.admin, "list-ledger-accounts", "")
	s.do(w.admin, "list-ledger-entries", "")
}

func (w *tale) end(s *story) {
	order := s.do(w.customer, "create-order", fmt.Sprintf(`{"lines":[{"variant_id":%q,"quantity":1}],`+tellsAddress+`}`, w.variant))
	s.do(w.customer, "cancel-order", `{"reason":"ordered twice"}`, text(s.t, order, "id"))
	s.do(w.admin, "delete-coupon", "", w.coupon)
	user := s.do(w.customer, "read-user", "", w.userID)
	s.change(w.admin, "change-role", `{"role":"support"}`, at(s.t, user, "version"), w.userID)
	w.signIn(s, w.secret)
	s.do(w.customer, "logout-user", fmt.Sprintf(`{"refresh_token":%q}`, w.refresh))
	w.signIn(s, w.secret)
	s.do(w.customer, "delete-user", "", w.userID)
}
