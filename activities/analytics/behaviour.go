package analytics

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"kassa/sql/analyticsdb"
)

// What a visitor can do.
const (
	ProductViewed = "product_viewed"
	Searched      = "searched"
	AddedToCart   = "added_to_cart"
	CheckoutBegun = "checkout_begun"
)

const (
	maxEvents  = 100                 // of a batch
	maxQuery   = 100                 // characters of a search that are kept
	late       = 30 * 24 * time.Hour // how late an event may be told
	keepEvents = 90 * 24 * time.Hour // behaviour; visits stay
)

// BehaviourEvent is one thing that a visitor did.
type BehaviourEvent struct {
	ID         uuid.UUID  `json:"id" format:"uuid" doc:"Made up by the page; sent again, the event counts once." example:"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11"`
	Type       string     `json:"type" enum:"product_viewed,searched,added_to_cart,checkout_begun" doc:"What was done." example:"product_viewed"`
	OccurredAt time.Time  `json:"occurred_at" doc:"When; at most 30 days ago. A time in the future counts as now." example:"2026-01-15T09:30:00Z"`
	ProductID  *uuid.UUID `json:"product_id,omitempty" format:"uuid" doc:"The product that was viewed or put into the cart." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Query      string     `json:"query,omitempty" maxLength:"200" doc:"What was searched for. What looks like an e-mail address is not kept." example:"red mug"`
}

// RecordEventsInput is what one visitor did. At least one of the two ids says who.
type RecordEventsInput struct {
	UserID      uuid.UUID        `json:"user_id"`      // zero for nobody signed in
	AnonymousID uuid.UUID        `json:"anonymous_id"` // zero for none
	Events      []BehaviourEvent `json:"events"`
}

// Recorded says how many events of a batch were new.
type Recorded struct {
	Recorded int64 `json:"recorded" doc:"Events that were new; the others had been sent before." example:"1"`
}

// RecordEvents writes down what a visitor did. A repeat counts once.
func (s *Service) RecordEvents(ctx context.Context, in RecordEventsInput) (Recorded, error) {
	at := now()
	params, err := in.rows(at)
	if err != nil {
		return Recorded{}, err
	}
	var out Recorded
	err = s.ask(ctx, func(db *analyticsdb.Queries) (err error) {
		out.Recorded, err = db.InsertBehaviour(ctx, params)
		return err
	})
	if err != nil {
		return Recorded{}, fmt.Errorf("record behaviour: %w", err)
	}
	return out, nil
}

// rows checks the batch and turns it into the statement's arguments.
func (in RecordEventsInput) rows(at time.Time) (analyticsdb.InsertBehaviourParams, error) {
	params := analyticsdb.InsertBehaviourParams{UserID: in.UserID, AnonymousID: in.AnonymousID, VisitorID: in.UserID, ReceivedAt: at}
	if in.UserID == uuid.Nil {
		params.VisitorID = in.AnonymousID
	}
	if params.VisitorID == uuid.Nil {
		return params, ErrNoVisitor
	}
	if len(in.Events) == 0 || len(in.Events) > maxEvents {
		return params, ErrBadEvents
	}
	seen := map[uuid.UUID]bool{}
	for _, event := range in.Events {
		if event.ID == uuid.Nil || !known(event.Type) || event.OccurredAt.Before(at.Add(-late)) {
			return params, ErrBadEvents
		}
		if seen[event.ID] {
			continue
		}
		seen[event.ID] = true
		var product uuid.UUID
		if event.ProductID != nil {
			product = *event.ProductID
		}
		params.Ids, params.Kinds = append(params.Ids, event.ID), append(params.Kinds, event.Type)
		params.ProductIds, params.Queries = append(params.ProductIds, product), append(params.Queries, query(event))
		params.Times = append(params.Times, event.OccurredAt.UTC())
	}
	return params, nil
}

func known(kind string) bool {
	switch kind {
	case ProductViewed, Searched, AddedToCart, CheckoutBegun:
		return true
	default:
		return false
	}
}

// query is what is kept of a search: people paste all kinds of things into a
// search box, so nothing with an at sign is.
func query(event BehaviourEvent) string {
	text := strings.ToLower(strings.Join(strings.Fields(event.Query), " "))
	if event.Type != Searched || strings.ContainsAny(text, "@\x00") {
		return ""
	}
	if runes := []rune(text); len(runes) > maxQuery {
		text = strings.TrimSpace(string(runes[:maxQuery]))
	}
	return text
}
