package model

import (
	"slices"

	"github.com/google/uuid"

	"kassa/activities/inventory"
)

// level is the stock of a variant.
type level struct{ onHand, reserved int64 }

// reservation is the stock of an order; without lines it is a tombstone.
type reservation struct {
	lines    []inventory.StockLine
	released bool
	gone     map[uuid.UUID]int64                 // what of it has left, by variant
	parcels  map[uuid.UUID][]inventory.StockLine // by shipment
	back     map[uuid.UUID][]inventory.StockLine // by return
}

func (s *shop) reserveStock(in inventory.ReserveStockInput) (inventory.Reservation, error) {
	before := s.held[in.OrderID]
	switch {
	case before != nil && before.released && s.w.broken != StockTombstoneIgnored:
		return inventory.Reservation{}, inventory.ErrReservationReleased
	case before != nil && !before.released:
		return inventory.Reservation{OrderID: in.OrderID, Status: inventory.Held, Lines: before.lines}, nil
	}
	for _, line := range in.Lines {
		if l := s.shelf[line.VariantID]; l.onHand-l.reserved < line.Quantity && s.w.broken != UnguardedStock {
			return inventory.Reservation{}, inventory.ErrOutOfStock
		}
	}
	for _, line := range in.Lines {
		s.shelf[line.VariantID].reserved += line.Quantity
	}
	s.held[in.OrderID] = &reservation{
		lines: in.Lines, gone: map[uuid.UUID]int64{}, parcels: map[uuid.UUID][]inventory.StockLine{}, back: map[uuid.UUID][]inventory.StockLine{},
	}
	return inventory.Reservation{OrderID: in.OrderID, Status: inventory.Held, Lines: in.Lines}, nil
}

func (s *shop) releaseStock(in inventory.ReleaseStockInput) (inventory.Reservation, error) {
	r := s.held[in.OrderID]
	if r == nil {
		r = &reservation{released: true}
		s.held[in.OrderID] = r
	}
	if r.live() {
		r.released = true
		for _, line := range r.lines {
			s.shelf[line.VariantID].reserved -= line.Quantity - r.gone[line.VariantID]
		}
	}
	return inventory.Reservation{OrderID: in.OrderID, Status: inventory.Released, Lines: r.lines}, nil
}

func (s *shop) listHeld(in inventory.ListHeldInput) (inventory.HeldReservations, error) {
	return inventory.HeldReservations{Orders: slices.DeleteFunc(slices.Clone(in.Orders), func(id uuid.UUID) bool {
		r := s.held[id]
		return r == nil || !r.live()
	})}, nil
}

// shipStock takes goods of an order out of the warehouse, once per shipment.
func (s *shop) shipStock(in inventory.ShipStockInput) (inventory.Shipment, error) {
	out := inventory.Shipment{ShipmentID: in.ShipmentID, OrderID: in.OrderID, Lines: in.Lines}
	r := s.held[in.OrderID]
	switch {
	case r == nil:
		return out, inventory.ErrReservationMissing
	case r.parcels[in.ShipmentID] != nil:
		return out, nil
	case r.released:
		return out, inventory.ErrReservationReleased
	case !r.holds(in.Lines), s.byID[in.OrderID].mislaid(in.ShipmentID):
		return out, inventory.ErrShipmentExceeds
	}
	for _, line := range in.Lines {
		r.gone[line.VariantID] += line.Quantity
		s.shelf[line.VariantID].reserved -= line.Quantity
		s.shelf[line.VariantID].onHand -= line.Quantity
	}
	r.parcels[in.ShipmentID] = in.Lines
	s.look(s.byID[in.OrderID])
	return out, nil
}

// holds reports whether so much has not left yet.
func (r *reservation) holds(lines []inventory.StockLine) bool {
	for _, line := range lines {
		if r.gone[line.VariantID]+line.Quantity > promised(r.lines, line.VariantID) {
			return false
		}
	}
	return true
}

func promised(lines []inventory.StockLine, variant uuid.UUID) (n int64) {
	for _, line := range lines {
		if line.VariantID == variant {
			n += line.Quantity
		}
	}
	return n
}

// live reports whether some of it is still held.
func (r *reservation) live() bool { return !r.released && !r.complete() }

// complete reports whether all of it has left.
func (r *reservation) complete() bool {
	for _, line := range r.lines {
		if r.gone[line.VariantID] < line.Quantity {
			return false
		}
	}
	return true
}

// restockReturn puts goods of an order back, once per return.
func (s *shop) restockReturn(in inventory.RestockReturnInput) (inventory.Restocked, error) {
	out := inventory.Restocked{ReturnID: in.ReturnID, OrderID: in.OrderID, Lines: in.Lines}
	r := s.held[in.OrderID]
	if r == nil {
		return out, inventory.ErrReservationMissing
	}
	if r.back[in.ReturnID] != nil && s.w.broken != RestocksTwice {
		return out, nil
	}
	for _, line := range in.Lines {
		back := line.Quantity
		for _, lines := range r.back {
			back += promised(lines, line.VariantID)
		}
		if back > r.gone[line.VariantID] && s.w.broken != RestocksTwice {
			return out, inventory.ErrReturnExceeds
		}
	}
	r.back[in.ReturnID] = in.Lines
	for _, line := range in.Lines {
		s.shelf[line.VariantID].onHand += line.Quantity
	}
	return out, nil
}
