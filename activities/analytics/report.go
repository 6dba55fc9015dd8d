package analytics

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/internal/money"
	"kassa/sql/analyticsdb"
)

const (
	day     = 24 * time.Hour
	maxDays = 366
)

// Period is a number of whole days in UTC. The zero times stand for the last 30
// days, today included.
type Period struct {
	From time.Time `json:"from"` // first day
	To   time.Time `json:"to"`   // last day
}

// bounds are the first moment of the period and the first after it.
func (p Period) bounds() (from, until time.Time, err error) {
	if p.To.IsZero() {
		p.To = now()
	}
	until = p.To.UTC().Truncate(day).Add(day)
	if p.From.IsZero() {
		p.From = until.Add(-30 * day)
	}
	from = p.From.UTC().Truncate(day)
	if days := until.Sub(from) / day; days < 1 || days > maxDays {
		return from, until, ErrBadPeriod
	}
	return from, until, nil
}

// ReadRevenueInput asks for the revenue of each day.
type ReadRevenueInput struct {
	Period
	Currency string `json:"currency,omitempty"` // "" means each
}

// DayRevenue is what a day brought in one currency.
type DayRevenue struct {
	Day       string      `json:"day" format:"date" doc:"The day, in UTC." example:"2026-01-15"`
	Orders    int64       `json:"orders" doc:"Orders confirmed on it." example:"42"`
	Gross     money.Money `json:"gross" doc:"What they cost."`
	Cancelled money.Money `json:"cancelled" doc:"What orders that were cancelled on it had cost, less their refunds."`
	Refunded  money.Money `json:"refunded" doc:"What was given back on it."`
	Net       money.Money `json:"net" doc:"gross − cancelled − refunded; below 0 when more went out than came in."`
}

// Revenue is the revenue of the days on which anything happened.
type Revenue struct {
	Days []DayRevenue `json:"days"` // by day and currency
}

// ReadRevenue adds up what came in and went out on each day of a period.
func (s *Service) ReadRevenue(ctx context.Context, in ReadRevenueInput) (Revenue, error) {
	out := Revenue{Days: []DayRevenue{}}
	from, until, err := in.bounds()
	if err != nil {
		return out, err
	}
	err = s.report(ctx, func(db *analyticsdb.Queries) error {
		rows, err := db.ListRevenue(ctx, in.Currency, from, until)
		for _, row := range rows {
			out.Days = append(out.Days, DayRevenue{
				Day: row.Day, Orders: row.Orders,
				Gross:     money.New(row.Gross, row.Currency),
				Cancelled: money.New(row.Cancelled, row.Currency),
				Refunded:  money.New(row.Refunded, row.Currency),
				Net:       money.New(row.Gross-row.Cancelled-row.Refunded, row.Currency),
			})
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("read revenue: %w", err)
	}
	return out, nil
}

// ListTopProductsInput asks for what sold best.
type ListTopProductsInput struct {
	Period
	Currency  string `json:"currency,omitempty"` // "" means each
	ByRevenue bool   `json:"by_revenue"`         // rather than by units; needs a currency
	Limit     int    `json:"limit"`              // products, at most 100
}

// TopProduct is what a product sold.
type TopProduct struct {
	ProductID uuid.UUID     `json:"product_id" format:"uuid" doc:"The product." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Units     int64         `json:"units" doc:"Pieces sold." example:"120"`
	Orders    int64         `json:"orders" doc:"Orders they were sold with." example:"80"`
	Revenue   []money.Money `json:"revenue" nullable:"false" doc:"What they cost, one amount per currency."`
}

// TopProducts are the products that sold best, best first.
type TopProducts struct {
	Products []TopProduct `json:"products"`
}

// ListTopProducts ranks products by what orders confirmed in a period hold.
// Orders that were cancelled since do not count; refunds change nothing.
func (s *Service) ListTopProducts(ctx context.Context, in ListTopProductsInput) (TopProducts, error) {
	out := TopProducts{Products: []TopProduct{}}
	from, until, err := in.bounds()
	if err != nil {
		return out, err
	}
	if in.ByRevenue && in.Currency == "" {
		return out, ErrNoCurrency
	}
	err = s.report(ctx, func(db *analyticsdb.Queries) error {
		rows, err := db.ListTopProducts(ctx, analyticsdb.ListTopProductsParams{
			FromAt: from, Until: until, Currency: in.Currency, ByRevenue: in.ByRevenue, MaxRows: limit(in.Limit, 100),
		})
		for _, row := range rows {
			last := len(out.Products) - 1
			if last < 0 || out.Products[last].ProductID != row.ProductID {
				out.Products = append(out.Products, TopProduct{ProductID: row.ProductID, Units: row.Units, Orders: row.Orders})
				last++
			}
			out.Products[last].Revenue = append(out.Products[last].Revenue, money.New(row.Revenue, row.Currency))
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("list top products: %w", err)
	}
	return out, nil
}

// FunnelStep is how many visitors came so far.
type FunnelStep struct {
	Step     string `json:"step" enum:"viewed,cart,checkout,confirmed" doc:"How far." example:"cart"`
	Visitors int64  `json:"visitors" doc:"Visitors who came this far or farther." example:"310"`
	Share    int64  `json:"share_basis_points" doc:"Of the visitors of the first step, in hundredths of a percent; 0 when there were none." example:"2480"`
}

// Funnel is how many visitors went how far, from viewing to buying.
type Funnel struct {
	Steps []FunnelStep `json:"steps" nullable:"false" doc:"From the first to the last."`
}

// ReadFunnel counts visitors by how far they came in a period.
func (s *Service) ReadFunnel(ctx context.Context, in Period) (Funnel, error) {
	from, until, err := in.bounds()
	if err != nil {
		return Funnel{Steps: []FunnelStep{}}, err
	}
	var row analyticsdb.GetFunnelRow
	err = s.report(ctx, func(db *analyticsdb.Queries) (err error) {
		row, err = db.GetFunnel(ctx, from, until)
		return err
	})
	if err != nil {
		return Funnel{Steps: []FunnelStep{}}, fmt.Errorf("read funnel: %w", err)
	}
	return Funnel{Steps: []FunnelStep{
		step("viewed", row.Viewed, row.Viewed), step("cart", row.Cart, row.Viewed),
		step("checkout", row.Checkout, row.Viewed), step("confirmed", row.Confirmed, row.Viewed),
	}}, nil
}

func step(name string, visitors, all int64) FunnelStep {
	return FunnelStep{Step: name, Visitors: visitors, Share: visitors * 10_000 / max(all, 1)}
}

// limit is n, or most when n is out of bounds.
func limit(n, most int) int32 {
	if n < 1 || n > most {
		n = most
	}
	return int32(n) //nolint:gosec // at most 100
}
