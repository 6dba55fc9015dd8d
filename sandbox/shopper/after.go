package shopper

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/api/client"
	"kassa/internal/id"
)

// Ship sends pieces of an order's first line, or everything that is left when
// pieces is 0.
func (s *Shop) Ship(ctx context.Context, order client.Order, pieces int64, tracking string) (client.Shipment, error) {
	token, err := s.admin.Token(ctx)
	if err != nil {
		return client.Shipment{}, err
	}
	parcel := client.FulfilmentRequest{Carrier: "DHL", Tracking: &tracking}
	if pieces > 0 {
		parcel.Lines = &[]client.PieceLine{{LineId: order.Lines[0].Id, Quantity: pieces}}
	}
	r, err := s.api.FulfilOrderWithResponse(ctx, order.Id, &client.FulfilOrderParams{IdempotencyKey: id.New().String()}, parcel, client.WithToken(token))
	if err != nil {
		return client.Shipment{}, err
	}
	return answered("ship", r.JSON201, r.StatusCode(), r.Body)
}

// GiveBack gives some of an order's money back.
func (s *Shop) GiveBack(ctx context.Context, order client.Order, amount client.Money, why string) (client.Refund, error) {
	token, err := s.admin.Token(ctx)
	if err != nil {
		return client.Refund{}, err
	}
	if order.PaymentId == nil {
		return client.Refund{}, fmt.Errorf("order %s has no payment", order.Number)
	}
	r, err := s.api.RefundPaymentWithResponse(ctx, *order.PaymentId, &client.RefundPaymentParams{IdempotencyKey: id.New().String()},
		client.RefundRequest{Amount: &amount, Reason: &why}, client.WithToken(token))
	if err != nil {
		return client.Refund{}, err
	}
	return answered("refund", r.JSON201, r.StatusCode(), r.Body)
}

// SendBack asks to return pieces of an order's first line.
func (c *Customer) SendBack(ctx context.Context, order client.Order, pieces int64, why string) (client.GoodsReturn, error) {
	token, err := c.Token(ctx)
	if err != nil {
		return client.GoodsReturn{}, err
	}
	r, err := c.api.RequestReturnWithResponse(ctx, order.Id, &client.RequestReturnParams{IdempotencyKey: id.New().String()},
		client.ReturnRequest{Reason: why, Lines: &[]client.PieceLine{{LineId: order.Lines[0].Id, Quantity: pieces}}}, client.WithToken(token))
	if err != nil {
		return client.GoodsReturn{}, err
	}
	return answered("ask for a return", r.JSON201, r.StatusCode(), r.Body)
}

// Decide approves, receives or rejects a return.
func (s *Shop) Decide(ctx context.Context, returnID uuid.UUID, action string) (client.GoodsReturn, error) {
	token, err := s.admin.Token(ctx)
	if err != nil {
		return client.GoodsReturn{}, err
	}
	r, err := s.api.DecideReturnWithResponse(ctx, returnID, &client.DecideReturnParams{},
		client.ReturnDecision{Action: client.ReturnDecisionAction(action)}, client.WithToken(token))
	if err != nil {
		return client.GoodsReturn{}, err
	}
	return answered(action+" a return", r.JSON200, r.StatusCode(), r.Body)
}
