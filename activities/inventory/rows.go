package inventory

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/id"
	"kassa/internal/outbox"
	"kassa/internal/pg"
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
		OrderID:   r.OrderID,
		CreatedAt: r.At,
		Holder:    r.Holder,
		EventID:   event.ID,
		EventType: event.Type,
		Event:     document,
	}
	if r.Holder == ByHand {
		params.Reason, params.ActorID = &r.Reason, &r.actor
	}
	params.VariantIds, params.Quantities = columns(r.Lines)
	return params, nil
}

// columns is lines as a statement takes them.
func columns(lines []StockLine) (variants []uuid.UUID, quantities []int64) {
	for _, line := range lines {
		variants, quantities = append(variants, line.VariantID), append(quantities, line.Quantity)
	}
	return variants, quantities
}

// held is the reservation as others are told of it.
func (r Reservation) held() events.StockHeld {
	held := events.StockHeld{OrderID: r.OrderID, Lines: make([]events.StockHeldLine, len(r.Lines))}
	for i, line := range r.Lines {
		held.Lines[i] = events.StockHeldLine(line)
	}
	return held
}

// unshipped is what a reservation gives back when it is released.
func (r Reservation) unshipped() events.StockHeld {
	held := events.StockHeld{OrderID: r.OrderID, Lines: []events.StockHeldLine{}}
	for _, line := range r.Lines {
		for _, gone := range r.Shipped {
			if gone.VariantID == line.VariantID {
				line.Quantity -= gone.Quantity
			}
		}
		if line.Quantity > 0 {
			held.Lines = append(held.Lines, events.StockHeldLine(line))
		}
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
		all[i] = Reservation{OrderID: row.OrderID, Status: row.Status, Holder: row.Holder, Lines: []StockLine{}, At: row.CreatedAt.UTC()}
		if row.Reason != nil {
			all[i].Reason = *row.Reason
		}
		if ended := cmp.Or(row.ReleasedAt, row.ShippedAt); ended != nil {
			all[i].At = ended.UTC()
		}
		place[row.OrderID] = i
	}
	for _, line := range lines {
		r := &all[place[line.OrderID]]
		r.Lines = append(r.Lines, StockLine{VariantID: line.VariantID, Quantity: line.Quantity})
		if line.Shipped > 0 {
			r.Shipped = append(r.Shipped, StockLine{VariantID: line.VariantID, Quantity: line.Shipped})
		}
	}
	return all
}

// readShipment answers a shipment and whether there is one.
func readShipment(ctx context.Context, db *inventorydb.Queries, shipmentID uuid.UUID) (Shipment, bool, error) {
	row, err := db.GetShipment(ctx, shipmentID)
	if pg.NotFound(err) {
		return Shipment{}, false, nil
	}
	if err != nil {
		return Shipment{}, false, fmt.Errorf("read shipment %s: %w", shipmentID, err)
	}
	lines, err := db.ListShipmentLines(ctx, shipmentID)
	if err != nil {
		return Shipment{}, false, fmt.Errorf("read shipment %s: %w", shipmentID, err)
	}
	shipment := Shipment{ShipmentID: row.ID, OrderID: row.OrderID, At: row.CreatedAt.UTC()}
	for _, line := range lines {
		shipment.Lines = append(shipment.Lines, StockLine{VariantID: line.VariantID, Quantity: line.Quantity})
	}
	return shipment, true, nil
}

// readReturn answers a return and whether there is one.
func readReturn(ctx context.Context, db *inventorydb.Queries, returnID uuid.UUID) (Restocked, bool, error) {
	row, err := db.GetReturn(ctx, returnID)
	if pg.NotFound(err) {
		return Restocked{}, false, nil
	}
	if err != nil {
		return Restocked{}, false, fmt.Errorf("read return %s: %w", returnID, err)
	}
	lines, err := db.ListReturnLines(ctx, returnID)
	if err != nil {
		return Restocked{}, false, fmt.Errorf("read return %s: %w", returnID, err)
	}
	restocked := Restocked{ReturnID: row.ID, OrderID: row.OrderID, At: row.CreatedAt.UTC()}
	for _, line := range lines {
		restocked.Lines = append(restocked.Lines, StockLine{VariantID: line.VariantID, Quantity: line.Quantity})
	}
	return restocked, true, nil
}

// movements are the rows of what passed the door; quantity is by variant.
func (p passage) movements(stock []inventorydb.MoveStockRow, quantity map[uuid.UUID]int64) inventorydb.InsertOrderMovementsParams {
	params := inventorydb.InsertOrderMovementsParams{Kind: p.kind, Reason: p.reason, OrderID: &p.order, CauseID: &p.cause, CreatedAt: p.at}
	for _, row := range stock {
		params.Ids = append(params.Ids, id.New())
		params.VariantIds = append(params.VariantIds, row.VariantID)
		params.Quantities = append(params.Quantities, quantity[row.VariantID])
		params.OnHand = append(params.OnHand, row.OnHand)
	}
	return params
}

// events tell of what passed the door; quantity is by variant.
func (p passage) events(stock []inventorydb.MoveStockRow, quantity map[uuid.UUID]int64) []cloudevent.Event {
	told := make([]cloudevent.Event, len(stock))
	for i, row := range stock {
		told[i] = events.NewInventoryChanged(p.at, row.Version, events.StockChanged{
			VariantID: row.VariantID, ProductID: row.ProductID, OnHand: row.OnHand, Available: row.OnHand - row.Reserved,
			Quantity: quantity[row.VariantID], Kind: p.kind,
		})
	}
	return told
}

// lockInventory is readInventory, and keeps everybody else from changing it.
func lockInventory(ctx context.Context, db *inventorydb.Queries, productID uuid.UUID) (Inventory, error) {
	rows, err := db.LockStock(ctx, productID)
	if err != nil {
		return Inventory{}, fmt.Errorf("lock stock of product %s: %w", productID, err)
	}
	return inventoryOf(productID, rows), nil
}

// readInventory adds up the variants' versions: each only grows, so the sum
// changes with every change of on hand. It begins at 1, the version of none.
func readInventory(ctx context.Context, db *inventorydb.Queries, productID uuid.UUID) (Inventory, error) {
	rows, err := db.ListStock(ctx, productID)
	if err != nil {
		return Inventory{}, fmt.Errorf("list stock of product %s: %w", productID, err)
	}
	return inventoryOf(productID, rows), nil
}

func inventoryOf(productID uuid.UUID, rows []inventorydb.Stock) Inventory {
	inventory := Inventory{ProductID: productID, Variants: make([]StockLevel, len(rows)), Version: 1}
	for i, row := range rows {
		inventory.Version += row.Version
		inventory.Variants[i] = StockLevel{
			VariantID: row.VariantID,
			OnHand:    row.OnHand,
			Reserved:  row.Reserved,
			Available: row.OnHand - row.Reserved,
			LowAt:     row.LowAt,
			Version:   row.Version,
			UpdatedAt: row.UpdatedAt.UTC(),
		}
	}
	return inventory
}

func stockMovement(row inventorydb.Movement) StockMovement {
	return StockMovement{
		ID: row.ID, VariantID: row.VariantID, Kind: row.Kind, Quantity: row.Quantity, OnHand: row.OnHand, Reason: row.Reason,
		ActorID: row.ActorID, OrderID: row.OrderID, CauseID: row.CauseID, At: row.CreatedAt.UTC(),
	}
}
