package events

import (
	"time"

	"github.com/google/uuid"

	"kassa/internal/cloudevent"
)

// What the inventory service tells.
const (
	InventoryReserved = "inventory.reserved" // subject: order id
	InventoryReleased = "inventory.released" // subject: order id
	InventoryChanged  = "inventory.changed"  // subject: variant id; units came or went, reservations do not count

	InventoryLow         = "inventory.low"           // subject: variant id; few are available, or none
	InventoryBackInStock = "inventory.back_in_stock" // subject: variant id; none were available, and now some are
)

// StockHeld is the payload of inventory.reserved and inventory.released: what
// an order holds from now on, or no longer.
type StockHeld struct {
	OrderID uuid.UUID       `json:"order_id"`
	Lines   []StockHeldLine `json:"lines"`
}

// StockHeldLine is a number of units of one variant.
type StockHeldLine struct {
	VariantID uuid.UUID `json:"variant_id"`
	Quantity  int64     `json:"quantity"`
}

// StockChanged is the payload of inventory.changed.
type StockChanged struct {
	VariantID uuid.UUID `json:"variant_id"`
	ProductID uuid.UUID `json:"product_id"`
	OnHand    int64     `json:"on_hand"`   // units, after the change
	Available int64     `json:"available"` // units of these that are not reserved
	Quantity  int64     `json:"quantity"`  // units that came (positive) or went (negative)
	Kind      string    `json:"kind"`      // initial, set, adjust, sold, return
}

// StockAvailable is the payload of inventory.low and inventory.back_in_stock:
// how many units can be bought, which reservations change too.
type StockAvailable struct {
	VariantID uuid.UUID `json:"variant_id"`
	ProductID uuid.UUID `json:"product_id"`
	Available int64     `json:"available"` // units, when it was noticed
}

// NewInventoryReserved says that an order holds stock.
func NewInventoryReserved(at time.Time, held StockHeld) cloudevent.Event {
	return New("inventory", InventoryReserved, held.OrderID, 1, at, held)
}

// NewInventoryReleased says that an order no longer holds it.
func NewInventoryReleased(at time.Time, version int64, held StockHeld) cloudevent.Event {
	return New("inventory", InventoryReleased, held.OrderID, version, at, held)
}

// NewInventoryChanged says that units came or went.
func NewInventoryChanged(at time.Time, version int64, changed StockChanged) cloudevent.Event {
	return New("inventory", InventoryChanged, changed.VariantID, version, at, changed)
}

// NewInventoryLow says that few units are available, or none.
func NewInventoryLow(at time.Time, version int64, stock StockAvailable) cloudevent.Event {
	return New("inventory", InventoryLow, stock.VariantID, version, at, stock)
}

// NewInventoryBackInStock says that units are available again.
func NewInventoryBackInStock(at time.Time, version int64, stock StockAvailable) cloudevent.Event {
	return New("inventory", InventoryBackInStock, stock.VariantID, version, at, stock)
}
