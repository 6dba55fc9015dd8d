package paymentapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type accountsOutput struct {
	Body httpapi.Page[payment.LedgerAccount]
}

type accountsInput struct {
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Only the balances in this currency." example:"EUR"`
}

type entriesInput struct {
	PaymentID   string    `query:"payment_id" format:"uuid" minLength:"36" maxLength:"36" doc:"Only the entries of this payment." example:"01993f5e-8f5c-7c43-9d0a-2f4c6e1b7a90"`
	Kind        string    `query:"kind" enum:"authorized,captured,released,voided,refunded,refund_failed,failed,unknown" doc:"Only what happened so to a payment." example:"captured"`
	Account     string    `query:"account" pattern:"^[a-z_]{1,40}$" doc:"Only entries with a posting to this account." example:"provider_clearing"`
	Currency    string    `query:"currency" pattern:"^[A-Z]{3}$" doc:"Only entries in this currency." example:"EUR"`
	CreatedFrom time.Time `query:"created_from" doc:"Only entries booked then or later." example:"2026-01-01T00:00:00Z"`
	CreatedTo   time.Time `query:"created_to" doc:"Only entries booked before then." example:"2026-02-01T00:00:00Z"`
	Limit       int       `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Entries per page."`
	Cursor      string    `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

// scope names the list that a cursor of it belongs to.
func (in entriesInput) scope() string {
	in.Limit, in.Cursor = 0, ""
	return fmt.Sprintf("list-ledger-entries %+v", in)
}

type entriesOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/ledger/entries?cursor=ImEi.c2ln>; rel=\"next\""`
	Body httpapi.Page[payment.LedgerEntry]
}

func ledger(a *httpapi.API, svc *payment.Service) {
	const moment = "A change of a payment shows here a moment after it was made: entries are sealed into the chain in batches."
	httpapi.Register(a, httpapi.Operation{
		ID: "list-ledger-accounts", Method: http.MethodGet, Path: "/v1/ledger/accounts", Tag: tagLedger,
		Summary: "Read the balances of the ledger", Description: "One line per account and currency; there is one page. " + moment, Access: httpapi.Admin,
	}, func(ctx context.Context, in *accountsInput) (*accountsOutput, error) {
		all, err := svc.ListLedgerAccounts(ctx, payment.ListLedgerAccountsInput{Currency: in.Currency})
		if err != nil {
			return nil, err
		}
		return &accountsOutput{Body: httpapi.Page[payment.LedgerAccount]{Data: all.Accounts}}, nil
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "list-ledger-entries", Method: http.MethodGet, Path: "/v1/ledger/entries", Tag: tagLedger,
		Summary: "List the ledger's entries, newest first", Description: "Double entry: the postings of each sum to 0. " + moment,
		Access: httpapi.Admin, Errors: []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *entriesInput) (*entriesOutput, error) {
		return entries(ctx, svc, a.Cursors(), in)
	})
}

func entries(ctx context.Context, svc *payment.Service, cursors httpapi.Cursors, in *entriesInput) (*entriesOutput, error) {
	scope := in.scope()
	ask := payment.ListLedgerEntriesInput{
		PaymentID: idOf(in.PaymentID), Kind: in.Kind, Account: in.Account, Currency: in.Currency,
		CreatedFrom: in.CreatedFrom, CreatedTo: in.CreatedTo, Limit: in.Limit,
	}
	if in.Cursor != "" {
		if err := cursors.Verify(scope, in.Cursor, &ask.Before); err != nil {
			return nil, err
		}
	}
	page, err := svc.ListLedgerEntries(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &entriesOutput{Body: httpapi.Page[payment.LedgerEntry]{Data: page.Entries}}
	if page.More {
		out.Body.NextCursor = cursors.Sign(scope, page.Entries[len(page.Entries)-1].Sequence)
		out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
	}
	return out, nil
}
