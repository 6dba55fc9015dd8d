package model

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
)

// Mistakes lists them all.
func Mistakes() []Broken {
	return []Broken{NoRelease, NoVoid, NoRestore, RandomKey, StockTombstoneIgnored, CouponTombstoneIgnored, PaymentTombstoneIgnored, UnguardedStock, UnguardedConfirm, GivesUp}
}

// skips reports whether the operation answers yes and does nothing.
func (b Broken) skips(operation string) bool {
	return b == NoRelease && operation == "ReleaseStock" || b == NoVoid && operation == "VoidPayment" || b == NoRestore && operation == "RestoreCoupon"
}
