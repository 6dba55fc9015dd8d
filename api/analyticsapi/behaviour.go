package analyticsapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/analytics"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

const tag = "Analytics"

// Register adds the operations of the analytics service to a. svc may be nil
// when only the document is wanted.
func Register(a *httpapi.API, svc *analytics.Service) {
	behaviour(a, svc)
	reports(a, svc)
	recommendations(a, svc)
}

// BehaviourEvents is what a page tells of its visitor.
type BehaviourEvents struct {
	AnonymousID *uuid.UUID                 `json:"anonymous_id,omitempty" format:"uuid" doc:"Made up by the page and kept by it; needed unless the visitor is signed in. Sent with a token it says who the anonymous visitor was." example:"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b12"`
	Events      []analytics.BehaviourEvent `json:"events" minItems:"1" maxItems:"100" nullable:"false" doc:"What the visitor did."`
}

type recordedOutput struct {
	Body analytics.Recorded
}

func behaviour(a *httpapi.API, svc *analytics.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "record-events", Method: http.MethodPost, Path: "/v1/events", Tag: tag, MaxBody: 64 << 10,
		Summary: "Tell what a visitor did",
		Description: "For the shop's pages, in batches. Each event carries an id of its own, so a batch can be sent again " +
			"when no answer came: an event counts once. It may come late, by up to 30 days, and counts on the day it happened.",
		Errors: []*fault.Error{analytics.ErrBadEvents, analytics.ErrNoVisitor},
	}, func(ctx context.Context, in *struct{ Body BehaviourEvents }) (*recordedOutput, error) {
		ask := analytics.RecordEventsInput{UserID: visitor(ctx), Events: in.Body.Events}
		if in.Body.AnonymousID != nil {
			ask.AnonymousID = *in.Body.AnonymousID
		}
		recorded, err := svc.RecordEvents(ctx, ask)
		if err != nil {
			return nil, err
		}
		return &recordedOutput{Body: recorded}, nil
	})
}

// visitor is the user who is signed in as a customer. Who works for the shop
// looks at it with other eyes, but is counted all the same.
func visitor(ctx context.Context) uuid.UUID {
	p, _ := identity.From(ctx)
	return p.UserID
}
