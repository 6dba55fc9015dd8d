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

// FulfilmentRequest says what leaves, and how.
type FulfilmentRequest struct {
	Lines    []order.PieceLine `json:"lines,omitempty" minItems:"1" maxItems:"100" nullable:"false" doc:"What leaves. Left out: everything that has not left yet."`
	Carrier  string            `json:"carrier" minLength:"1" maxLength:"100" doc:"Who carries it." example:"DHL"`
	Tracking string            `json:"tracking,omitempty" maxLength:"100" doc:"The carrier's tracking number." example:"00340434161094042557"`
}

type fulfilmentInput struct {
	ID     uuid.UUID `path:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Prefer string    `header:"Prefer" doc:"wait=N: answer after at most N seconds (0 to 30; 10 by default)." example:"wait=10"`
	Body   FulfilmentRequest
}

type shipmentOutput struct {
	Status     int
	Location   string `header:"Location" doc:"Where the order is."`
	RetryAfter string `header:"Retry-After" doc:"On 202: seconds after which to look again."`
	Body       order.Shipment
}

func registerFulfilments(a *httpapi.API, desk *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "fulfil-order", Method: "POST", Path: "/v1/orders/{id}/fulfilments", Tag: "Fulfilment", Summary: "Ship an order, or a part of it",
		Description: "Takes the shipment's share of the money, when it was only held before, and the goods out of the warehouse. " +
			"201 when it has left; 202 while that is under way; 409 shipment_failed when it cannot leave, with the reason.",
		Access: httpapi.Support, Key: httpapi.RequiredKey, Status: 201, MayAccept: true, ResponseExample: exampleShipment,
		Errors: []*fault.Error{order.ErrOrderNotFound, order.ErrLineNotFound, order.ErrNotShippable, order.ErrShipsTooMuch, order.ErrShipmentFailed, errEngineOut},
	}, func(ctx context.Context, in *fulfilmentInput) (*shipmentOutput, error) {
		return desk.fulfil(ctx, in.ID, in.Body, httpapi.Wait(in.Prefer, 10*time.Second))
	})
}

// fulfil plans a shipment, starts its saga and waits until it has left.
func (d *Desk) fulfil(ctx context.Context, orderID uuid.UUID, in FulfilmentRequest, wait time.Duration) (*shipmentOutput, error) {
	if err := d.sagas.available(); err != nil {
		return nil, err
	}
	asker, _ := identity.From(ctx)
	parcel, err := d.orders.PlanShipment(ctx, order.PlanShipmentInput{
		ShipmentID: keyedID(ctx, "fulfil-order"), OrderID: orderID, Carrier: in.Carrier, Tracking: in.Tracking, Lines: in.Lines, Actor: asker.UserID.String(),
	})
	if err != nil {
		return nil, err
	}
	parcel.DeliverSeconds = d.options.DeliverSeconds
	shipment, err := d.ship(ctx, parcel, wait)
	if err != nil {
		return nil, err
	}
	out := &shipmentOutput{Status: 201, Location: "/api/v1/orders/" + orderID.String(), Body: shipment}
	switch shipment.Status {
	case "preparing":
		out.Status, out.RetryAfter = 202, "1"
	case "failed":
		return nil, order.ErrShipmentFailed.With("reason", shipment.Reason)
	}
	return out, nil
}

// ship starts the saga of a planned shipment and waits until it has left or failed.
func (d *Desk) ship(ctx context.Context, parcel order.Parcel, wait time.Duration) (shipment order.Shipment, err error) {
	begin := beginning{
		id: workflows.FulfilID(parcel.ShipmentID), summary: "Shipment of order " + parcel.OrderID.String(),
		workflow: workflows.Fulfil, input: parcel, userID: parcel.UserID, total: parcel.Total,
	}
	err = d.sagas.run(ctx, parcel.OrderID, begin, wait, func(ctx context.Context) (bool, error) {
		shipment, err = d.orders.ReadShipment(ctx, order.ReadShipmentInput{ShipmentID: parcel.ShipmentID})
		return shipment.Status != "preparing", err
	})
	return shipment, err
}

// keyedID is the id of what a keyed request makes: the same key makes the same
// thing, also when the process that made it has died.
func keyedID(ctx context.Context, operation string) uuid.UUID {
	asker, _ := identity.From(ctx)
	return uuid.NewSHA1(asker.UserID, []byte(operation+"\x00"+httpapi.IdempotencyKey(ctx)))
}
