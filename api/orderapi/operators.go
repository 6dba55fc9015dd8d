package orderapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"kassa/activities/order"
	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/workflows"
)

// InterventionRequest says why somebody steps into an order's saga.
type InterventionRequest struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Shown in the timeline, with who did it." example:"The customer called: wrong address."`
}

type interventionInput struct {
	ID   uuid.UUID `path:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Body InterventionRequest
}

// interventions are what operators can do to an order under way.
var interventions = []struct {
	path, kind, update, summary, description string
	errors                                   []*fault.Error
}{
	{
		"hold", "hold", workflows.HoldUpdate, "Hold an order",
		"Its saga stops before its next step, until somebody resumes it. 202 while the step under way has not come to its end.",
		[]*fault.Error{order.ErrNotUnderway, order.ErrIllegalStep},
	},
	{"resume", "resume", workflows.ResumeUpdate, "Resume a held order", "Its saga goes on where it was.", []*fault.Error{order.ErrNotHeld, order.ErrNotUnderway}},
	{"retry", "retry", workflows.RetryUpdate, "Retry now", "What waits for its next attempt is tried at once.", []*fault.Error{order.ErrNotUnderway}},
	{"approve", "approve", workflows.ApproveUpdate, "Approve an order in review", "It is confirmed.", []*fault.Error{order.ErrNotInReview, order.ErrNotUnderway}},
	{"reject", "reject", workflows.RejectUpdate, "Reject an order in review", "Money and stock go back and the order is rejected.", []*fault.Error{order.ErrNotInReview, order.ErrNotUnderway}},
	{
		"force-cancel", "force_cancel", "", "Cancel an order whatever its checkout does",
		"Ends a checkout that does not stop by itself, and undoes everything that it has done. An order on its way cannot be cancelled: it is returned.",
		[]*fault.Error{order.ErrOrderClosed, order.ErrShipmentBegun},
	},
}

func registerOperators(a *httpapi.API, desk *Desk) {
	for _, i := range interventions {
		httpapi.Register(a, httpapi.Operation{
			ID: i.path + "-order", Method: "POST", Path: "/v1/ops/orders/{id}/" + i.path, Tag: "Operations", Summary: i.summary, Description: i.description,
			Access: httpapi.Support, Key: httpapi.OptionalKey, Status: 200, MayAccept: true, ResponseExample: exampleOrder,
			Errors: append([]*fault.Error{order.ErrOrderNotFound, errEngineOut}, i.errors...),
		}, func(ctx context.Context, in *interventionInput) (*orderOutput, error) {
			return desk.intervene(ctx, in.ID, i.kind, i.update, in.Body.Reason)
		})
	}
}

// interveneWithin is how long an operator waits for a saga to come to its next step.
const interveneWithin = 8 * time.Second

// intervene records what an operator wants, and tells the saga.
func (d *Desk) intervene(ctx context.Context, orderID uuid.UUID, kind, update, reason string) (*orderOutput, error) {
	asker, _ := identity.From(ctx)
	asked, err := d.orders.RecordIntervention(ctx, order.RecordInterventionInput{
		Intervention: order.Intervention{ID: id.New(), OrderID: orderID, Kind: kind}, Actor: asker.UserID.String(), Reason: reason,
	})
	if err != nil {
		return nil, err
	}
	var done bool
	switch kind {
	case "force_cancel":
		return d.forceCancel(ctx, orderID, asker.UserID.String(), reason)
	case "retry":
		d.sagas.hurry(ctx, orderID)
		if done, err = d.sagas.tell(ctx, workflows.CheckoutID(orderID), update, asked); errors.Is(err, order.ErrNotUnderway) {
			_, err = d.orders.RetryOrder(ctx, asked) // another saga of the order was told to hurry
		}
	default:
		done, err = d.sagas.tell(ctx, workflows.CheckoutID(orderID), update, asked)
	}
	if err != nil {
		return nil, err
	}
	o, err := d.orders.ReadOrder(ctx, order.ReadOrderInput{OrderID: orderID})
	if err != nil {
		return nil, err
	}
	out := shape(o)
	if !done {
		out.Status, out.RetryAfter, out.Location = 202, "1", "/api/v1/orders/"+orderID.String()
	}
	return out, nil
}

// forceCancel ends an order's checkout by force, when one runs, and cancels the
// order. What the checkout had begun is undone by its business keys.
func (d *Desk) forceCancel(ctx context.Context, orderID uuid.UUID, actor, reason string) (*orderOutput, error) {
	o, err := d.orders.RequestCancel(ctx, order.RequestCancelInput{OrderID: orderID, Actor: actor, Reason: reason})
	if err != nil {
		return nil, err
	}
	if !o.Status.Settled() {
		if err := d.sagas.terminate(ctx, workflows.CheckoutID(orderID), "an operator has cancelled the order by force"); err != nil {
			return nil, err
		}
	}
	if !o.Status.Closed() {
		if o, err = d.sagas.cancel(ctx, o, interveneWithin); err != nil {
			return nil, err
		}
	}
	out := shape(o)
	if !o.Status.Closed() {
		out.Status, out.RetryAfter, out.Location = 202, "1", "/api/v1/orders/"+orderID.String()
	}
	return out, nil
}

// tell gives a running saga an update, and reports whether it has acted on it
// already. A saga that does not run answers order.ErrNotUnderway.
func (s *Sagas) tell(ctx context.Context, workflowID, update string, asked order.Intervention) (done bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), interveneWithin)
	defer cancel()
	handle, err := s.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID: asked.ID.String(), WorkflowID: workflowID, UpdateName: update, Args: []any{asked}, WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if err == nil {
		err = handle.Get(ctx, nil)
		if err != nil && ctx.Err() != nil {
			return false, nil // it is accepted, and happens at the saga's next step
		}
	}
	var gone *serviceerror.NotFound
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &gone):
		return false, order.ErrNotUnderway
	}
	err = durable.Fault(err)
	if fault.Of(err).Code == fault.Internal && durable.Unavailable(err) || errors.Is(err, fault.ErrUnavailable) {
		return false, errEngineOut.Because(err)
	}
	return false, err
}

// terminate ends a saga by force. One that does not run is no trouble.
func (s *Sagas) terminate(ctx context.Context, workflowID, why string) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	err := s.temporal.TerminateWorkflow(ctx, workflowID, "", why)
	var gone *serviceerror.NotFound
	switch {
	case err == nil, errors.As(err, &gone):
		return nil
	case durable.Unavailable(err):
		return errEngineOut.Because(err)
	default:
		return fmt.Errorf("terminate %s: %w", workflowID, err)
	}
}

// hurry lets the activities of an order's sagas that wait for their next
// attempt be tried at once. It is a favour: what it does not reach is tried anyway.
func (s *Sagas) hurry(ctx context.Context, orderID uuid.UUID) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for _, workflowID := range []string{workflows.CheckoutID(orderID), workflows.CancelID(orderID)} {
		_, _ = s.temporal.WorkflowService().ResetActivity(ctx, &workflowservice.ResetActivityRequest{
			Namespace: s.namespace, Execution: &common.WorkflowExecution{WorkflowId: workflowID},
			Activity: &workflowservice.ResetActivityRequest_MatchAll{MatchAll: true},
		})
	}
}
