package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/sandbox/shopper"
)

// tries is how many requests the fuzzer makes up for each operation and test,
// unless -rapid.checks says otherwise.
const tries = 14

// TestSpoiledRequestsAreRefused spoils requests that the document describes, in
// one place each. Whatever the document then does not allow is refused, without
// an echo, and leaves no row.
//
// Longer, and one operation again:
//
//	go test ./workers/e2e -run Requests -rapid.checks=1000
//	go test ./workers/e2e -run 'Requests/checkout$' -rapid.seed=1
func TestSpoiledRequestsAreRefused(t *testing.T) {
	f := newFuzzer(t)
	quiet(t)
	before := written(t)
	f.each(t, func(t *rapid.T, op *surface) {
		on := f.attempt(t, op)
		s := rapid.SampledFrom(op.spoilings()).Draw(t, "spoiling")
		s.spoil(t, on)
		if request := on.request(f.t); s.certainly || !inLines(request.Header) && len(f.judge.unfit(request, []byte(on.text()))) > 0 {
			f.check(t, on, true)
		}
	})
	require.Equal(t, before, written(t), "something was written")
}

// TestRequestsMadeUpAreAnsweredAsDescribed sends what the document describes,
// with strange contents, and sometimes spoiled twice. Whatever the answer is,
// the document knows it, and it is no 5xx.
func TestRequestsMadeUpAreAnsweredAsDescribed(t *testing.T) {
	f := newFuzzer(t)
	f.each(t, func(t *rapid.T, op *surface) {
		on := f.attempt(t, op)
		for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "spoilings") {
			rapid.SampledFrom(op.spoilings()).Draw(t, "spoiling").spoil(t, on)
		}
		f.check(t, on, false)
	})
	f.tidy(t)
}

// fuzzer makes up requests for every operation of the document.
type fuzzer struct {
	t       *testing.T
	maker   maker
	judge   *witness
	callers map[string]func() string // tokens
	paths   map[string]string        // things that exist, by the part of a path that names them
	owner   *shopper.Customer
	seeded  bool // the command line says which seed
	sent    int
	slowest time.Duration // of the refusals
	answers map[int]int   // how often, by status
}

// surface is an operation with everything that can be said to it.
type surface struct {
	operation
	parameters []parameter // in the query
	schema     *schema     // of a body in JSON; nil when there is none
}

type parameter struct {
	Name, In string
	Required bool
	Schema   *schema
}

// spoilings are those that mean something to the operation.
func (op *surface) spoilings() []spoiling {
	if op.schema == nil {
		return addressSpoilings
	}
	return slices.Concat(bodySpoilings, addressSpoilings)
}

func newFuzzer(t *testing.T) *fuzzer {
	t.Helper()
	c := customer(t)
	f := &fuzzer{
		t: t, judge: wire, owner: c, answers: map[int]int{}, paths: owned(t, c),
		callers: map[string]func() string{
			"anonymous": func() string { return "" },
			"customer":  func() string { return tokenOf(t, c) },
			"support": func() string {
				return signed(t, identity.Principal{UserID: id.New(), Role: identity.Support}, time.Now())
			},
			"admin": func() string { return signed(t, identity.Principal{UserID: c.ID, Role: identity.Admin}, time.Now()) },
		},
	}
	item := stocked(t, 5)
	order := bought(t, c, shopper.One(item))
	f.paths["/products/{id}"], f.paths["{variant_id}"] = item.ProductID.String(), item.VariantID.String()
	f.maker.ids = map[string][]string{
		"variant_id": {item.VariantID.String()}, "product_id": {item.ProductID.String()}, "user_id": {c.ID.String()},
		"order_id": {order.Id.String()}, "line_id": {order.Lines[0].Id.String()},
	}
	flag.Visit(func(set *flag.Flag) { f.seeded = f.seeded || set.Name == "rapid.seed" })
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		require.NoError(t, checks.Value.Set(strconv.Itoa(tries)))
	}
	return f
}

// each plays a property for every operation.
func (f *fuzzer) each(t *testing.T, property func(t *rapid.T, op *surface)) {
	t.Helper()
	for _, op := range f.surfaces() {
		t.Run(op.name, func(t *testing.T) {
			if !f.seeded { // not the same dice for every operation, but the same in every run
				dice := fnv.New32a()
				_, _ = io.WriteString(dice, os.Getenv("KASSA_E2E_SEED")+op.name)
				require.NoError(t, flag.Set("rapid.seed", strconv.FormatUint(uint64(dice.Sum32()), 10)))
			}
			t.Logf("-rapid.seed=%s", flag.Lookup("rapid.seed").Value)
			rapid.Check(t, func(t *rapid.T) { property(t, op) })
		})
	}
	t.Logf("%d requests; the slowest refusal took %s; answers by status: %v", f.sent, f.slowest.Round(time.Millisecond), f.answers)
}

// surfaces are the document's operations, by name.
func (f *fuzzer) surfaces() []*surface {
	r := ask{method: http.MethodGet, path: "/openapi.json"}.gateway(f.t)
	var described struct {
		Paths map[string]map[string]struct {
			OperationID string      `json:"operationId"`
			Parameters  []parameter `json:"parameters"`
			RequestBody struct {
				Content map[string]struct{ Schema *schema }
			} `json:"requestBody"`
		}
		Components struct{ Schemas map[string]*schema }
	}
	require.NoError(f.t, json.Unmarshal([]byte(r.body), &described))
	f.maker.schemas = described.Components.Schemas
	var all []*surface
	for _, op := range operations(f.t) {
		more := described.Paths[op.path][strings.ToLower(op.method)]
		s := &surface{operation: op}
		for _, p := range more.Parameters {
			if p.In == "query" {
				s.parameters = append(s.parameters, p)
			}
		}
		if !op.raw {
			s.schema = more.RequestBody.Content[op.kind].Schema
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *surface) int { return strings.Compare(a.name, b.name) })
	return all
}

// attempt is one request before it is sent.
type attempt struct {
	op     *surface
	caller string
	token  string
	path   string
	query  []string
	header map[string]string
	body   any                      // a document, or the text of what is none
	said   func(body string) string // changes the text
}

// attempt makes a request up that fits the document.
func (f *fuzzer) attempt(t *rapid.T, op *surface) *attempt {
	on := &attempt{op: op, header: map[string]string{}, said: func(body string) string { return body }}
	on.caller = rapid.SampledFrom([]string{"admin", "admin", "admin", "customer", "customer", "support", "anonymous"}).Draw(t, "caller")
	on.token = f.callers[on.caller]()
	on.path = f.path(t, op)
	for _, p := range op.parameters {
		if p.Required || rapid.Bool().Draw(t, "with "+p.Name) {
			value := f.maker.value(t, p.Schema, p.Name)
			if list, is := value.([]any); is && len(list) > 0 {
				value = list[0]
			}
			on.query = append(on.query, p.Name+"="+url.QueryEscape(fmt.Sprint(value)))
		}
	}
	if op.key {
		on.header["Idempotency-Key"] = uuid.NewString()
	}
	if op.condition {
		on.header["If-Match"] = rapid.SampledFrom([]string{`"1"`, `"2"`, `"3"`}).Draw(t, "version")
	}
	if op.kind != "" {
		on.header["Content-Type"] = op.kind
	}
	switch {
	case op.name == "accept-stripe-webhook":
		f.webhook(t, on)
	case op.schema == nil:
		on.body = raw(op.example)
	case rapid.Bool().Draw(t, "the example"):
		decoder := json.NewDecoder(strings.NewReader(op.example))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&on.body))
		f.known(on.body)
	default:
		on.body = f.maker.value(t, op.schema, "body")
	}
	return on
}

// path names things that exist, half of the time, but for what would take the
// customer away.
func (f *fuzzer) path(t *rapid.T, op *surface) string {
	path := op.path
	if op.method != http.MethodDelete && op.name != "change-role" && rapid.Bool().Draw(t, "existing") {
		for named, value := range f.paths {
			before, _, _ := strings.Cut(named, "{")
			path = strings.ReplaceAll(path, named, before+value)
		}
	}
	return placeholder.ReplaceAllLiteralString(path, id.New().String())
}

// known puts things that exist into an example.
func (f *fuzzer) known(body any) {
	members, _ := body.(map[string]any)
	for name, value := range members {
		if known := f.maker.ids[name]; known != nil {
			members[name] = known[0]
		}
		f.known(value)
		if list, is := value.([]any); is {
			for _, item := range list {
				f.known(item)
			}
		}
	}
}

// webhook is what the provider might say, mostly with its signature.
func (f *fuzzer) webhook(t *rapid.T, on *attempt) {
	body := `{"id":"evt_` + strings.ReplaceAll(uuid.NewString(), "-", "") + `","object":"event","type":` +
		rapid.SampledFrom([]string{`"payment_intent.succeeded"`, `"charge.refunded"`, `"refund.failed"`, `"` + canary + `"`, `""`, `1`}).Draw(t, "type") + `,"data":{"object":` +
		rapid.SampledFrom([]string{`{"id":"pi_` + canary + `","object":"payment_intent"}`, `{"id":"pi_1","metadata":{"order_id":"` + f.maker.ids["order_id"][0] + `"}}`, `{}`, `null`, `[]`, `{"amount":-1e30}`}).Draw(t, "object") + `}}`
	body = rapid.SampledFrom([]string{body, body, body, body[:len(body)/2], "", "null", "[]", strings.Repeat("[", 5000)}).Draw(t, "body")
	on.body = raw(body)
	on.header["Stripe-Signature"] = rapid.SampledFrom([]string{signature(body), signature(body), signature(body + " "), "", "t=1,v1=00", "t=" + canary, "v1=" + canary, signature(body) + ",v1=00"}).Draw(t, "signature")
}

// member sets one of the body, which becomes an object when it is none.
func (on *attempt) member(name string, value any) {
	members, is := on.body.(map[string]any)
	if !is {
		members = map[string]any{}
		on.body = members
	}
	members[name] = value
}

func (on *attempt) text() string {
	if on.op.kind == "" {
		return ""
	}
	return on.said(document(on.body))
}

func (on *attempt) request(t *testing.T) *http.Request {
	path := on.path
	if len(on.query) > 0 {
		path += "?" + strings.Join(on.query, "&")
	}
	a := ask{method: on.op.method, path: path, token: on.token, body: on.text(), header: maps.Clone(on.header)}
	request, err := a.request(context.Background(), where.Gateway) // rapid ends before the answers do
	if err != nil {
		request, err = ask{method: on.op.method, path: "/"}.request(context.Background(), where.Gateway)
		require.NoError(t, err)
		request.URL.Opaque = where.Gateway + path // no URL to Go, and yet something that one can send
	}
	return request
}

// crowdedHouse is a client for every request from another address of this
// machine, so that no limit on addresses ends the test.
var crowdedHouse = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport: &http.Transport{
		MaxIdleConnsPerHost: -1,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			from := net.IPv4(127, byte(1+rand.IntN(250)), byte(rand.IntN(250)), byte(1+rand.IntN(250))) //nolint:gosec // any of them
			return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}).DialContext(ctx, network, address)
		},
	},
}

// send makes the request and reads the answer, but for a stream's.
func (f *fuzzer) send(t *rapid.T, on *attempt) (*http.Request, *http.Response, []byte, time.Duration) {
	request := on.request(f.t)
	begin := time.Now()
	response, err := crowdedHouse.Do(request)
	require.NoError(t, err, "%s %s", on.op.method, on.path)
	defer func() { _ = response.Body.Close() }()
	var body []byte
	if response.Header.Get("Content-Type") != "text/event-stream" {
		body, err = io.ReadAll(response.Body)
		require.NoError(t, err)
	}
	return request, response, body, time.Since(begin)
}

// check sends the request, again while it is told to come later, and looks at the answer. refused says that it must be
// one of those that change nothing.
func (f *fuzzer) check(t *rapid.T, on *attempt, refused bool) {
	request, response, body, took := f.send(t, on) //nolint:bodyclose // send does
	for end := time.Now().Add(soon); response.StatusCode == http.StatusServiceUnavailable && bytes.Contains(body, []byte(`"retryable":true`)) && time.Now().Before(end); {
		<-time.After(300 * time.Millisecond)
		request, response, body, took = f.send(t, on) //nolint:bodyclose // send does
	}
	sent := on.text()
	f.sent++
	f.answers[response.StatusCode]++
	said := func() string {
		return fmt.Sprintf("%s by %s: %s %s %v %.500s\nanswered %d: %s", on.op.name, on.caller, request.Method, request.URL, on.header, sent, response.StatusCode, body)
	}
	require.Less(t, response.StatusCode, 500, lazily(said))
	require.NotContains(t, string(body), canarySecret, lazily(said))
	for name, values := range response.Header {
		require.NotContains(t, strings.Join(values, " "), canarySecret, "%s: %s", name, lazily(said))
	}
	if refused {
		require.GreaterOrEqual(t, response.StatusCode, 400, lazily(said))
	}
	if response.StatusCode >= 400 {
		answer := reply{status: response.StatusCode, header: response.Header, body: string(body)}
		require.NotContains(t, strings.ToLower(answer.body), canary, lazily(said))
		answer.problem(t, response.StatusCode)
		if response.StatusCode == http.StatusTooManyRequests {
			require.NotEmpty(t, response.Header.Get("Retry-After"), lazily(said))
		}
	}
	if refused {
		f.slowest = max(f.slowest, took)
		require.Less(t, took, patience, lazily(said))
	}
	handler, _ := f.judge.routes.Handler(request)
	if op, ours := handler.(named); ours && !inLines(response.Header) && !inLines(request.Header) {
		require.Empty(t, f.judge.objections(op.OperationId, request, response, []byte(sent), body), lazily(said))
	}
}

// tidy ends what the fuzzer has begun, so that the platform comes to rest.
func (f *fuzzer) tidy(t *testing.T) {
	t.Helper()
	s := newStory(t)
	admin := tokenOf(t, shop.Admin())
	for _, each := range at(t, s.do(admin, "list-webhook-endpoints", ""), "data").([]any) {
		s.do(admin, "delete-webhook-endpoint", "", each.(map[string]any)["id"].(string))
	}
	for _, each := range at(t, s.do(admin, "list-user-orders", "", f.owner.ID.String()), "data").([]any) {
		order := each.(map[string]any)
		if slices.Contains([]string{"in_review", "held", "awaiting_payment"}, order["status"].(string)) {
			s.do(admin, "force-cancel-order", `{"reason":"The test is over."}`, order["id"].(string))
		}
	}
}
