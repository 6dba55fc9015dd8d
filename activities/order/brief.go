package order

import (
	"context"

	"github.com/google/uuid"

	"kassa/internal/money"
)

// Brief is an order as a message to its customer tells it, without an address.
type Brief struct {
	OrderID   uuid.UUID   `json:"order_id"`
	Number    string      `json:"number"`
	UserID    uuid.UUID   `json:"user_id"`
	Status    Status      `json:"status"`
	Total     money.Money `json:"total"`
	Refunded  money.Money `json:"refunded"`
	ActionURL string      `json:"action_url,omitempty"`
	Reason    string      `json:"reason,omitempty"` // why it was rejected: a stable word
	Lines     []BriefLine `json:"lines"`
	Shipments []Shipment  `json:"shipments"`
}

// BriefLine is a line of a Brief.
type BriefLine struct {
	Name     string      `json:"name"`
	SKU      string      `json:"sku"`
	Quantity int64       `json:"quantity"`
	Total    money.Money `json:"total"`
}

// ReadOrderBrief is what a message about an order may tell.
func (s *Service) ReadOrderBrief(ctx context.Context, in ReadOrderInput) (Brief, error) {
	o, err := s.ReadOrder(ctx, in)
	if err != nil {
		return Brief{}, err
	}
	out := Brief{
		OrderID: o.ID, Number: o.Number, UserID: o.UserID, Status: o.Status, Total: o.Total, Refunded: o.Refunded,
		ActionURL: o.ActionURL, Lines: []BriefLine{}, Shipments: o.Shipments,
	}
	if o.Status == Rejected {
		out.Reason = o.Reason
	}
	if out.Shipments == nil {
		out.Shipments = []Shipment{}
	}
	for _, line := range o.Lines {
		out.Lines = append(out.Lines, BriefLine{Name: line.Name, SKU: line.SKU, Quantity: line.Quantity, Total: line.Total})
	}
	return out, nil
}
