package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/internal/money"
	"kassa/sql/orderdb"
)

// ReadOrderBriefsInput names orders, at most as many as somebody writes about at
// once.
type ReadOrderBriefsInput struct {
	OrderIDs []uuid.UUID `json:"order_ids"`
}

// Briefs are the orders that exist, in no particular order.
type Briefs struct {
	Orders []Brief `json:"orders"`
}

// Brief is an order as a message to its customer tells it, without an address.
type Brief struct {
	OrderID   uuid.UUID   `json:"order_id"`
	Number    string      `json:"number"`
	UserID    uuid.UUID   `json:"user_id"`
	Status    Status      `json:"status"`
	Total     money.Money `json:"total"`
	ActionURL string      `json:"action_url,omitempty"` // while the customer's bank asks for them
	Lines     []BriefLine `json:"lines"`
}

// BriefLine is a line of a Brief.
type BriefLine struct {
	Name     string      `json:"name"`
	SKU      string      `json:"sku"`
	Quantity int64       `json:"quantity"`
	Total    money.Money `json:"total"`
}

// ReadOrderBriefs is what messages about orders may tell.
func (s *Service) ReadOrderBriefs(ctx context.Context, in ReadOrderBriefsInput) (Briefs, error) {
	var orders []Order
	err := s.read(ctx, func(q *orderdb.Queries) error {
		rows, err := q.ListOrdersByID(ctx, in.OrderIDs)
		if err != nil {
			return fmt.Errorf("orders to write about: %w", err)
		}
		orders, err = allWithLines(ctx, q, rows)
		return err
	})
	out := Briefs{Orders: make([]Brief, len(orders))}
	for i, o := range orders {
		out.Orders[i] = o.brief()
	}
	return out, err
}

func (o Order) brief() Brief {
	out := Brief{OrderID: o.ID, Number: o.Number, UserID: o.UserID, Status: o.Status, Total: o.Total, ActionURL: o.ActionURL, Lines: make([]BriefLine, len(o.Lines))}
	for i, line := range o.Lines {
		out.Lines[i] = BriefLine{Name: line.Name, SKU: line.SKU, Quantity: line.Quantity, Total: line.Total}
	}
	return out
}
