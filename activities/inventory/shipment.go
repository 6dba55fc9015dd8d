package inventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/inventorydb"
)

// Shipment is what has left the warehouse for an order in one parcel.
type Shipment struct {
	ShipmentID uuid.UUID   `json:"shipment_id"`
	OrderID    uuid.UUID   `json:"order_id"`
	Lines      []StockLine `json:"lines"`    // by variant
	Complete   bool        `json:"complete"` // whether everything that was promised to the order has left by now
	At         time.Time   `json:"at"`
}

// ShipStockInput takes goods of an order out of the warehouse. Lines of one variant are summed.
type ShipStockInput struct {
	OrderID    uuid.UUID   `json:"order_id"`
	ShipmentID uuid.UUID   `json:"shipment_id"`
	Lines      []StockLine `json:"lines"`
}

// ShipStock takes the lines off what is on hand and reserved. A repeat answers
// the same shipment. It fails with ErrShipmentExceeds when more would leave than
// the order still holds, and with ErrReservationReleased or ErrReservationMissing
// when it holds nothing.
func (s *Service) ShipStock(ctx context.Context, in ShipStockInput) (Shipment, error) {
	lines, err := merge(in.Lines)
	if err != nil || in.OrderID == uuid.Nil || in.ShipmentID == uuid.Nil {
		return Shipment{}, ErrBadStockLines
	}
	made := Shipment{ShipmentID: in.ShipmentID, OrderID: in.OrderID, Lines: lines, At: now()}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := inventorydb.New(tx)
		reservation, err := lockReservation(ctx, db, in.OrderID)
		if err != nil {
			return err
		}
		before, known, err := readShipment(ctx, db, in.ShipmentID)
		switch {
		case err != nil:
			return err
		case known && (before.OrderID != in.OrderID || !slices.Equal(before.Lines, lines)):
			return ErrShipmentDiffers
		case known:
			made = before
			made.Complete = reservation.Status == Shipped
			return nil
		case reservation.Status == Released:
			return ErrReservationReleased
		}
		return made.leave(ctx, tx)
	})
	if err != nil {
		return Shipment{}, err
	}
	return made, nil
}

// leave counts the lines off the reservation first, which refuses too many, and
// then off the stock.
func (m *Shipment) leave(ctx context.Context, tx pgx.Tx) error {
	db := inventorydb.New(tx)
	variants, quantities := columns(m.Lines)
	counted, err := db.ShipLines(ctx, m.OrderID, variants, quantities)
	if err != nil {
		return fmt.Errorf("ship lines of %s: %w", m.OrderID, err)
	}
	if counted != int64(len(variants)) {
		return ErrShipmentExceeds
	}
	err = db.InsertShipment(ctx, inventorydb.InsertShipmentParams{
		ID: m.ShipmentID, OrderID: m.OrderID, CreatedAt: m.At, VariantIds: variants, Quantities: quantities,
	})
	if err != nil {
		if pg.Constraint(err) == "shipments_pkey" {
			return ErrShipmentDiffers.Because(err) // at once with one of another order
		}
		return fmt.Errorf("insert shipment %s: %w", m.ShipmentID, err)
	}
	err = passage{kind: kindSold, reason: "shipped", order: m.OrderID, cause: m.ShipmentID, lines: m.Lines, onHand: -1, reserved: -1, at: m.At}.move(ctx, tx)
	if err != nil {
		return err
	}
	complete, err := db.CompleteReservation(ctx, m.At, m.OrderID)
	if err != nil {
		return fmt.Errorf("complete reservation %s: %w", m.OrderID, err)
	}
	m.Complete = complete == 1
	return nil
}

// Restocked is what came back from an order and can be sold again.
type Restocked struct {
	ReturnID uuid.UUID   `json:"return_id"`
	OrderID  uuid.UUID   `json:"order_id"`
	Lines    []StockLine `json:"lines"` // by variant
	At       time.Time   `json:"at"`
}

// RestockReturnInput puts goods of an order back. Lines of one variant are summed.
type RestockReturnInput struct {
	ReturnID uuid.UUID   `json:"return_id"`
	OrderID  uuid.UUID   `json:"order_id"`
	Lines    []StockLine `json:"lines"`
}

// RestockReturn adds the lines to what is on hand. A repeat answers the same
// return. It fails with ErrReturnExceeds when more would come back than has
// shipped and not come back yet.
func (s *Service) RestockReturn(ctx context.Context, in RestockReturnInput) (Restocked, error) {
	lines, err := merge(in.Lines)
	if err != nil || in.OrderID == uuid.Nil || in.ReturnID == uuid.Nil {
		return Restocked{}, ErrBadStockLines
	}
	made := Restocked{ReturnID: in.ReturnID, OrderID: in.OrderID, Lines: lines, At: now()}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := inventorydb.New(tx)
		if _, err := lockReservation(ctx, db, in.OrderID); err != nil {
			return err
		}
		before, known, err := readReturn(ctx, db, in.ReturnID)
		switch {
		case err != nil:
			return err
		case known && (before.OrderID != in.OrderID || !slices.Equal(before.Lines, lines)):
			return ErrReturnDiffers
		case known:
			made = before
			return nil
		}
		return made.comeBack(ctx, tx)
	})
	if err != nil {
		return Restocked{}, err
	}
	return made, nil
}

func (m *Restocked) comeBack(ctx context.Context, tx pgx.Tx) error {
	db := inventorydb.New(tx)
	variants, quantities := columns(m.Lines)
	counted, err := db.ReturnLines(ctx, m.OrderID, variants, quantities)
	if err != nil {
		return fmt.Errorf("return lines of %s: %w", m.OrderID, err)
	}
	if counted != int64(len(variants)) {
		return ErrReturnExceeds
	}
	err = db.InsertReturn(ctx, inventorydb.InsertReturnParams{
		ID: m.ReturnID, OrderID: m.OrderID, CreatedAt: m.At, VariantIds: variants, Quantities: quantities,
	})
	if err != nil {
		if pg.Constraint(err) == "returns_pkey" {
			return ErrReturnDiffers.Because(err)
		}
		return fmt.Errorf("insert return %s: %w", m.ReturnID, err)
	}
	return passage{kind: kindReturn, reason: "returned", order: m.OrderID, cause: m.ReturnID, lines: m.Lines, onHand: 1, at: m.At}.move(ctx, tx)
}

// passage is goods of an order going through the warehouse's door.
type passage struct {
	kind, reason     string
	order, cause     uuid.UUID
	lines            []StockLine
	onHand, reserved int64 // what a unit adds to each: 1, 0 or −1
	at               time.Time
}

// move changes the stock, records the movements and tells of them.
func (p passage) move(ctx context.Context, tx pgx.Tx) error {
	params := inventorydb.MoveStockParams{UpdatedAt: p.at}
	quantity := map[uuid.UUID]int64{}
	for _, line := range p.lines {
		quantity[line.VariantID] = line.Quantity * p.onHand
		params.VariantIds = append(params.VariantIds, line.VariantID)
		params.OnHand = append(params.OnHand, line.Quantity*p.onHand)
		params.Reserved = append(params.Reserved, line.Quantity*p.reserved)
	}
	db := inventorydb.New(tx)
	rows, err := db.MoveStock(ctx, params)
	if err != nil {
		if pg.Constraint(err) == "stock_on_hand" {
			return ErrBadStock.Because(err)
		}
		return fmt.Errorf("move stock of %s: %w", p.order, err)
	}
	if len(rows) != len(p.lines) {
		return fmt.Errorf("move stock of %s: %d of %d variants are there", p.order, len(rows), len(p.lines))
	}
	if err := db.InsertOrderMovements(ctx, p.movements(rows, quantity)); err != nil {
		return fmt.Errorf("insert movements of %s: %w", p.cause, err)
	}
	return outbox.Append(ctx, tx, p.events(rows, quantity)...)
}

// lockReservation takes the order's turn and reads what it holds.
func lockReservation(ctx context.Context, db *inventorydb.Queries, orderID uuid.UUID) (Reservation, error) {
	if err := db.LockReservation(ctx, orderID); err != nil {
		return Reservation{}, fmt.Errorf("lock reservation %s: %w", orderID, err)
	}
	reservation, err := readReservation(ctx, db, orderID)
	if pg.NotFound(err) {
		return Reservation{}, ErrReservationMissing
	}
	return reservation, err
}
