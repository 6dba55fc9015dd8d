package payment

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// sealMost bounds the entries sealed under one lock: some 50 ms.
const sealMost = 500

// SealLedgerInput asks to seal new ledger entries.
type SealLedgerInput struct{}

// SealedLedger counts the entries sealed.
type SealedLedger struct {
	Entries int `json:"entries"`
}

// SealLedger gives new entries their place in the ledger's chain, and adds them
// to the balances. One caller at a time does it, the others wait their turn.
func (s *Service) SealLedger(ctx context.Context, _ SealLedgerInput) (SealedLedger, error) {
	sealed, err := read(ctx, s, func(db *paymentdb.Queries) (int32, error) { return db.SealLedger(ctx, sealMost) })
	if err != nil {
		return SealedLedger{}, fmt.Errorf("seal ledger: %w", err)
	}
	return SealedLedger{Entries: int(sealed)}, nil
}

// LedgerAccount is the balance of an account in one currency.
type LedgerAccount struct {
	Code    string      `json:"code" doc:"The account." example:"provider_clearing"`
	Kind    string      `json:"kind" enum:"asset,liability" doc:"An asset grows by debit, a liability by credit." example:"asset"`
	Name    string      `json:"name" doc:"What is in it." example:"Taken from cards and with the provider, less what was given back"`
	Balance money.Money `json:"balance" doc:"Debits less credits of all sealed entries: a liability shows below zero."`
}

// ListLedgerAccountsInput asks for all accounts, or those in one currency.
type ListLedgerAccountsInput struct {
	Currency string `json:"currency"` // "" for every one
}

// LedgerAccounts are the accounts that have postings, by code and currency.
type LedgerAccounts struct {
	Accounts []LedgerAccount `json:"accounts"`
}

// ListLedgerAccounts answers the balances.
func (s *Service) ListLedgerAccounts(ctx context.Context, in ListLedgerAccountsInput) (LedgerAccounts, error) {
	rows, err := read(ctx, s, func(db *paymentdb.Queries) ([]paymentdb.ListLedgerAccountsRow, error) {
		return db.ListLedgerAccounts(ctx, optional(in.Currency))
	})
	if err != nil {
		return LedgerAccounts{}, fmt.Errorf("list ledger accounts: %w", err)
	}
	all := LedgerAccounts{Accounts: make([]LedgerAccount, 0, len(rows))}
	for _, row := range rows {
		all.Accounts = append(all.Accounts, LedgerAccount{
			Code: row.Code, Kind: row.Kind, Name: row.Name, Balance: money.New(row.Balance, row.Currency),
		})
	}
	return all, nil
}

// LedgerEntry is one movement of money. Its postings sum to 0.
type LedgerEntry struct {
	ID        uuid.UUID       `json:"id" format:"uuid" doc:"Id of the entry." example:"01993f5e-8f5d-7a11-9b43-1c2d3e4f5a6b"`
	Sequence  int64           `json:"sequence" doc:"Its place in the chain, from 1 without gaps." example:"17"`
	Hash      string          `json:"hash" doc:"SHA-256 over the hash before it and all that the entry says." example:"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"`
	PaymentID uuid.UUID       `json:"payment_id" format:"uuid" doc:"The payment that moved." example:"01993f5e-8f5c-7c43-9d0a-2f4c6e1b7a90"`
	Kind      string          `json:"kind" doc:"What happened to it." example:"captured"`
	Postings  []LedgerPosting `json:"postings" doc:"Debits and credits."`
	CreatedAt time.Time       `json:"created_at" doc:"When it was booked." example:"2026-01-31T12:00:00.123456Z"`
}

// LedgerPosting is one line of an entry.
type LedgerPosting struct {
	Account string      `json:"account" doc:"The account." example:"provider_clearing"`
	Amount  money.Money `json:"amount" doc:"Positive debits the account, negative credits it."`
}

// ListLedgerEntriesInput asks for a page of entries, newest first. Zero values
// ask for no filter and the first page.
type ListLedgerEntriesInput struct {
	PaymentID   uuid.UUID `json:"payment_id" format:"uuid"`
	Kind        string    `json:"kind"`
	Account     string    `json:"account"`      // with a posting to it
	Currency    string    `json:"currency"`     // with a posting in it
	CreatedFrom time.Time `json:"created_from"` // this one included
	CreatedTo   time.Time `json:"created_to"`   // this one not
	Before      int64     `json:"before"`       // the last sequence of the page before
	Limit       int       `json:"limit"`        // 1 to 100
}

// LedgerEntries is a page of entries, newest first.
type LedgerEntries struct {
	Entries []LedgerEntry `json:"entries"`
	More    bool          `json:"more"` // whether there are more after the last
}

// ListLedgerEntries answers sealed entries.
func (s *Service) ListLedgerEntries(ctx context.Context, in ListLedgerEntriesInput) (LedgerEntries, error) {
	if in.Before <= 0 {
		in.Before = math.MaxInt64
	}
	page := LedgerEntries{Entries: []LedgerEntry{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := paymentdb.New(conn)
		rows, err := db.ListLedgerEntries(ctx, paymentdb.ListLedgerEntriesParams{
			Before: in.Before, PaymentID: optional(in.PaymentID), Kind: optional(in.Kind), Account: optional(in.Account), Currency: optional(in.Currency),
			CreatedFrom: optional(in.CreatedFrom), CreatedTo: optional(in.CreatedTo), MaxRows: pageSize(in.Limit) + 1,
		})
		if err != nil {
			return fmt.Errorf("list ledger entries: %w", err)
		}
		size := min(len(rows), int(pageSize(in.Limit)))
		rows, page.More = rows[:size], len(rows) > size
		ids, at := make([]uuid.UUID, 0, len(rows)), make(map[uuid.UUID]int, len(rows))
		for i, row := range rows {
			ids, at[row.ID] = append(ids, row.ID), i
			page.Entries = append(page.Entries, LedgerEntry{
				ID: row.ID, Sequence: row.Sequence, Hash: hex.EncodeToString(row.Hash), PaymentID: row.PaymentID,
				Kind: row.Kind, CreatedAt: row.CreatedAt.UTC(), Postings: []LedgerPosting{},
			})
		}
		lines, err := db.ListLedgerPostings(ctx, ids)
		if err != nil {
			return fmt.Errorf("list ledger postings: %w", err)
		}
		for _, line := range lines {
			entry := &page.Entries[at[line.EntryID]]
			entry.Postings = append(entry.Postings, LedgerPosting{Account: line.Account, Amount: money.New(line.Amount, line.Currency)})
		}
		return nil
	})
	return page, err
}

// pageSize is a limit within its bounds, 1 to 100.
func pageSize(limit int) int32 { return int32(min(max(limit, 1), 100)) } //nolint:gosec // at most 100

// optional is nil for the zero value.
func optional[T comparable](value T) *T {
	if value == *new(T) {
		return nil
	}
	return &value
}
