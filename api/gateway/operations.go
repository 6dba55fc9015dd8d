package gateway

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/operations"
	"kassa/internal/process"
)

const tag = "Gateway"

// Desk answers the gateway's own operations, which put together what several
// services say.
type Desk struct {
	services map[string]*service
	caller   *operations.Caller
	status   func(ctx context.Context) process.Status
}

var errNoUser = fault.New(fault.NotFound, "user_not_found", "There is no such user.")

type dashboardOutput struct{ Body Dashboard }

type servicesOutput struct {
	Body httpapi.Page[ServiceStatus]
}

// Register adds the gateway's own operations to a. desk may be nil when only the
// document is wanted.
func Register(a *httpapi.API, desk *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "read-dashboard", Method: http.MethodGet, Path: "/v1/dashboard/{user_id}", Tag: tag, Access: httpapi.Customer,
		Summary: "Read a customer's dashboard",
		Description: "The customer, their last five orders and what they may want, asked for at the same time. " +
			"A part that cannot be had within a second is null, and warnings say so. Customers see their own; support and admins see everybody's.",
		Errors: []*fault.Error{errNoUser}, ResponseExample: exampleDashboard,
	}, func(ctx context.Context, in *struct {
		UserID uuid.UUID `path:"user_id" format:"uuid" doc:"Id of the user." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"`
	},
	) (*dashboardOutput, error) {
		if asker, _ := identity.From(ctx); !asker.Owns(in.UserID) {
			return nil, errNoUser
		}
		dashboard, err := desk.dashboard(ctx, in.UserID)
		if err != nil {
			return nil, err
		}
		return &dashboardOutput{Body: dashboard}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "list-services", Method: http.MethodGet, Path: "/v1/services", Tag: tag, Access: httpapi.Admin,
		Summary: "List the services and how they are",
		Description: "Each service with its instances: whether each can serve, the state of its own dependencies, its version and when it started; " +
			"and of its Temporal task queue, how much waits and how many workers ask for it.",
	}, func(ctx context.Context, _ *struct{}) (*servicesOutput, error) {
		return &servicesOutput{Body: httpapi.Page[ServiceStatus]{Data: desk.look(ctx)}}, nil
	})
}
