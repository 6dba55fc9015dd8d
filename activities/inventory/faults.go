package inventory

import "kassa/internal/fault"

// The ways inventory says no.
var (
	// ErrOutOfStock carries the detail "lines", []ShortLine.
	ErrOutOfStock = fault.New(fault.Declined, "out_of_stock", "Some items are no longer in stock.")
	// ErrReservationReleased refuses an order whose reservation was released, or whose release came first.
	ErrReservationReleased = fault.New(fault.Declined, "reservation_released", "The stock of this order has been released already.")
	// ErrReservationDiffers is an order that asks again, but for something else.
	ErrReservationDiffers = fault.New(fault.Conflict, "reservation_differs", "This order holds other items already.")
	// ErrReservationMissing is an order, or a reservation by hand, that never held anything.
	ErrReservationMissing = fault.New(fault.NotFound, "reservation_not_found", "There is no such reservation.")
	ErrBadStockLines      = fault.New(fault.Invalid, "bad_stock_lines", "Give 1 to 100 lines, each with a variant and a quantity from 1 to 10,000.")

	// ErrShipmentExceeds is a shipment of more than the order still holds.
	ErrShipmentExceeds = fault.New(fault.Conflict, "shipment_exceeds_order", "More would be shipped than the order still holds.")
	ErrShipmentDiffers = fault.New(fault.Conflict, "shipment_differs", "Another shipment has this id already.")
	ErrReturnExceeds   = fault.New(fault.Conflict, "return_exceeds_shipped", "More would come back than has been shipped.")
	ErrReturnDiffers   = fault.New(fault.Conflict, "return_differs", "Another return has this id already.")

	ErrNoStock        = fault.New(fault.NotFound, "no_stock", "This product has no stock of that variant.")
	ErrBadStock       = fault.New(fault.Invalid, "bad_stock", "Give each variant once, with 0 to 1,000,000,000 units on hand.")
	ErrBadAdjustment  = fault.New(fault.Invalid, "bad_adjustment", "An adjustment needs a difference other than 0 and a reason of 1 to 200 characters.")
	ErrAdjustmentUsed = fault.New(fault.Conflict, "adjustment_used", "Another adjustment has this id already.")
	ErrOtherProduct   = fault.New(fault.Conflict, "variant_of_another_product", "The stock of that variant belongs to another product.")
	ErrStockStale     = fault.New(fault.Stale, "stock_changed", "The stock has changed since you looked.")                // detail "current_version"
	ErrBelowReserved  = fault.New(fault.Declined, "below_reserved", "Orders have reserved more units than would remain.") // detail "variant_id"
)
