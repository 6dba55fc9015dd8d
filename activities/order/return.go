package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// The statuses of a return.
const (
	returnRequested = "requested"
	returnApproved  = "approved"
	returnReceived  = "received"
	returnRejected  = "rejected"
	returnCompleted = "completed"
)

// GoodsReturn is goods that come back.
type GoodsReturn struct {
	ID          uuid.UUID   `json:"id" format:"uuid" doc:"Return id." example:"0199f3c2-9e1e-7d55-9d0e-5b8a3f4f7a10"`
	OrderID     uuid.UUID   `json:"order_id" format:"uuid" doc:"The order." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Status      string      `json:"status" enum:"requested,approved,received,rejected,completed" doc:"received: the money goes back next." example:"approved"`
	Lines       []PieceLine `json:"lines" doc:"What comes back."`
	Reason      string      `json:"reason,omitempty" doc:"Why, in the customer's words." example:"Too small."`
	Note        string      `json:"note,omitempty" doc:"What support wrote about it."`
	Restock     bool        `json:"restock" doc:"Whether the goods can be sold again." example:"true"`
	Version     int64       `json:"version" doc:"Number of changes; also the ETag." example:"2"`
	CreatedAt   time.Time   `json:"created_at" doc:"When it was asked for, UTC."`
	UpdatedAt   time.Time   `json:"updated_at" doc:"When it last changed, UTC."`
	CompletedAt *time.Time  `json:"completed_at,omitempty" doc:"When it was completed or rejected, UTC."`
}

// RequestReturnInput asks to send goods back.
type RequestReturnInput struct {
	ReturnID uuid.UUID   `json:"return_id"`
	OrderID  uuid.UUID   `json:"order_id"`
	UserID   *uuid.UUID  `json:"user_id,omitempty"` // only when the order is this customer's; nil for anybody's
	Lines    []PieceLine `json:"lines"`             // none for everything that was shipped
	Reason   string      `json:"reason"`            // their words
	Actor    string      `json:"actor"`             // user id
}

// Homecoming is what the saga of a return needs to know of it.
type Homecoming struct {
	ReturnID      uuid.UUID   `json:"return_id"`
	OrderID       uuid.UUID   `json:"order_id"`
	UserID        uuid.UUID   `json:"user_id"`
	Total         money.Money `json:"total"`
	Items         []Item      `json:"items"`
	ExpireSeconds int64       `json:"expire_seconds"` // after so long without news it is rejected; 0 for never
}

// RequestReturn claims shipped pieces for a return, whose saga leads it to its
// end. The same id requests one return.
func (s *Service) RequestReturn(ctx context.Context, in RequestReturnInput) (Homecoming, error) {
	var coming Homecoming
	_, err := s.within(ctx, in.OrderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		if in.UserID != nil && o.UserID != *in.UserID {
			return o, ErrOrderNotFound
		}
		coming = Homecoming{ReturnID: in.ReturnID, OrderID: o.ID, UserID: o.UserID, Total: total(o), Items: []Item{}}
		goods, err := readGoods(ctx, q, o)
		if err != nil {
			return o, err
		}
		if _, err := q.GetReturn(ctx, in.ReturnID); err == nil {
			coming.Items, err = returning(ctx, q, o.ID, in.ReturnID)
			return o, err
		} else if !pg.NotFound(err) {
			return o, fmt.Errorf("return %s: %w", in.ReturnID, err)
		}
		pieces, err := goods.toReturn(in.Lines)
		if err != nil {
			return o, err
		}
		insert := orderdb.InsertReturnParams{ID: in.ReturnID, OrderID: o.ID, Reason: in.Reason, Actor: in.Actor, At: now()}
		for _, line := range goods.lines {
			if n := pieces[line.ID]; n > 0 {
				insert.LineIds, insert.Quantities = append(insert.LineIds, line.ID), append(insert.Quantities, n)
				coming.Items = append(coming.Items, Item{VariantID: line.VariantID, Quantity: n})
			}
		}
		if err := q.InsertReturn(ctx, insert); err != nil {
			return o, fmt.Errorf("request return %s: %w", in.ReturnID, err)
		}
		return forward(ctx, q, o, events.Order{ReturnID: &in.ReturnID}, step{
			event: events.OrderReturnRequested, actor: in.Actor,
			change: change{About: map[string]any{"return_id": in.ReturnID, "reason": in.Reason}},
		})
	})
	return coming, err
}

// returning is what a return holds.
func returning(ctx context.Context, q *orderdb.Queries, orderID, returnID uuid.UUID) ([]Item, error) {
	lines, err := q.ListReturnLines(ctx, []uuid.UUID{orderID})
	items := []Item{}
	for _, line := range lines {
		if line.ReturnID == returnID {
			items = append(items, Item{VariantID: line.VariantID, Quantity: line.Quantity})
		}
	}
	return items, err
}

// DecideReturnInput moves a return on.
type DecideReturnInput struct {
	ReturnID uuid.UUID `json:"return_id"`
	Action   string    `json:"action"`            // approve, receive or reject
	Note     string    `json:"note"`              // what support writes; "" keeps what is there
	Restock  *bool     `json:"restock,omitempty"` // with receive: whether the goods can be sold again; nil keeps what was said
	Actor    string    `json:"actor"`             // user id, or saga when the time is up
}

// decisions are what can be done about a return.
var decisions = map[string]struct {
	from  []string
	to    string
	event string
}{
	"approve": {from: []string{returnRequested}, to: returnApproved, event: events.OrderReturnApproved},
	"receive": {from: []string{returnApproved}, to: returnReceived, event: events.OrderReturnReceived},
	"reject":  {from: []string{returnRequested, returnApproved}, to: returnRejected, event: events.OrderReturnRejected},
}

// DecideReturn approves or rejects a return, or records that its goods are
// here; its saga does the rest. Twice is once.
func (s *Service) DecideReturn(ctx context.Context, in DecideReturnInput) (GoodsReturn, error) {
	decision := decisions[in.Action]
	var at *time.Time
	if decision.to == returnRejected {
		at = pointer(now())
	}
	return s.moveReturn(ctx, in.ReturnID, decision.from, orderdb.UpdateReturnParams{Status: decision.to, Note: unlessEmpty(in.Note), Restock: in.Restock, CompletedAt: at},
		func(goods, orderdb.Order) (events.Order, step) {
			return events.Order{}, step{event: decision.event, actor: in.Actor, change: change{About: map[string]any{"note": in.Note}}}
		})
}

// ReadReturnInput names a return.
type ReadReturnInput struct {
	ReturnID uuid.UUID `json:"return_id"`
}

// ReturnState is where a return stands, without anybody's words: what a saga may keep.
type ReturnState struct {
	ReturnID uuid.UUID `json:"return_id"`
	Status   string    `json:"status"`
	Restock  bool      `json:"restock"` // whether the goods can be sold again
}

func returnState(r GoodsReturn, err error) (ReturnState, error) {
	return ReturnState{ReturnID: r.ID, Status: r.Status, Restock: r.Restock}, err
}

// ReadReturnState is where a return stands.
func (s *Service) ReadReturnState(ctx context.Context, in ReadReturnInput) (ReturnState, error) {
	return returnState(s.ReadReturn(ctx, in))
}

// ExpireReturn rejects a return about which nobody has done anything in time.
// One that has gone on meanwhile stays as it is.
func (s *Service) ExpireReturn(ctx context.Context, in ReadReturnInput) (ReturnState, error) {
	state, err := returnState(s.DecideReturn(ctx, DecideReturnInput{ReturnID: in.ReturnID, Action: "reject", Actor: saga}))
	if errors.Is(err, ErrIllegalStep) {
		return s.ReadReturnState(ctx, in)
	}
	return state, err
}

// CompleteReturn records that the goods of a return are back where they belong,
// and their money too. Twice is once.
func (s *Service) CompleteReturn(ctx context.Context, in ReadReturnInput) (ReturnState, error) {
	return returnState(s.moveReturn(ctx, in.ReturnID, []string{returnReceived}, orderdb.UpdateReturnParams{Status: returnCompleted, CompletedAt: pointer(now())},
		func(goods goods, _ orderdb.Order) (events.Order, step) {
			complete := count(goods.returned) == goods.ordered()
			st := step{event: events.OrderReturned, actor: saga, change: change{About: map[string]any{"complete": complete}}}
			if complete {
				st.Status = pointer(Returned)
			}
			return events.Order{Complete: complete}, st
		}))
}

// moveReturn moves a return and its order's history.
func (s *Service) moveReturn(ctx context.Context, returnID uuid.UUID, from []string, to orderdb.UpdateReturnParams, fn func(goods goods, o orderdb.Order) (events.Order, step)) (GoodsReturn, error) {
	before, err := s.ReadReturn(ctx, ReadReturnInput{ReturnID: returnID})
	if err != nil {
		return GoodsReturn{}, err
	}
	_, err = s.within(ctx, before.OrderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		to.ID, to.At = returnID, now()
		var moved int64
		for _, status := range from {
			to.FromStatus = status
			n, err := q.UpdateReturn(ctx, to)
			if err != nil {
				return o, fmt.Errorf("return %s: %w", returnID, err)
			}
			moved += n
			if n > 0 {
				break
			}
		}
		if moved == 0 {
			now, err := q.GetReturn(ctx, returnID)
			if err == nil && now.Status != to.Status {
				err = ErrIllegalStep
			}
			return o, err
		}
		goods, err := readGoods(ctx, q, o)
		if err != nil {
			return o, err
		}
		about, st := fn(goods, o)
		about.ReturnID = &returnID
		st.About["return_id"] = returnID
		return forward(ctx, q, o, about, st)
	})
	if err != nil {
		return GoodsReturn{}, err
	}
	return s.ReadReturn(ctx, ReadReturnInput{ReturnID: returnID})
}

// ReadReturn is one return.
func (s *Service) ReadReturn(ctx context.Context, in ReadReturnInput) (GoodsReturn, error) {
	var out GoodsReturn
	err := s.read(ctx, func(q *orderdb.Queries) error {
		row, err := q.GetReturn(ctx, in.ReturnID)
		if pg.NotFound(err) {
			return ErrReturnNotFound
		}
		if err != nil {
			return fmt.Errorf("return %s: %w", in.ReturnID, err)
		}
		lines, err := q.ListReturnLines(ctx, []uuid.UUID{row.OrderID})
		out = returnFromRow(row, lines)
		return err
	})
	return out, err
}

// PlanReturnRefund plans the refund of a return's goods; the refund has the
// return's id. An amount of 0 says that nothing is left to be given back;
// ErrOrderUnfinished asks to come again.
func (s *Service) PlanReturnRefund(ctx context.Context, in ReadReturnInput) (Restitution, error) {
	back, err := s.ReadReturn(ctx, in)
	if err != nil {
		return Restitution{}, err
	}
	planned, err := s.PlanRefund(ctx, PlanRefundInput{RefundID: in.ReturnID, OrderID: back.OrderID, Lines: back.Lines, Why: back.Reason, Actor: saga, returned: true})
	if errors.Is(err, ErrRefundExceeds) || errors.Is(err, ErrNotRefundable) {
		return Restitution{RefundID: in.ReturnID, OrderID: back.OrderID}, nil
	}
	if errors.Is(err, ErrShipmentBusy) || errors.Is(err, ErrRefundUnderway) { // the goods are here: their money waits until that is over
		err = ErrOrderUnfinished.Because(err)
	}
	return planned, err
}

func returnFromRow(row orderdb.Return, lines []orderdb.ListReturnLinesRow) GoodsReturn {
	out := GoodsReturn{
		ID: row.ID, OrderID: row.OrderID, Status: row.Status, Lines: []PieceLine{}, Reason: row.Reason, Note: orEmpty(row.Note), Restock: row.Restock,
		Version: row.Version, CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(), CompletedAt: row.CompletedAt,
	}
	for _, line := range lines {
		if line.ReturnID == row.ID {
			out.Lines = append(out.Lines, PieceLine{LineID: line.LineID, Quantity: line.Quantity})
		}
	}
	return out
}
