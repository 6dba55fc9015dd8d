package order

import (
	"math/bits"
	"slices"

	"github.com/google/uuid"

	"kassa/internal/money"
	"kassa/sql/orderdb"
)

// Allocation says what of an amount is for what. Amounts are minor units of the
// order's currency; they add up to the amount.
type Allocation struct {
	Lines    []AllocatedLine `json:"lines,omitempty"`
	Shipping int64           `json:"shipping"`
	Tax      int64           `json:"tax"`
}

// AllocatedLine is the part of an amount that is for one line.
type AllocatedLine struct {
	LineID   uuid.UUID `json:"line_id"`
	Quantity int64     `json:"quantity"` // pieces that it is for; 0 when it is a part of the price only
	Amount   int64     `json:"amount"`
}

func (a Allocation) sum() int64 {
	sum := a.Shipping + a.Tax
	for _, line := range a.Lines {
		sum += line.Amount
	}
	return sum
}

// plus adds what of another amount is for what.
func (a Allocation) plus(b Allocation) Allocation {
	sum := Allocation{Lines: slices.Clone(a.Lines), Shipping: a.Shipping + b.Shipping, Tax: a.Tax + b.Tax}
	for _, line := range b.Lines {
		n := slices.IndexFunc(sum.Lines, func(of AllocatedLine) bool { return of.LineID == line.LineID })
		if n < 0 {
			sum.Lines = append(sum.Lines, line)
			continue
		}
		sum.Lines[n].Quantity += line.Quantity
		sum.Lines[n].Amount += line.Amount
	}
	return sum
}

// less takes off what of another amount is for what. It says nothing about pieces.
func (a Allocation) less(b Allocation) Allocation {
	off := Allocation{Shipping: -b.Shipping, Tax: -b.Tax}
	for _, line := range b.Lines {
		off.Lines = append(off.Lines, AllocatedLine{LineID: line.LineID, Amount: -line.Amount})
	}
	return a.plus(off)
}

// composition is what an order's total is made of, in minor units: the goods of
// each line after its share of the discount, tax on top, and shipping.
type composition struct {
	lines    []orderdb.OrderLine
	goods    []int64 // by line
	tax      int64
	shipping int64
	currency string
}

func composed(o orderdb.Order, lines []orderdb.OrderLine) (composition, error) {
	c := composition{lines: lines, goods: make([]int64, len(lines)), tax: o.Tax, shipping: o.Shipping, currency: o.Currency}
	weights := make([]int64, len(lines))
	for i, line := range lines {
		weights[i], c.goods[i] = line.Total, line.Total
	}
	off, err := spread(o.Discount, weights, o.Currency)
	for i := range off {
		c.goods[i] -= off[i]
	}
	return c, err
}

// spread divides an amount by weights without losing a unit; equally when no
// weight is positive.
func spread(amount int64, weights []int64, currency string) ([]int64, error) {
	some := false
	for _, w := range weights {
		some = some || w > 0
	}
	if !some {
		weights = make([]int64, len(weights))
		for i := range weights {
			weights[i] = 1
		}
	}
	shares, err := money.New(amount, currency).Allocate(weights...)
	parts := make([]int64, len(shares))
	for i, share := range shares {
		parts[i] = share.Amount
	}
	return parts, err
}

// portion is the part of amount that q of n pieces are worth, rounded down. All
// n are worth all of it.
func portion(amount, q, n int64) int64 {
	hi, lo := bits.Mul64(uint64(amount), uint64(q)) //nolint:gosec // none is negative
	part, _ := bits.Div64(hi, lo, uint64(n))        //nolint:gosec // q ≤ n, so it fits
	return int64(part)                              //nolint:gosec // at most amount
}

// capture is what is taken with a shipment that is not the last: the worth of its
// pieces with their tax, and the shipping with the first one.
func (c composition) capture(before, now map[uuid.UUID]int64) (int64, error) {
	taxes, err := spread(c.tax, c.goods, c.currency)
	if err != nil {
		return 0, err
	}
	amount, first := int64(0), true
	for i, line := range c.lines {
		worth := c.goods[i] + taxes[i]
		already := before[line.ID]
		amount += portion(worth, already+now[line.ID], line.Quantity) - portion(worth, already, line.Quantity)
		first = first && already == 0
	}
	if first {
		amount += c.shipping
	}
	return amount, nil
}

// remaining is what is left of the order's parts after refunds.
func (c composition) remaining(refunded []Allocation) (left Allocation, pieces map[uuid.UUID]int64) {
	pieces = map[uuid.UUID]int64{}
	left = Allocation{Shipping: c.shipping, Tax: c.tax}
	back := map[uuid.UUID]int64{}
	for _, a := range refunded {
		left.Shipping -= a.Shipping
		left.Tax -= a.Tax
		for _, line := range a.Lines {
			back[line.LineID] += line.Amount
			pieces[line.LineID] += line.Quantity
		}
	}
	for i, line := range c.lines {
		left.Lines = append(left.Lines, AllocatedLine{LineID: line.ID, Amount: c.goods[i] - back[line.ID]})
	}
	return left, pieces
}

// allocate divides a refund over what remains: each part gives in proportion,
// by the largest remainder.
func (c composition) allocate(amount int64, left Allocation) (Allocation, error) {
	weights := make([]int64, 0, len(left.Lines)+2)
	for _, line := range left.Lines {
		weights = append(weights, line.Amount)
	}
	shares, err := spread(amount, append(weights, left.Shipping, left.Tax), c.currency)
	if err != nil {
		return Allocation{}, err
	}
	n := len(left.Lines)
	out := Allocation{Shipping: shares[n], Tax: shares[n+1]}
	for i, line := range left.Lines {
		if shares[i] > 0 {
			out.Lines = append(out.Lines, AllocatedLine{LineID: line.LineID, Quantity: line.Quantity, Amount: shares[i]})
		}
	}
	return out, nil
}

// worth is what some pieces are refunded with: the price they were sold at with
// their share of the discount and of the tax, as far as it was not given back
// already; and what is left of shipping, when that is wanted.
func (c composition) worth(pieces, before map[uuid.UUID]int64, left Allocation, shipping bool) (Allocation, error) {
	taxes, err := spread(c.tax, c.goods, c.currency)
	if err != nil {
		return Allocation{}, err
	}
	var out Allocation
	for i, line := range c.lines {
		n := pieces[line.ID]
		if n == 0 {
			continue
		}
		already := min(before[line.ID], line.Quantity-n)
		share := func(of int64) int64 {
			return portion(of, already+n, line.Quantity) - portion(of, already, line.Quantity)
		}
		amount := min(share(c.goods[i]), left.Lines[i].Amount)
		out.Lines = append(out.Lines, AllocatedLine{LineID: line.ID, Quantity: n, Amount: amount})
		out.Tax += share(taxes[i])
	}
	out.Tax = min(out.Tax, left.Tax)
	if shipping {
		out.Shipping = left.Shipping
	}
	return out, nil
}
