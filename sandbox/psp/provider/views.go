package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"kassa/sql/pspdb"
)

// What the sandbox shows of itself under /_sandbox/: the second opinion of whoever checks Kassa's
// books, and the faults.

// IntentView is an intent with its charges, refunds and movements, all amounts in minor units.
type IntentView struct {
	Seq            int64       `json:"seq"` // cursor of GET /_sandbox/intents?after=
	ID             string      `json:"id"`
	OrderID        string      `json:"order_id"`
	Status         string      `json:"status"`
	Currency       string      `json:"currency"`
	Amount         int64       `json:"amount"`
	AmountHeld     int64       `json:"amount_held"`     // authorized, neither captured nor released
	AmountCaptured int64       `json:"amount_captured"` // before refunds
	AmountRefunded int64       `json:"amount_refunded"`
	LatestCharge   string      `json:"latest_charge"`
	CreatedAt      time.Time   `json:"created_at"`
	Ledger         []EntryView `json:"ledger"`
}

// EntryView is a movement of money from one account to another.
type EntryView struct {
	ID        int64     `json:"id"` // cursor of GET /_sandbox/ledger?after=
	IntentID  string    `json:"payment_intent"`
	ChargeID  string    `json:"charge"`
	RefundID  string    `json:"refund,omitempty"`
	Kind      string    `json:"kind"`   // authorize, charge, capture, release, refund or refund_failed
	Debit     string    `json:"debit"`  // the account it left: card, held or merchant
	Credit    string    `json:"credit"` // the account it reached
	Amount    int64     `json:"amount"` // above 0
	Currency  string    `json:"currency"`
	CreatedAt time.Time `json:"created_at"`
}

// LedgerView is a page of the ledger, oldest first, and the balance of every account.
type LedgerView struct {
	Balances []BalanceView `json:"balances"`
	Entries  []EntryView   `json:"entries"`
	HasMore  bool          `json:"has_more"`
}

// BalanceView is the balance of an account: what reached it less what left it. The balances of a
// currency add up to 0.
type BalanceView struct {
	Account  string `json:"account"`
	Currency string `json:"currency"`
	Balance  int64  `json:"balance"`
}

const viewRows = 1000

// showIntents is GET /_sandbox/intents?order_id=… or ?after=…: at most 1000, oldest first when it
// walks all of them.
func (s *Server) showIntents(w http.ResponseWriter, r *http.Request) {
	var rows []pspdb.PaymentIntent
	var err error
	if order := r.URL.Query().Get("order_id"); order != "" {
		rows, err = s.queries.ListPaymentIntentsByOrder(r.Context(), order)
	} else {
		rows, err = s.queries.ListPaymentIntentsAfter(r.Context(), after(r), viewRows)
	}
	views := []IntentView{}
	if err == nil {
		views, err = s.intentViews(r.Context(), rows)
	}
	if err != nil {
		s.unreadable(w, err)
		return
	}
	s.sendJSON(w, http.StatusOK, map[string]any{"intents": views, "has_more": len(rows) == viewRows})
}

func (s *Server) intentViews(ctx context.Context, rows []pspdb.PaymentIntent) ([]IntentView, error) {
	ids := make([]string, 0, len(rows))
	for _, in := range rows {
		ids = append(ids, in.ID)
	}
	entries, err := s.queries.ListLedgerEntriesByIntent(ctx, ids)
	if err != nil {
		return nil, err
	}
	moved := map[string][]EntryView{}
	for _, e := range entries {
		moved[e.IntentID] = append(moved[e.IntentID], entryView(e))
	}
	views := make([]IntentView, 0, len(rows))
	for _, in := range rows {
		views = append(views, IntentView{
			Seq: in.Seq, ID: in.ID, OrderID: in.OrderID, Status: in.Status, Currency: in.Currency, Amount: in.Amount,
			AmountHeld: in.AmountCapturable, AmountCaptured: in.AmountReceived, AmountRefunded: in.AmountRefunded,
			LatestCharge: in.LatestCharge, CreatedAt: in.CreatedAt, Ledger: append([]EntryView{}, moved[in.ID]...),
		})
	}
	return views, nil
}

// showLedger is GET /_sandbox/ledger?after=…: at most 1000 entries, oldest first.
func (s *Server) showLedger(w http.ResponseWriter, r *http.Request) {
	entries, err := s.queries.ListLedgerEntries(r.Context(), after(r), viewRows)
	if err != nil {
		s.unreadable(w, err)
		return
	}
	balances, err := s.queries.ListBalances(r.Context())
	if err != nil {
		s.unreadable(w, err)
		return
	}
	view := LedgerView{Balances: []BalanceView{}, Entries: []EntryView{}, HasMore: len(entries) == viewRows}
	for _, b := range balances {
		view.Balances = append(view.Balances, BalanceView(b))
	}
	for _, e := range entries {
		view.Entries = append(view.Entries, entryView(e))
	}
	s.sendJSON(w, http.StatusOK, view)
}

func entryView(e pspdb.LedgerEntry) EntryView {
	return EntryView{
		ID: e.ID, IntentID: e.IntentID, ChargeID: e.ChargeID, RefundID: e.RefundID, Kind: e.Kind,
		Debit: e.Debit, Credit: e.Credit, Amount: e.Amount, Currency: e.Currency, CreatedAt: e.CreatedAt,
	}
}

// after is the cursor of a walk, 0 at its start.
func after(r *http.Request) int64 {
	cursor, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	return cursor
}

func problem(detail string) map[string]string { return map[string]string{"error": detail} }

func (s *Server) unreadable(w http.ResponseWriter, err error) {
	s.log.Error("sandbox view", zap.Error(err))
	s.sendJSON(w, http.StatusServiceUnavailable, problem("the database did not answer"))
}

func (s *Server) sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
