package model

import "kassa/activities/payment"

// Broken is a mistake, made on purpose: the exploration must find it.
type Broken string

// The mistakes.
const (
	Sound                   Broken = ""
	NoRelease               Broken = "the undo of the reservation is missing"
	NoVoid                  Broken = "the undo of the payment is missing"
	NoRestore               Broken = "the undo of the coupon is missing"
	RandomKey               Broken = "the provider's idempotency key is random"
	StockTombstoneIgnored   Broken = "a late reservation ignores the tombstone"
	CouponTombstoneIgnored  Broken = "a late redemption ignores the tombstone"
	PaymentTombstoneIgnored Broken = "a late authorization ignores the tombstone"
	UnguardedStock          Broken = "the guard of the stock is missing"
	UnguardedConfirm        Broken = "the guard of the confirmation is missing"
	GivesUp                 Broken = "a request without an answer is taken for a no"
	KeepsParcelMoney        Broken = "the undo of a parcel's capture is missing"
	ForgetsParcelMoney      Broken = "a parcel fails without the refund of its money being planned"
	ShipsUnpaid             Broken = "a parcel's money is not taken"
	BlindRefund             Broken = "a refund is repeated without looking what was refunded"
	ForgetsRefusal          Broken = "a refund that was refused is not remembered"
	RestocksTwice           Broken = "a late restock ignores that it was done"
	ShipsRefunded           Broken = "a parcel is planned without looking what was refunded"
	CancelsShipped          Broken = "an order is cancelled without looking what was shipped"
)

// Mistakes lists those that are found soon.
func Mistakes() []Broken {
	return []Broken{
		NoRelease, NoVoid, NoRestore, RandomKey, StockTombstoneIgnored, CouponTombstoneIgnored, PaymentTombstoneIgnored, UnguardedStock, UnguardedConfirm, GivesUp,
		KeepsParcelMoney, ForgetsParcelMoney, ShipsUnpaid, BlindRefund, RestocksTwice, ShipsRefunded, CancelsShipped,
	}
}

// skips reports whether the operation answers yes and does nothing.
func (b Broken) skips(operation string, in any, s *shop) bool {
	switch b { //nolint:exhaustive // the others do something else
	case NoRelease:
		return operation == "ReleaseStock"
	case NoVoid:
		return operation == "VoidPayment"
	case NoRestore:
		return operation == "RestoreCoupon"
	case ShipsUnpaid:
		return operation == "CapturePayment"
	case KeepsParcelMoney:
		refund, is := in.(payment.RefundPaymentInput)
		return is && s.byID[refund.OrderID].mislaid(refund.RefundID)
	}
	return false
}
