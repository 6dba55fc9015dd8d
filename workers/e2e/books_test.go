package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/api/client"
	"kassa/internal/localstack"
	"kassa/sandbox/psp/provider"
	"kassa/sandbox/shopper"
)

// soon is how long something may take that happens by itself. The machine may
// be busy.
const soon = 30 * time.Second

// often is how often such a thing is looked for.
const often = 50 * time.Millisecond

func eur(amount int64) client.Money { return client.Money{Amount: amount, Currency: "EUR"} }

// database is a look into one of the platform's databases.
func database(t *testing.T, name string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), where.DatabaseURL(name, localstack.RoleVerify))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// scalar is the one value that a query answers.
func scalar[T any](t *testing.T, conn *pgx.Conn, query string, args ...any) (value T) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), query, args...).Scan(&value), query)
	return value
}

// free is how many pieces of the item can be bought.
func free(t *testing.T, item shopper.Item) int64 {
	t.Helper()
	level, err := shop.Level(t.Context(), item)
	require.NoError(t, err)
	return level.Available
}

// becomesFree waits until so many pieces of the item can be bought.
func becomesFree(t *testing.T, item shopper.Item, pieces int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		level, err := shop.Level(t.Context(), item)
		return err == nil && level.Available == pieces
	}, soon, often, "%d pieces should be free", pieces)
}

// becomes waits until the customer's order has a status, and returns it.
func becomes(t *testing.T, c *shopper.Customer, orderID uuid.UUID, status string) (o client.Order) {
	t.Helper()
	require.Eventually(t, func() bool {
		read, err := c.Order(t.Context(), orderID)
		o = read
		return err == nil && string(o.Status) == status
	}, soon, often, "order %s should become %s", orderID, status)
	return o
}

// intents are the provider's payments of an order.
func intents(t *testing.T, orderID uuid.UUID) []provider.IntentView {
	t.Helper()
	r := ask{method: http.MethodGet, path: "/_sandbox/intents?order_id=" + orderID.String()}.at(t, where.PSP)
	require.Equal(t, http.StatusOK, r.status, r.body)
	var page struct {
		Intents []provider.IntentView `json:"intents"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &page), r.body)
	return page.Intents
}

// account is what the provider's books say about an order, in minor units.
type account struct {
	charges  int   // that took or held money
	held     int64 // on the card, not taken
	taken    int64 // and not given back
	returned int64
}

// accountOf adds up the movements of an order's payments.
func accountOf(all []provider.IntentView) account {
	var sum account
	for _, intent := range all {
		for _, move := range intent.Ledger {
			switch move.Debit {
			case "card":
				sum.charges++
			case "held":
				sum.held -= move.Amount
			case "merchant":
				sum.taken -= move.Amount
			}
			switch move.Credit {
			case "held":
				sum.held += move.Amount
			case "merchant":
				sum.taken += move.Amount
			case "card":
				if move.Debit == "merchant" {
					sum.returned += move.Amount
				}
			}
		}
	}
	return sum
}

// books are the provider's of an order.
func books(t *testing.T, orderID uuid.UUID) account {
	t.Helper()
	return accountOf(intents(t, orderID))
}

// misbehave makes the provider misbehave until the test ends. rules are those
// of PUT /_sandbox/faults.
func misbehave(t *testing.T, rules ...string) {
	t.Helper()
	r := ask{method: http.MethodPut, path: "/_sandbox/faults", body: `{"seed":1,"faults":[` + strings.Join(rules, ",") + `]}`}.at(t, where.PSP)
	require.Equal(t, http.StatusOK, r.status, r.body)
	t.Cleanup(func() { behave(t) })
}

// behave ends all faults of the provider.
func behave(t *testing.T) {
	t.Helper()
	r := ask{method: http.MethodDelete, path: "/_sandbox/faults"}.at(t, where.PSP)
	require.Equal(t, http.StatusOK, r.status, r.body)
}

// once is a fault that the next request for one of the operations meets.
func once(fault string, operations ...string) string { return times(1, fault, operations...) }

func times(n int, fault string, operations ...string) string {
	return fmt.Sprintf(`{"fault":%q,"rate":1,"times":%d,"operations":["%s"]}`, fault, n, strings.Join(operations, `","`))
}
