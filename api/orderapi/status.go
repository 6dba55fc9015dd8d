package orderapi

import (
	"context"
	"time"

	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/workflows"
)

// StatusChange asks for an order to be somewhere else.
type StatusChange struct {
	Status   string `json:"status" enum:"held,pending,confirmed,rejected,shipped,delivered,refunded,cancelled" doc:"Where it should be. pending resumes a held order; confirmed and rejected decide about one in review; shipped ships all that remains; refunded gives all money back." example:"shipped"`
	Reason   string `json:"reason,omitempty" maxLength:"500" doc:"Shown in the timeline." example:"Picked up at the counter."`
	Carrier  string `json:"carrier,omitempty" maxLength:"100" doc:"With shipped: who carries it." example:"DHL"`
	Tracking string `json:"tracking,omitempty" maxLength:"100" doc:"With shipped: the carrier's tracking number."`
}

type statusInput struct {
	ID     uuid.UUID `path:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Prefer string    `header:"Prefer" doc:"wait=N: answer after at most N seconds (0 to 30; 10 by default)." example:"wait=10"`
	Body   StatusChange
}

func registerStatus(a *httpapi.API, desk *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "change-order-status", Method: "PATCH", Path: "/v1/orders/{id}/status", Tag: "Operations", Summary: "Move an order along its life",
		Description: "Runs the saga that leads there; nothing but a legal step is taken. 202 while it runs.",
		Access:      httpapi.Support, Key: httpapi.OptionalKey, Status: 200, MayAccept: true, Example: StatusChange{Status: "shipped", Carrier: "DHL"}, ResponseExample: exampleOrder,
		Errors: []*fault.Error{
			order.ErrOrderNotFound, order.ErrIllegalStep, order.ErrNotUnderway, order.ErrNotInReview, order.ErrNotHeld, order.ErrOrderClosed, order.ErrShipmentBegun,
			order.ErrNotShippable, order.ErrShipmentFailed, order.ErrNotRefundable, order.ErrRefundFailed, order.ErrRefundUnderway, order.ErrShipmentBusy, errEngineOut,
		},
	}, func(ctx context.Context, in *statusInput) (*orderOutput, error) {
		return desk.move(ctx, in.ID, in.Body, httpapi.Wait(in.Prefer, 10*time.Second))
	})
}

// move opens the right door for a change of status.
func (d *Desk) move(ctx context.Context, orderID uuid.UUID, in StatusChange, wait time.Duration) (*orderOutput, error) {
	o, err := d.orders.ReadOrder(ctx, order.ReadOrderInput{OrderID: orderID})
	if err != nil {
		return nil, err
	}
	if string(o.Status) == in.Status {
		return shape(o), nil
	}
	switch in.Status {
	case "held":
		return d.intervene(ctx, orderID, "hold", workflows.HoldUpdate, in.Reason)
	case "pending":
		return d.intervene(ctx, orderID, "resume", workflows.ResumeUpdate, in.Reason)
	case "confirmed":
		return d.intervene(ctx, orderID, "approve", workflows.ApproveUpdate, in.Reason)
	case "rejected":
		return d.intervene(ctx, orderID, "reject", workflows.RejectUpdate, in.Reason)
	case "cancelled":
		return d.cancelOrder(ctx, orderID, in.Reason, wait)
	case "shipped":
		carrier := in.Carrier
		if carrier == "" {
			carrier = "unknown"
		}
		_, err = d.fulfil(ctx, orderID, FulfilmentRequest{Carrier: carrier, Tracking: in.Tracking}, wait)
	case "delivered":
		err = d.deliver(ctx, o)
	case "refunded":
		_, err = d.refund(ctx, orderID, RefundRequest{Reason: in.Reason}, wait)
	default:
		err = order.ErrIllegalStep
	}
	if err != nil {
		return nil, err
	}
	if o, err = d.orders.ReadOrder(ctx, order.ReadOrderInput{OrderID: orderID}); err != nil {
		return nil, err
	}
	out := shape(o)
	if underWay(o, in.Status) {
		out.Status, out.RetryAfter, out.Location = 202, "1", "/api/v1/orders/"+orderID.String()
	}
	return out, nil
}

// underWay reports whether the order is not yet where it should get.
func underWay(o order.Order, status string) bool {
	switch status {
	case "shipped":
		return o.Fulfilment != "shipped" && o.Fulfilment != "delivered"
	case "refunded":
		return o.Refunded != o.Total
	default:
		return false
	}
}

// deliver records that everything which was on its way has arrived, and tells
// the sagas of the shipments.
func (d *Desk) deliver(ctx context.Context, o order.Order) error {
	if o.Fulfilment != "shipped" {
		return order.ErrIllegalStep // some of it has not left
	}
	asker, _ := identity.From(ctx)
	for _, shipment := range o.Shipments {
		if shipment.Status != "shipped" {
			continue
		}
		if _, err := d.orders.MarkDelivered(ctx, order.MarkDeliveredInput{OrderID: o.ID, ShipmentID: shipment.ID, Actor: asker.UserID.String()}); err != nil {
			return err
		}
		d.sagas.nudge(ctx, workflows.FulfilID(shipment.ID), workflows.ShipmentDelivered)
	}
	return nil
}
