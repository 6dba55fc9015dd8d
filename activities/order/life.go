package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/internal/money"
	"kassa/sql/orderdb"
)

// withLife adds what happened to a confirmed order: its shipments, refunds and
// returns. It asks for none that the order's state rules out.
func withLife(ctx context.Context, q *orderdb.Queries, o *Order) error {
	if !o.Status.Bought() || o.Version <= 2 {
		return nil
	}
	some := []Order{*o}
	if err := withShipments(ctx, q, some); err != nil {
		return err
	}
	*o = some[0]
	refunds, err := q.ListRefunds(ctx, []uuid.UUID{o.ID})
	if err != nil {
		return fmt.Errorf("refunds of order %s: %w", o.ID, err)
	}
	for _, row := range refunds {
		refund, err := refundFromRow(row, o.Total.Currency)
		if err != nil {
			return err
		}
		o.Refunds = append(o.Refunds, refund)
	}
	returns, err := q.ListReturns(ctx, []uuid.UUID{o.ID})
	if err != nil || len(returns) == 0 {
		return err
	}
	lines, err := q.ListReturnLines(ctx, []uuid.UUID{o.ID})
	for _, row := range returns {
		o.Returns = append(o.Returns, returnFromRow(row, lines))
	}
	return err
}

// withShipments adds the shipments of those orders that have some.
func withShipments(ctx context.Context, q *orderdb.Queries, orders []Order) error {
	var ids []uuid.UUID
	for _, o := range orders {
		if o.Status.Bought() && o.Version > 2 {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := q.ListShipments(ctx, ids)
	if err != nil {
		return fmt.Errorf("shipments of orders: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	lines, err := q.ListShipmentLines(ctx, ids)
	if err != nil {
		return fmt.Errorf("lines of shipments: %w", err)
	}
	for i := range orders {
		for _, row := range rows {
			if row.OrderID == orders[i].ID {
				orders[i].Shipments = append(orders[i].Shipments, shipmentFromRow(row, lines, orders[i].Total.Currency))
			}
		}
	}
	return nil
}

func shipmentFromRow(row orderdb.Shipment, lines []orderdb.ListShipmentLinesRow, currency string) Shipment {
	out := Shipment{
		ID: row.ID, Status: row.Status, Carrier: row.Carrier, Tracking: row.Tracking, Lines: []PieceLine{}, Reason: orEmpty(row.Reason),
		CreatedAt: row.CreatedAt.UTC(), ShippedAt: row.ShippedAt, DeliveredAt: row.DeliveredAt,
	}
	if row.Capture > 0 {
		out.Captured = pointer(money.New(row.Capture, currency))
	}
	for _, line := range lines {
		if line.ShipmentID == row.ID {
			out.Lines = append(out.Lines, PieceLine{LineID: line.LineID, Quantity: line.Quantity})
		}
	}
	return out
}

// named adds the customers' names.
func named(ctx context.Context, q *orderdb.Queries, orders []Order) error {
	users := make([]uuid.UUID, len(orders))
	for i, o := range orders {
		users[i] = o.UserID
	}
	rows, err := q.ListCustomerNames(ctx, users)
	if err != nil {
		return fmt.Errorf("names of customers: %w", err)
	}
	names := map[uuid.UUID]string{}
	for _, row := range rows {
		names[row.UserID] = row.Name
	}
	for i := range orders {
		orders[i].CustomerName = names[orders[i].UserID]
	}
	return nil
}
