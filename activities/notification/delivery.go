package notification

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/notificationdb"
)

// WebhookDelivery is an event on its way to an endpoint.
type WebhookDelivery struct {
	ID             uuid.UUID  `json:"id" format:"uuid" doc:"Id of the delivery." example:"0199f3c2-8c1e-4d55-9d0e-5b8a3f4f7d01"`
	EndpointID     uuid.UUID  `json:"endpoint_id" format:"uuid" doc:"The endpoint." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7c01"`
	EventID        uuid.UUID  `json:"event_id" format:"uuid" doc:"The event; the header webhook-id, the same on every attempt and replay." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a55"`
	Type           string     `json:"type" doc:"Type of the event." example:"order.confirmed"`
	Status         string     `json:"status" enum:"pending,delivered,failed" doc:"delivered: the endpoint answered 2xx. failed: given up." example:"delivered"`
	Attempts       int32      `json:"attempts" doc:"How often it was tried." example:"1"`
	ResponseStatus int32      `json:"response_status" doc:"HTTP status of the last attempt's answer; 0 when there was none." example:"204"`
	Reason         string     `json:"reason,omitempty" doc:"Why the last attempt failed: a stable word."`
	DurationMS     int64      `json:"duration_ms" doc:"Milliseconds that the last attempt took." example:"48"`
	AttemptedAt    *time.Time `json:"attempted_at,omitempty" doc:"When it was last tried, UTC."`
	NextAt         *time.Time `json:"next_attempt_at,omitempty" doc:"When it is tried next, UTC; absent once settled."`
	CreatedAt      time.Time  `json:"created_at" doc:"When it was recorded, UTC." example:"2026-01-15T09:30:00Z"`
	SettledAt      *time.Time `json:"settled_at,omitempty" doc:"When it was delivered or given up, UTC."`
}

// DeliveryPlace is a place in the log of deliveries.
type DeliveryPlace struct {
	At time.Time `json:"at"`
	ID uuid.UUID `json:"id"`
}

// ListWebhookDeliveriesInput asks for an endpoint's deliveries, newest first.
type ListWebhookDeliveriesInput struct {
	EndpointID uuid.UUID      `json:"endpoint_id"`
	Status     string         `json:"status"` // "" means any
	Before     *DeliveryPlace `json:"before"` // nil starts at the newest
	Limit      int            `json:"limit"`  // deliveries, 1 to 101
}

// WebhookDeliveries are some of them.
type WebhookDeliveries struct {
	Deliveries []WebhookDelivery `json:"deliveries"`
}

// ListWebhookDeliveries leafs through the log of an endpoint.
func (s *Service) ListWebhookDeliveries(ctx context.Context, in ListWebhookDeliveriesInput) (WebhookDeliveries, error) {
	list := WebhookDeliveries{Deliveries: []WebhookDelivery{}}
	params := notificationdb.ListWebhookDeliveriesParams{
		EndpointID: in.EndpointID, Status: unlessEmpty(in.Status), RowLimit: int32(min(max(in.Limit, 1), 101)),
	}
	if in.Before != nil {
		params.BeforeAt, params.BeforeID = &in.Before.At, &in.Before.ID
	}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := notificationdb.New(conn)
		if _, err := db.GetWebhookEndpoint(ctx, in.EndpointID); err != nil {
			return endpointFound(err)
		}
		rows, err := db.ListWebhookDeliveries(ctx, params)
		if err != nil {
			return fmt.Errorf("list deliveries of %s: %w", in.EndpointID, err)
		}
		for _, row := range rows {
			list.Deliveries = append(list.Deliveries, deliveryOf(row))
		}
		return nil
	})
	return list, err
}

// ReplayWebhookDeliveryInput names a delivery.
type ReplayWebhookDeliveryInput struct {
	EndpointID uuid.UUID `json:"endpoint_id"`
	ID         uuid.UUID `json:"id"`
}

// ReplayWebhookDelivery delivers once more what was delivered or given up, with
// the same webhook-id, and begins its retry schedule anew.
func (s *Service) ReplayWebhookDelivery(ctx context.Context, in ReplayWebhookDeliveryInput) (WebhookDelivery, error) {
	var again WebhookDelivery
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := notificationdb.New(tx)
		endpoint, err := db.LockWebhookEndpoint(ctx, in.EndpointID)
		if err != nil {
			return endpointFound(err)
		}
		if !endpoint.Enabled {
			return ErrEndpointDisabled
		}
		row, err := db.ReplayWebhookDelivery(ctx, in.ID, in.EndpointID)
		if pg.NotFound(err) {
			if _, err = db.GetWebhookDelivery(ctx, in.ID, in.EndpointID); pg.NotFound(err) {
				return ErrDeliveryNotFound
			}
			return ErrDeliveryPending
		}
		again = deliveryOf(row)
		return err
	})
	return again, err
}
