package orderapi

import (
	"context"

	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/workflows"
)

// ReturnRequest says what somebody wants to send back.
type ReturnRequest struct {
	Lines  []order.PieceLine `json:"lines,omitempty" minItems:"1" maxItems:"100" nullable:"false" doc:"What comes back. Left out: everything that was shipped."`
	Reason string            `json:"reason" minLength:"1" maxLength:"500" doc:"Why." example:"Too small."`
}

// ReturnDecision is what happens to a return.
type ReturnDecision struct {
	Action  string `json:"action" enum:"approve,receive,reject" doc:"approve: it may be sent. receive: the goods are here; the money goes back. reject: it is refused." example:"approve"`
	Note    string `json:"note,omitempty" maxLength:"500" doc:"Shown to the customer." example:"Please use the label in the parcel."`
	Restock *bool  `json:"restock,omitempty" doc:"With receive: whether the goods can be sold again; yes when left out." example:"true"`
}

type returnInput struct {
	ID   uuid.UUID `path:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Body ReturnRequest
}

type decisionInput struct {
	ID   uuid.UUID `path:"id" format:"uuid" doc:"Return id." example:"0199f3c2-9e1e-7d55-9d0e-5b8a3f4f7a10"`
	Body ReturnDecision
}

type returnOutput struct {
	Location string `header:"Location" doc:"Where the order is."`
	ETag     string `header:"ETag" doc:"The return's version."`
	Body     order.GoodsReturn
}

func registerReturns(a *httpapi.API, desk *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "request-return", Method: "POST", Path: "/v1/orders/{id}/returns", Tag: "Fulfilment", Summary: "Ask to send goods back",
		Access: httpapi.Customer, Key: httpapi.RequiredKey, Status: 201, ResponseExample: exampleReturn,
		Errors: []*fault.Error{order.ErrOrderNotFound, order.ErrLineNotFound, order.ErrNotReturnable, order.ErrReturnsTooMuch, errEngineOut},
	}, func(ctx context.Context, in *returnInput) (*returnOutput, error) { return desk.requestReturn(ctx, in) })
	httpapi.Register(a, httpapi.Operation{
		ID: "decide-return", Method: "PATCH", Path: "/v1/returns/{id}", Tag: "Fulfilment", Summary: "Approve, receive or reject a return",
		Description: "A return is approved before its goods can be received. When they are, the money for them goes back and they go on sale again.",
		Access:      httpapi.Support, Key: httpapi.OptionalKey, Example: ReturnDecision{Action: "approve"}, ResponseExample: exampleReturn,
		Errors: []*fault.Error{order.ErrReturnNotFound, order.ErrIllegalStep, errEngineOut},
	}, func(ctx context.Context, in *decisionInput) (*returnOutput, error) { return desk.decideReturn(ctx, in) })
}

func (d *Desk) requestReturn(ctx context.Context, in *returnInput) (*returnOutput, error) {
	if err := d.sagas.available(); err != nil {
		return nil, err
	}
	asker, _ := identity.From(ctx)
	coming, err := d.orders.RequestReturn(ctx, order.RequestReturnInput{
		ReturnID: keyedID(ctx, "request-return"), OrderID: in.ID, UserID: onlyOf(ctx), Lines: in.Body.Lines, Reason: in.Body.Reason, Actor: asker.UserID.String(),
	})
	if err != nil {
		return nil, err
	}
	if err := d.comeHome(ctx, coming); err != nil {
		return nil, err
	}
	goods, err := d.orders.ReadReturn(ctx, order.ReadReturnInput{ReturnID: coming.ReturnID})
	return shapeReturn(goods), err
}

// decideReturn records what was decided, and tells the saga to look.
func (d *Desk) decideReturn(ctx context.Context, in *decisionInput) (*returnOutput, error) {
	asker, _ := identity.From(ctx)
	goods, err := d.orders.DecideReturn(ctx, order.DecideReturnInput{
		ReturnID: in.ID, Action: in.Body.Action, Note: in.Body.Note, Restock: in.Body.Restock, Actor: asker.UserID.String(),
	})
	if err != nil {
		return nil, err
	}
	coming, err := d.orders.RequestReturn(ctx, order.RequestReturnInput{ReturnID: in.ID, OrderID: goods.OrderID})
	if err != nil {
		return nil, err
	}
	if err := d.comeHome(ctx, coming); err != nil { // unless its saga runs already
		return nil, err
	}
	d.sagas.nudge(ctx, workflows.ReturnID(in.ID), workflows.ReturnChanged)
	return shapeReturn(goods), nil
}

// comeHome makes sure that the saga of a return runs.
func (d *Desk) comeHome(ctx context.Context, coming order.Homecoming) error {
	coming.ExpireSeconds = d.options.ReturnSeconds
	return d.sagas.start(ctx, beginning{
		id: workflows.ReturnID(coming.ReturnID), summary: "Return for order " + coming.OrderID.String(),
		workflow: workflows.Return, input: coming, userID: coming.UserID, total: coming.Total,
	})
}

func shapeReturn(goods order.GoodsReturn) *returnOutput {
	return &returnOutput{Location: "/api/v1/orders/" + goods.OrderID.String(), ETag: httpapi.ETag(goods.Version), Body: goods}
}
