package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"kassa/sandbox/psp/provider"
)

// books reads all that the provider has, oldest first.
func (v *verifier) books(ctx context.Context) ([]provider.IntentView, error) {
	var all []provider.IntentView
	after := int64(0)
	for {
		page, more, err := v.page(ctx, after)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if !more || len(page) == 0 {
			return all, nil
		}
		after = page[len(page)-1].Seq
	}
}

func (v *verifier) page(ctx context.Context, after int64) ([]provider.IntentView, bool, error) {
	url := fmt.Sprintf("%s/_sandbox/intents?after=%d", strings.TrimSuffix(v.Provider, "/"), after)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, false, err
	}
	answer, err := v.http.Do(request)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, false, fmt.Errorf("%s answered %s", url, answer.Status)
	}
	var page struct {
		Intents []provider.IntentView `json:"intents"`
		HasMore bool                  `json:"has_more"`
	}
	return page.Intents, page.HasMore, json.NewDecoder(answer.Body).Decode(&page)
}

// amounts is the money of an intent, in minor units of our currency table.
type amounts struct{ Held, Taken int64 }

// amountsOf is what the provider's ledger says of an intent: it is written with
// every movement, so it shows also what the intent itself would hide.
func amountsOf(in provider.IntentView) amounts {
	var a amounts
	for _, e := range in.Ledger {
		for account, amount := range map[string]int64{e.Debit: -e.Amount, e.Credit: e.Amount} {
			switch account {
			case "held":
				a.Held += amount
			case "merchant":
				a.Taken += amount
			}
		}
	}
	if in.Currency == "isk" { // written as if it had two decimals
		return amounts{a.Held / 100, a.Taken / 100}
	}
	return a
}

func (a amounts) String() string { return fmt.Sprintf("%d held and %d taken", a.Held, a.Taken) }

// underWay reports whether the provider has moved the intent's money so short a
// time ago that we may not know it yet.
func (l *look) underWay(in provider.IntentView) bool {
	if len(in.Ledger) == 0 {
		return !in.CreatedAt.Before(l.before)
	}
	return !in.Ledger[len(in.Ledger)-1].CreatedAt.Before(l.before)
}

// chargedOnce is P1 at the provider: a second charge must have been given back.
func chargedOnce(_ context.Context, l *look) (int, []Finding, error) {
	charged := map[string][]string{}
	for _, in := range l.intents {
		if in.OrderID != "" && amountsOf(in) != (amounts{}) && !l.underWay(in) {
			charged[in.OrderID] = append(charged[in.OrderID], in.ID)
		}
	}
	var found []Finding
	for order, intents := range charged {
		if len(intents) > 1 {
			found = append(found, Finding{order, fmt.Sprintf("the provider charged %d times: %s", len(intents), strings.Join(intents, ", "))})
		}
	}
	return len(l.intents), found, nil
}

// ourMoneyIsTheirs is P4 from our side: the provider has what we recorded.
// What is in doubt is P3's.
func ourMoneyIsTheirs(_ context.Context, l *look) (int, []Finding, error) {
	theirs := by(l.intents, func(in provider.IntentView) string { return in.ID })
	var found []Finding
	for _, id := range inOrder(l.payments) {
		p := l.payments[id]
		ours := amounts{p.held(), p.taken()}
		in, known := theirs[p.IntentID]
		var what string
		switch {
		case p.Provider != "card", p.IntentID == "" && ours == amounts{}: // transfersAgree has the others
			continue
		case p.InDoubt, known && l.underWay(in):
			continue
		case !known:
			what = fmt.Sprintf("we have %s; the provider does not know of %q", ours, p.IntentID)
		case in.OrderID != id.String():
			what = fmt.Sprintf("its payment %s is for another order at the provider", in.ID)
		case ours != amountsOf(in) || !strings.EqualFold(in.Currency, p.Currency):
			what = fmt.Sprintf("we have %s %s; the provider %s %s", ours, p.Currency, amountsOf(in), strings.ToUpper(in.Currency))
		case in.AmountHeld != inLedger(in, "held") || in.AmountCaptured-in.AmountRefunded != inLedger(in, "merchant"):
			what = fmt.Sprintf("the provider's ledger has something else than its payment %s", in.ID)
		default:
			continue
		}
		found = append(found, Finding{id.String(), what})
	}
	return len(l.payments), found, nil
}

// inLedger is the balance of an account by an intent's entries, as on the wire.
func inLedger(in provider.IntentView, account string) int64 {
	balance := int64(0)
	for _, e := range in.Ledger {
		if e.Credit == account {
			balance += e.Amount
		}
		if e.Debit == account {
			balance -= e.Amount
		}
	}
	return balance
}

// theirMoneyIsOurs is P4 from the provider's side: money without an order is
// the worst that can be found. A second charge is P1's.
func theirMoneyIsOurs(_ context.Context, l *look) (int, []Finding, error) {
	theirs := by(l.intents, func(in provider.IntentView) string { return in.ID })
	var found []Finding
	for _, in := range l.intents {
		has := amountsOf(in)
		if has == (amounts{}) || l.underWay(in) {
			continue
		}
		order, err := uuid.Parse(in.OrderID)
		p, paid := l.payments[order]
		var what string
		switch {
		case err != nil:
			what = "for no order of ours"
		case !paid:
			what = fmt.Sprintf("for order %s, of which we have no payment", order)
		case p.IntentID != in.ID && amountsOf(theirs[p.IntentID]) == amounts{} && !p.InDoubt:
			what = fmt.Sprintf("for order %s, whose payment is %q", order, p.IntentID)
		default:
			continue
		}
		found = append(found, Finding{in.ID, fmt.Sprintf("the provider has %s %s %s", has, strings.ToUpper(in.Currency), what)})
	}
	return len(l.intents), found, nil
}
