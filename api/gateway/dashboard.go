package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"kassa/internal/correlation"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/money"
)

const maxPart = 1 << 20 // bytes of a service's answer

// partWait is how long each part of the dashboard may take.
var partWait = time.Second

// Dashboard is a customer at a glance.
type Dashboard struct {
	User            *DashboardUser             `json:"user" doc:"The customer; null when the user service could not be asked."`
	Orders          *[]DashboardOrder          `json:"orders" nullable:"true" doc:"Their last five orders, newest first; null when the order service could not be asked."`
	Recommendations *[]DashboardRecommendation `json:"recommendations" nullable:"true" doc:"What they may want; null when the analytics service could not be asked."`
	Warnings        []DashboardWarning         `json:"warnings" nullable:"false" doc:"The parts that are missing, and why."`
}

// DashboardUser is what the dashboard shows of the account.
type DashboardUser struct {
	_         struct{}  `nullable:"true"`
	ID        uuid.UUID `json:"id" format:"uuid" doc:"The user."`
	Name      string    `json:"name" doc:"What they call themselves." example:"Ada Lovelace"`
	Email     string    `json:"email" doc:"E-mail address." example:"ada@example.org"`
	CreatedAt time.Time `json:"created_at" doc:"Since when they have an account."`
}

// DashboardOrder is what the dashboard shows of an order.
type DashboardOrder struct {
	ID            uuid.UUID   `json:"id" format:"uuid" doc:"The order."`
	Number        string      `json:"number" doc:"As customers name it." example:"K-1000042"`
	Status        string      `json:"status" doc:"Where it stands." example:"confirmed"`
	PaymentStatus string      `json:"payment_status" doc:"Where its payment stands." example:"captured"`
	Total         money.Money `json:"total" doc:"What it costs."`
	CreatedAt     time.Time   `json:"created_at" doc:"When it was placed."`
}

// DashboardRecommendation is a product that the customer may want.
type DashboardRecommendation struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid" doc:"The product."`
	Reason    string    `json:"reason" enum:"bought_together,popular" doc:"Why." example:"bought_together"`
}

// DashboardWarning says why a part is missing.
type DashboardWarning struct {
	Part    string `json:"part" enum:"user,orders,recommendations" doc:"The part that is null."`
	Code    string `json:"code" doc:"A stable word." example:"unavailable"`
	Message string `json:"message" doc:"A sentence that may be shown." example:"This part of the shop is not available at the moment. Please try again."`
}

var exampleDashboard = Dashboard{
	User: &DashboardUser{
		ID: uuid.MustParse("0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"), Name: "Ada Lovelace", Email: "ada@example.org",
		CreatedAt: time.Date(2026, 1, 3, 8, 0, 0, 0, time.UTC),
	},
	Orders: &[]DashboardOrder{{
		ID: uuid.MustParse("0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2e"), Number: "K-1000042", Status: "confirmed", PaymentStatus: "captured",
		Total: money.New(4298, "EUR"), CreatedAt: time.Date(2026, 1, 15, 9, 30, 0, 0, time.UTC),
	}},
	Warnings: []DashboardWarning{{Part: "recommendations", Code: fault.ErrUnavailable.Reason, Message: fault.ErrUnavailable.Message}},
}

// dashboard asks for the parts at the same time, each with a deadline of its own.
// It fails only when the user service says that there is no such user.
func (d *Desk) dashboard(ctx context.Context, user uuid.UUID) (Dashboard, error) {
	out := Dashboard{Warnings: []DashboardWarning{}}
	parts := []struct {
		name string
		ask  func(ctx context.Context) error
		err  error
	}{
		{name: "user", ask: func(ctx context.Context) error {
			return d.read(ctx, "user", "/v1/users/"+user.String(), func(body []byte) error { return json.Unmarshal(body, &out.User) })
		}},
		{name: "orders", ask: func(ctx context.Context) error {
			return d.read(ctx, "order", "/v1/users/"+user.String()+"/orders?limit=5", func(body []byte) error {
				page := httpapi.Page[DashboardOrder]{Data: []DashboardOrder{}}
				err := json.Unmarshal(body, &page)
				out.Orders = &page.Data
				return err
			})
		}},
		{name: "recommendations", ask: func(ctx context.Context) error {
			products, err := d.recommend(ctx, user)
			out.Recommendations = &products
			return err
		}},
	}
	var all sync.WaitGroup
	for i := range parts {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, partWait)
			defer cancel()
			parts[i].err = parts[i].ask(ctx)
		})
	}
	all.Wait()
	for _, part := range parts {
		f := fault.Of(part.err)
		switch {
		case part.err == nil:
			continue
		case part.name == "user" && f.Code == fault.NotFound:
			return out, errNoUser
		}
		out.Warnings = append(out.Warnings, DashboardWarning{Part: part.name, Code: f.Reason, Message: f.Message})
		switch part.name { // what a part that failed half-way has left
		case "user":
			out.User = nil
		case "orders":
			out.Orders = nil
		default:
			out.Recommendations = nil
		}
	}
	return out, nil
}

// read asks a service for a resource in the name of whoever asks us.
func (d *Desk) read(ctx context.Context, name, path string, take func(body []byte) error) error {
	s := d.services[name]
	if s == nil {
		return fault.ErrUnavailable.Because(fmt.Errorf("no address is configured for service %s", name))
	}
	if !s.places.enter(idling) {
		return s.places.refuse(idling)
	}
	defer s.places.leave(idling)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+name+path, http.NoBody)
	if err != nil {
		return err
	}
	req.Header[authzHeader] = []string{"Bearer " + identity.Token(ctx)}
	req.Header[correlation.Header] = []string{correlation.ID(ctx)}
	res, err := s.RoundTrip(req)
	if err != nil {
		return s.unavailable(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxPart))
	if err != nil {
		return s.unavailable(err)
	}
	if res.StatusCode != http.StatusOK {
		return httpapi.ProblemToFault(res.StatusCode, body)
	}
	if err := take(body); err != nil {
		return fmt.Errorf("answer of service %s: %w", name, err)
	}
	return nil
}

// recommend asks the analytics service itself, because a dashboard is shown to
// others than its customer, too.
func (d *Desk) recommend(ctx context.Context, user uuid.UUID) ([]DashboardRecommendation, error) {
	if d.caller == nil {
		return nil, fault.ErrUnavailable.Because(errors.New("no services to call"))
	}
	var found struct {
		Products []DashboardRecommendation `json:"products"`
	}
	in := struct {
		UserID uuid.UUID `json:"user_id"`
		Limit  int       `json:"limit"`
	}{user, 10}
	if err := d.caller.Call(ctx, "analytics", "ListRecommendations", in, &found); err != nil {
		return nil, err
	}
	if found.Products == nil {
		found.Products = []DashboardRecommendation{}
	}
	return found.Products, nil
}
