package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/sandbox/shopper"
)

// canary is in everything that is sent and must be in nothing that comes back.
const canary = "kanarienvogel"

// patience is how long a refusal may take, on a machine that does other things
// too.
const patience = 5 * time.Second

// bad is a request that must be refused.
type bad struct {
	name   string
	ask    ask
	status int
	or     int // another status that is as good; 0 is none
}

// refuse sends bad requests and checks that each is answered with a problem, at
// once, without an echo, and that none of them has written anything.
func refuse(t *testing.T, table []bad) {
	t.Helper()
	quiet(t)
	before := written(t)
	for _, c := range table {
		r := c.ask.gateway(t)
		if r.status != c.or {
			require.Equal(t, c.status, r.status, "%s: %s", c.name, r.body)
		}
		r.problem(t, r.status)
		require.NotContains(t, strings.ToLower(r.body), canary, "%s is echoed", c.name)
		require.Less(t, r.took, patience, c.name)
	}
	require.Equal(t, before, written(t), "something was written")
	t.Logf("%d requests refused", len(table))
}

// written counts the rows of every table in which requests leave something. That
// a key was answered with a refusal may be remembered; a replica, and what is
// summed up, follows in its own time.
func written(t *testing.T) map[string]int64 {
	t.Helper()
	rows := map[string]int64{}
	for _, name := range []string{"users", "products", "inventory", "carts", "orders", "payments"} {
		conn := database(t, name)
		found, err := conn.Query(t.Context(), `
			SELECT table_name FROM information_schema.tables
			WHERE table_schema = 'public' AND table_name NOT IN ('goose_db_version', 'idempotency_keys', 'sign_in_limits', 'inbox', 'inbox_heads', 'webhooks', 'customers', 'ledger_balances')`)
		require.NoError(t, err)
		tables, err := pgx.CollectRows(found, pgx.RowTo[string])
		require.NoError(t, err)
		require.NotEmpty(t, tables)
		for _, table := range tables {
			if name == "products" && table == "stock" || name == "inventory" && table == "outbox" {
				continue // a replica as well, and what keeps it up to date
			}
			rows[name+"."+table] = scalar[int64](t, conn, "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize())
		}
	}
	return rows
}

// restWithin is how long the platform may take to come to rest. When it has not
// once, nobody waits long again.
var restWithin = 2 * time.Minute

// quiet waits until nothing is under way, so that nothing moves by itself.
func quiet(t *testing.T) {
	t.Helper()
	patience := restWithin
	restWithin = 5 * time.Second
	orders, payments, inventory := database(t, "orders"), database(t, "payments"), database(t, "inventory")
	require.Eventually(t, func() bool {
		return none(t.Context(), orders, "orders WHERE status IN ('pending', 'awaiting_payment') OR (cancel_requested_at IS NOT NULL AND closed_at IS NULL)") &&
			none(t.Context(), orders, "outbox WHERE published_at IS NULL") &&
			none(t.Context(), payments, "webhooks WHERE applied_at IS NULL") &&
			none(t.Context(), payments, "attempts WHERE finished_at IS NULL") &&
			none(t.Context(), payments, "outbox WHERE published_at IS NULL") &&
			none(t.Context(), inventory, "stock WHERE told <> CASE WHEN on_hand = reserved THEN 'out' WHEN on_hand - reserved <= low_at THEN 'low' ELSE 'in' END") &&
			none(t.Context(), inventory, "outbox WHERE published_at IS NULL")
	}, patience, often, "the platform should come to rest")
	restWithin = patience
}

// none reports whether a query finds nothing.
func none(ctx context.Context, conn *pgx.Conn, from string) bool {
	var some bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+from+")").Scan(&some)
	return err == nil && !some
}

// eachOperation runs a test for every operation of the document.
func eachOperation(t *testing.T, test func(t *testing.T, op operation) []bad) {
	t.Helper()
	var table []bad
	for _, op := range operations(t) {
		for _, c := range test(t, op) {
			c.name = op.name + ", " + c.name
			table = append(table, c)
		}
	}
	refuse(t, table)
}

func TestBodiesAreReadStrictly(t *testing.T) {
	eachOperation(t, func(t *testing.T, op operation) []bad {
		if op.example == "" || op.raw {
			return nil
		}
		good := op.ask(t)
		members := strings.TrimPrefix(strings.TrimSpace(op.example), "{")
		first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(members), `"`), `"`)
		if members == "}" {
			return nil
		}
		return []bad{
			{"nothing", good.saying("").with("Content-Type", "application/json"), 400, 0},
			{"half of it", good.saying(`{"` + first + `": "` + canary), 400, 0},
			{"two of it", good.saying(op.example + op.example), 400, 0},
			{"no JSON", good.saying(canary), 400, 0},
			{"a list", good.saying(`["` + canary + `"]`), 422, 0},
			{"null", good.saying("null"), 422, 0},
			{"an unknown member", good.saying(`{"surprise":"` + canary + `",` + members), 422, 0},
			{"a member twice", good.saying(`{"` + first + `":"` + canary + `",` + members), 400, 0},
			{"a member in capitals", good.saying(`{"` + strings.ToUpper(first) + `":"` + canary + `",` + members), 422, 0},
			{"a lone surrogate", good.saying(`{"surprise":"\ud800` + canary + `",` + members), 400, 0},
			{"bytes that are no text", good.saying(`{"surprise":"` + canary + "\xff" + `",` + members), 400, 0},
			{"a NUL", good.saying(`{"surprise":"` + canary + `\u0000",` + members), 400, 0},
			{"depth", good.saying(`{"surprise":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "," + members), 400, 413},
			{"50 000 members", good.saying(`{` + crowd(50_000) + members), 413, 0},
			{"300 KiB", good.saying(`{"surprise":"` + strings.Repeat("x", 300<<10) + `",` + members), 413, 0},
			{"2 MiB", good.saying(`{"surprise":"` + strings.Repeat("x", 2<<20) + `",` + members), 413, 0},
			{"text", good.with("Content-Type", "text/plain"), 415, 0},
			{"a form", good.with("Content-Type", "application/x-www-form-urlencoded"), 415, 0},
			{"no content type", good.with("Content-Type", ""), 415, 0},
			{"a coded body", good.with("Content-Encoding", "gzip"), 415, 0},
		}
	})
}

// crowd is as many members, each with its own name.
func crowd(members int) string {
	var all strings.Builder
	for i := range members {
		all.WriteString(`"m` + strings.Repeat("i", i%7) + string(rune('a'+i%26)) + `":0,`)
	}
	return all.String()
}

func TestAddressesAreReadStrictly(t *testing.T) {
	eachOperation(t, func(t *testing.T, op operation) []bad {
		good := op.ask(t)
		table := []bad{
			{"an unknown parameter", good.asking("surprise=" + canary), 422, 0},
			{"a parameter that is none", good.asking("%zz=" + canary), 400, 0},
			{"a NUL in a parameter", good.asking("surprise=%00" + canary), 400, 0},
		}
		if op.hasID {
			for _, made := range []string{canary, "1", "0199f3c2-0000-7000-8000-00000000000", "0199f3c2-0000-7000-8000-0000000000020", "%27%20OR%201=1", "{id}"} {
				wrong := good
				wrong.path = strings.ReplaceAll(op.path, "{id}", made)
				table = append(table, bad{"the id " + made, wrong, 422, 404})
			}
		}
		for _, name := range op.queries {
			table = append(table, bad{"a parameter twice", good.asking(name + "=1&" + name + "=1"), 422, 0})
			switch name {
			case "limit":
				for _, value := range []string{"0", "-1", "101", "1.5", "9223372036854775808", canary} {
					table = append(table, bad{"limit " + value, good.asking("limit=" + value), 422, 0})
				}
			case "cursor":
				for _, value := range []string{canary, "e30.", "e30.e30", strings.Repeat("x", 1025)} {
					table = append(table, bad{"cursor " + value, good.asking("cursor=" + value), 422, 0})
				}
			default:
				if slices.Contains(op.texts, name) {
					continue
				}
				table = append(table, bad{name, good.asking(name + "=" + canary), 422, 0})
			}
		}
		return table
	})
}

func TestKeysAndConditionsAreRequired(t *testing.T) {
	eachOperation(t, func(t *testing.T, op operation) []bad {
		var table []bad
		if op.key {
			table = append(table,
				bad{"no key", op.ask(t).with("Idempotency-Key", ""), 400, 0},
				bad{"a key too long", op.ask(t).with("Idempotency-Key", strings.Repeat("k", 256)), 400, 0},
				bad{"a key of strange letters", op.ask(t).with("Idempotency-Key", "ключ"), 400, 0},
				bad{"a key with a tab", op.ask(t).with("Idempotency-Key", "a\tb"), 400, 0},
			)
		}
		if op.condition {
			table = append(table,
				bad{"no condition", op.ask(t).with("If-Match", ""), 428, 0},
				bad{"a bare version", op.ask(t).with("If-Match", "1"), 400, 0},
				bad{"a weak version", op.ask(t).with("If-Match", `W/"1"`), 400, 0},
				bad{"a version that is none", op.ask(t).with("If-Match", `"`+canary+`"`), 400, 0},
			)
		}
		return table
	})
}

func TestNobodyComesInWithoutAGoodToken(t *testing.T) {
	c := customer(t)
	forged := forgeries(t, c)
	eachOperation(t, func(t *testing.T, op operation) []bad {
		good := op.ask(t)
		if op.access == "public" {
			return nil
		}
		none := good
		none.token = ""
		table := []bad{{"no token", none, 401, 0}}
		for name, value := range forged {
			wrong := good.with("Authorization", value)
			wrong.token = ""
			table = append(table, bad{name, wrong, 401, 0})
		}
		if op.access == "admin" || op.access == "support" {
			lesser := good
			lesser.token = tokenOf(t, c)
			table = append(table, bad{"a customer's token", lesser, 403, 0})
		}
		return table
	})
}

func TestWhatIsNotThereIsSaidSo(t *testing.T) {
	var table []bad
	for _, path := range []string{
		"/api/v1/nothing", "/api/v2/orders", "/internal/operations/ReserveStock", "/api/v1/internal/operations/ReserveStock", "/metrics",
	} {
		table = append(table, bad{path, ask{method: http.MethodGet, path: path}, 404, 0})
	}
	for _, path := range []string{"/api/v1/orders/../../internal/operations/ReserveStock", "/api/v1/orders/%2e%2e/%2e%2e/metrics", "/api/v1/orders/..%2fmetrics"} {
		table = append(table, bad{path, ask{method: http.MethodGet, path: path}, 400, 0})
	}
	refuse(t, table)
	for _, op := range operations(t) {
		wrong := op.ask(t)
		wrong.method, wrong.body = "TRACE", ""
		r := wrong.gateway(t)
		require.Equal(t, http.StatusMethodNotAllowed, r.status, "%s: %s", op.name, r.body)
		r.problem(t, http.StatusMethodNotAllowed)
		require.NotEmpty(t, r.header.Get("Allow"), op.name)
	}
}

func TestForeignThingsAreNotFound(t *testing.T) {
	owner, stranger := customer(t), customer(t)
	order := bought(t, owner, shopper.One(stocked(t, 3)))
	paymentID := order.PaymentId.String()
	by := func(method, path, body string) ask {
		return ask{method: method, path: path, body: body, token: tokenOf(t, stranger), header: map[string]string{"Idempotency-Key": "k-" + order.Number, "If-Match": `"1"`}}
	}
	refuse(t, []bad{
		{"an order", by("GET", "/api/v1/orders/"+order.Id.String(), ""), 404, 0},
		{"a timeline", by("GET", "/api/v1/orders/"+order.Id.String()+"/timeline", ""), 404, 0},
		{"a cancellation", by("POST", "/api/v1/orders/"+order.Id.String()+"/cancel", `{"reason":"`+canary+`"}`), 404, 0},
		{"a list of orders", by("GET", "/api/v1/users/"+owner.ID.String()+"/orders", ""), 404, 0},
		{"an account", by("GET", "/api/v1/users/"+owner.ID.String(), ""), 404, 0},
		{"a change of an account", by("PATCH", "/api/v1/users/"+owner.ID.String(), `{"name":"`+canary+`"}`), 404, 0},
		{"a payment", by("GET", "/api/v1/payments/"+paymentID, ""), 404, 0},
		{"its transactions", by("GET", "/api/v1/payments/"+paymentID+"/transactions", ""), 404, 0},
	})
	require.EqualValues(t, "confirmed", becomes(t, owner, order.Id, "confirmed").Status)
}
