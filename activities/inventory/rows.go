package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/outbox"
	"kassa/sql/inventorydb"
)

// insert is the reservation as one statement's arguments, its event included.
func (r Reservation) insert(ctx context.Context) (inventorydb.InsertReservationParams, error) {
	event := events.NewInventoryReserved(r.At, r.held())
	document, err := outbox.Document(ctx, event)
	if err != nil {
		return inventorydb.InsertReservationParams{}, err
	}
	params := inventorydb.InsertReservationParams{
		OrderID:    r.OrderID,
		VariantIds: make([]uuid.UUID, len(r.Lines)),
		Quantities: make([]int64, len(r.Lines)),
		CreatedAt:  r.At,
		EventID:    event.ID,
		EventType:  event.Type,
		Event:      document,
	}
	for i, line := range r.Lines {
		params.VariantIds[i], params.Quantities[i] = line.VariantID, line.Quantity
	}
	return params, nil
}

// held is the reservation as others are told of it.
func (r Reservation) held() events.StockHeld {
	held := events.StockHeld{OrderID: r.OrderID, Lines: make([]events.StockHeldLine, len(r.Lines))}
	for i, line := range r.Lines {
		held.Lines[i] = events.StockHeldLine(line)
	}
	return held
}

// shortLines are the rows that ask for more than there is.
func shortLines(rows []inventorydb.InsertReservationRow) []ShortLine {
	var short []ShortLine
	for _, row := range rows {
		if row.Available < row.Quantity {
			short = append(short, ShortLine{VariantID: row.VariantID, Requested: row.Quantity, Available: row.Available})
		}
	}
	return short
}

// readReservation fails with what pg.NotFound recognises when the order has none.
func readReservation(ctx context.Context, db *inventorydb.Queries, orderID uuid.UUID) (Reservation, error) {
	row, err := db.GetReservation(ctx, orderID)
	if err != nil {
		return Reservation{}, fmt.Errorf("read reservation %s: %w", orderID, err)
	}
	lines, err := db.ListReservationLines(ctx, []uuid.UUID{orderID})
	if err != nil {
		return Reservation{}, fmt.Errorf("read reservation %s: %w", orderID, err)
	}
	return reservations([]inventorydb.Reservation{row}, lines)[0], nil
}

// reservations puts each line, sorted by variant, to its reservation.
func reservations(rows []inventorydb.Reservation, lines []inventorydb.ReservationLine) []Reservation {
	all := make([]Reservation, len(rows))
	place := make(map[uuid.UUID]int, len(rows))
	for i, row := range rows {
		all[i] = Reservation{OrderID: row.OrderID, Status: row.Status, Lines: []StockLine{}, At: row.CreatedAt.UTC()}
		if row.ReleasedAt != nil {
			all[i].At = row.ReleasedAt.UTC()
		}
		place[row.OrderID] = i
	}
	for _, line := range lines {
		r := &all[place[line.OrderID]]
		r.Lines = append(r.Lines, StockLine{VariantID: line.VariantID, Quantity: line.Quantity})
	}
	return all
}

// readInventory adds up the variants' versions: each only grows, so the sum
// changes with every change of on hand. It begins at 1, the version of none.
func readInventory(ctx context.Context, db *inventorydb.Queries, productID uuid.UUID) (Inventory, error) {
	rows, err := db.ListStock(ctx, productID)
	if err != nil {
		return Inventory{}, fmt.Errorf("list stock of product %s: %w", productID, err)
	}
	inventory := Inventory{ProductID: productID, Variants: make([]StockLevel, len(rows)), Version: 1}
	for i, row := range rows {
		inventory.Version += row.Version
		inventory.Variants[i] = StockLevel{
			VariantID: row.VariantID,
			OnHand:    row.OnHand,
			Reserved:  row.Reserved,
			Available: row.OnHand - row.Reserved,
			Version:   row.Version,
			UpdatedAt: row.UpdatedAt.UTC(),
		}
	}
	return inventory, nil
}
