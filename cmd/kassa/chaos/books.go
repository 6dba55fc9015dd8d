package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/localstack"
	"kassa/sandbox/psp/provider"
)

// Findings are what must not have happened, counted.
type Findings struct {
	Lost    int `json:"lost"`    // acknowledged, and not in the books
	Doubled int `json:"doubled"` // more than one order or charge for a key
	Moved   int `json:"moved"`   // refused or cancelled, and yet money moved
	Stuck   int `json:"stuck"`   // without a definite answer, or still under way
	Broken  int `json:"broken"`  // invariants, and what the scenario itself expects
}

// account is what the provider's books say about an order, in minor units.
type account struct {
	charges int   // that took or held money
	held    int64 // on the card, not taken
	taken   int64 // and not given back
}

// entry is an order in the books.
type entry struct {
	id     uuid.UUID
	status string
	total  int64
}

// books are those of the orders, by idempotency key, and of the provider, by order.
type books struct {
	orders   map[string][]entry
	accounts map[string]account
}

// readBooks reads what there is of all keys with a prefix.
func readBooks(ctx context.Context, where localstack.Addresses, prefix string) (books, error) {
	b := books{orders: map[string][]entry{}, accounts: map[string]account{}}
	conn, err := pgx.Connect(ctx, where.DatabaseURL("orders", localstack.RoleVerify))
	if err != nil {
		return b, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, "SELECT idempotency_key, id, status, total FROM orders WHERE starts_with(idempotency_key, $1)", prefix)
	if err != nil {
		return b, err
	}
	var key string
	var e entry
	if _, err = pgx.ForEachRow(rows, []any{&key, &e.id, &e.status, &e.total}, func() error {
		b.orders[key] = append(b.orders[key], e)
		return nil
	}); err != nil {
		return b, err
	}
	return b, b.readProvider(ctx, where.PSP)
}

func (b books) readProvider(ctx context.Context, url string) error {
	for after, more := int64(0), true; more; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/_sandbox/intents?after=%d", url, after), http.NoBody)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		var page struct {
			Intents []provider.IntentView `json:"intents"`
			More    bool                  `json:"has_more"`
		}
		err = json.NewDecoder(response.Body).Decode(&page)
		_ = response.Body.Close()
		if err != nil {
			return fmt.Errorf("the provider's books: %w", err)
		}
		for _, intent := range page.Intents {
			b.accounts[intent.OrderID] = b.accounts[intent.OrderID].with(intent)
			after = intent.Seq
		}
		more = page.More
	}
	return nil
}

// with adds the movements of a payment.
func (a account) with(intent provider.IntentView) account {
	for _, move := range intent.Ledger {
		switch move.Debit {
		case "card":
			a.charges++
		case "held":
			a.held -= move.Amount
		case "merchant":
			a.taken -= move.Amount
		}
		switch move.Credit {
		case "held":
			a.held += move.Amount
		case "merchant":
			a.taken += move.Amount
		}
	}
	return a
}

// compare holds what the customers were told against the books.
func (c *crew) compare(b books) (found Findings, say []string) {
	for _, e := range c.errands {
		placed := b.orders[e.wish.Key]
		var last entry
		if len(placed) > 0 {
			last = placed[len(placed)-1]
		}
		money := b.accounts[last.id.String()]
		what := e.against(placed, last, money)
		switch what {
		case "":
			continue
		case "lost":
			found.Lost++
		case "doubled":
			found.Doubled++
		case "moved":
			found.Moved++
		case "stuck":
			found.Stuck++
		}
		say = append(say, fmt.Sprintf("%s: key %s was answered %d with order %s (%v); %d orders, the last %s %s; the provider has %+v",
			what, e.wish.Key, e.answer.Status, e.answer.OrderID(), e.err, len(placed), last.id, last.status, money))
	}
	return found, say
}

// against says what is wrong with the outcome of an errand, or "".
func (e *errand) against(placed []entry, last entry, money account) string {
	owes := money.held + money.taken
	closed := last.status == "rejected" || last.status == "cancelled"
	switch {
	case e.err != nil:
		return "stuck"
	case len(placed) > 1 || money.charges > 1:
		return "doubled"
	case len(placed) == 1 && !closed && last.status != "confirmed":
		return "stuck"
	case closed && owes != 0:
		return "moved"
	case last.status == "confirmed" && owes != last.total:
		return "lost"
	case e.answer.Confirmed() && (len(placed) == 0 || last.id != e.answer.OrderID()):
		return "lost"
	case e.answer.Confirmed() && !e.asked && last.status != "confirmed":
		return "lost"
	case e.answer.Confirmed() && e.asked && !e.hasty && last.status != "cancelled":
		return "stuck"
	case !e.answer.Confirmed() && !e.leaves && last.status == "confirmed":
		return "moved"
	}
	return ""
}
