package analyticsapi

import (
	"context"
	"net/http"
	"time"

	"kassa/activities/analytics"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

// PeriodQuery bounds a report. It is exported because Huma leaves out the
// parameters of an embedded type that is not.
type PeriodQuery struct {
	From string `query:"from" format:"date" doc:"First day, in UTC; without it, the report has 30 days." example:"2026-01-01"`
	To   string `query:"to" format:"date" doc:"Last day, in UTC; without it, today. At most 366 days after the first." example:"2026-01-31"`
}

// period reads the days; their format has been checked.
func (q PeriodQuery) period() (p analytics.Period) {
	p.From, _ = time.Parse(time.DateOnly, q.From)
	p.To, _ = time.Parse(time.DateOnly, q.To)
	return p
}

type revenueOutput struct {
	Body httpapi.Page[analytics.DayRevenue]
}

type topProductsOutput struct {
	Body httpapi.Page[analytics.TopProduct]
}

type funnelOutput struct {
	Body analytics.Funnel
}

func reports(a *httpapi.API, svc *analytics.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "read-revenue", Method: http.MethodGet, Path: "/v1/analytics/revenue", Tag: tag, Access: httpapi.Admin,
		Summary: "Read the revenue of each day",
		Description: "One row per day and currency on which anything happened. An order counts on the day it was confirmed, " +
			"a cancellation and a refund on the day they happened.",
		Errors: []*fault.Error{analytics.ErrBadPeriod},
	}, func(ctx context.Context, in *struct {
		PeriodQuery
		Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Only this currency, ISO 4217." example:"EUR"`
	},
	) (*revenueOutput, error) {
		revenue, err := svc.ReadRevenue(ctx, analytics.ReadRevenueInput{Period: in.period(), Currency: in.Currency})
		if err != nil {
			return nil, err
		}
		return &revenueOutput{Body: httpapi.Page[analytics.DayRevenue]{Data: revenue.Days}}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "list-top-products", Method: http.MethodGet, Path: "/v1/analytics/top-products", Tag: tag, Access: httpapi.Admin,
		Summary:     "List the products that sold best",
		Description: "By what the orders confirmed in the period hold. Orders that were cancelled since do not count; refunds change nothing here.",
		Errors:      []*fault.Error{analytics.ErrBadPeriod, analytics.ErrNoCurrency},
	}, func(ctx context.Context, in *struct {
		PeriodQuery
		Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Only this currency, ISO 4217." example:"EUR"`
		Sort     string `query:"sort" enum:"units,revenue" default:"units" doc:"By pieces or by revenue, which needs a currency."`
		Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Products."`
	},
	) (*topProductsOutput, error) {
		top, err := svc.ListTopProducts(ctx, analytics.ListTopProductsInput{
			Period: in.period(), Currency: in.Currency, ByRevenue: in.Sort == "revenue", Limit: in.Limit,
		})
		if err != nil {
			return nil, err
		}
		return &topProductsOutput{Body: httpapi.Page[analytics.TopProduct]{Data: top.Products}}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "read-funnel", Method: http.MethodGet, Path: "/v1/analytics/funnel", Tag: tag, Access: httpapi.Admin,
		Summary: "Read how far visitors come",
		Description: "From viewing a product to a confirmed order. A visitor counts for the farthest step they reached in the period and for " +
			"every step before it; what somebody did before signing in counts for their account.",
		Errors: []*fault.Error{analytics.ErrBadPeriod},
	}, func(ctx context.Context, in *PeriodQuery) (*funnelOutput, error) {
		funnel, err := svc.ReadFunnel(ctx, in.period())
		if err != nil {
			return nil, err
		}
		return &funnelOutput{Body: funnel}, nil
	})
}
