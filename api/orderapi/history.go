package orderapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/money"
	"kassa/internal/process"
)

// SagaStep is what an order's saga is doing now.
type SagaStep struct {
	WorkflowID    string     `json:"workflow_id" doc:"The Temporal workflow." example:"checkout/0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Operation     string     `json:"operation,omitempty" doc:"The operation it is trying; absent while it is between two or waits." example:"AuthorizePayment"`
	Attempt       int        `json:"attempt,omitempty" doc:"Which attempt this is, from 1." example:"3"`
	LastError     string     `json:"last_error,omitempty" doc:"Reason of the last attempt's failure." example:"unavailable"`
	NextAttemptAt *time.Time `json:"next_attempt_at,omitempty" doc:"When the next attempt starts, UTC."`
}

// MoneyMove is a step in the history of an order's payment.
type MoneyMove struct {
	Kind      string      `json:"kind" doc:"What happened." example:"captured"`
	Status    string      `json:"status" doc:"Status of the payment afterwards." example:"captured"`
	Amount    money.Money `json:"amount" doc:"What was held, taken, let go or given back; 0 when no money moved."`
	Code      string      `json:"code,omitempty" doc:"Decline code or error, when it did not go well." example:"insufficient_funds"`
	CreatedAt time.Time   `json:"created_at" doc:"When it was recorded, UTC."`
}

// OrderTimeline is what happened to an order, and what is happening.
type OrderTimeline struct {
	order.Timeline
	Payment []MoneyMove `json:"payment,omitempty" doc:"What happened to its money, oldest first; absent when there is no payment, or the payment service does not answer."`
	Saga    *SagaStep   `json:"saga,omitempty" doc:"What its saga is doing; absent when none runs."`
}

type timelineOutput struct{ Body OrderTimeline }

type streamInput struct {
	ID          uuid.UUID `path:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	LastEventID int64     `header:"Last-Event-ID" minimum:"0" doc:"The version after which to go on; left out for all." example:"1"`
}

type streamOutput struct {
	Body func(huma.Context)
}

const exampleStream = "retry: 1000\n\nid: 2\nevent: order.confirmed\ndata: {\"version\":2,\"type\":\"order.confirmed\",\"at\":\"2026-03-14T09:26:53Z\",\"actor\":\"saga\"}\n\n: still here\n\n"

func registerHistory(a *httpapi.API, orders *order.Service, desk *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "read-timeline", Method: "GET", Path: "/v1/orders/{id}/timeline", Tag: "Orders", Summary: "Read what happened to an order",
		Description: "Its events, what happened to its money and, while its saga runs, the step under way with its attempts.",
		Access:      httpapi.Customer, Errors: []*fault.Error{order.ErrOrderNotFound},
	}, func(ctx context.Context, in *orderPath) (*timelineOutput, error) {
		history, err := orders.ReadTimeline(ctx, order.ReadTimelineInput{OrderID: in.ID, UserID: onlyOf(ctx)})
		if err != nil {
			return nil, err
		}
		return &timelineOutput{Body: OrderTimeline{Timeline: history, Payment: desk.money(ctx, in.ID), Saga: desk.sagas.step(ctx, in.ID)}}, nil
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "stream-order-events", Method: "GET", Path: "/v1/orders/{id}/events", Tag: "Orders", Summary: "Follow what happens to an order",
		Description: "Server-sent events: each has the order's version as its id, its type as its name and the timeline's entry as its data. " +
			"It goes on after Last-Event-ID. A comment comes every 15 seconds while nothing happens. The stream ends when the order is closed, " +
			"and after ten minutes; a client that comes back goes on where it was. 204 says that nothing can come any more.",
		Access: httpapi.Customer, Errors: []*fault.Error{order.ErrOrderNotFound, httpapi.ErrTooManyStreams}, Content: map[string]any{"text/event-stream": exampleStream},
	}, func(ctx context.Context, in *streamInput) (*streamOutput, error) { return desk.stream(ctx, in) })
}

// money is what happened to an order's payment. The timeline does without it
// when the payment service does not answer.
func (d *Desk) money(ctx context.Context, orderID uuid.UUID) []MoneyMove {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var history struct {
		Transactions []MoneyMove `json:"transactions"`
	}
	ask := struct {
		OrderID uuid.UUID `json:"order_id"`
	}{orderID}
	if err := d.caller.Call(ctx, "payment", "ListTransactions", ask, &history); err != nil {
		return nil
	}
	return history.Transactions
}

const (
	heartbeat   = 15 * time.Second // between signs of life on a stream
	streamFor   = 10 * time.Minute // then the client comes back, with a token that is still good
	lookAtOrder = 2 * time.Second  // how often a stream looks for what happened in another process
)

// stream follows an order. What was missed between reading and following is
// found by the next look.
func (d *Desk) stream(ctx context.Context, in *streamInput) (*streamOutput, error) {
	owner := onlyOf(ctx)
	moves, stop := d.sagas.news.Follow(in.ID)
	past, err := d.orders.ReadTimeline(ctx, order.ReadTimelineInput{OrderID: in.ID, UserID: owner, After: in.LastEventID})
	if err != nil {
		stop()
		return nil, err
	}
	return &streamOutput{Body: func(h huma.Context) {
		defer stop()
		if past.Status.Closed() && len(past.Entries) == 0 {
			h.SetStatus(http.StatusNoContent)
			return
		}
		h.SetHeader("Content-Type", "text/event-stream")
		h.SetHeader("X-Accel-Buffering", "no") // a proxy in front of us must not collect it
		h.SetStatus(http.StatusOK)
		ctx, cancel := context.WithTimeout(ctx, streamFor)
		defer cancel()
		s := &eventStream{w: h.BodyWriter(), after: in.LastEventID}
		s.write("retry: 1000\n\n")
		d.follow(ctx, s, past, moves)
	}}, nil
}

// follow writes what happens to the order until it is closed, the client or this
// process leaves, or the time is up.
func (d *Desk) follow(ctx context.Context, s *eventStream, past order.Timeline, moves <-chan order.State) {
	leaving := process.Leaving(ctx).Done()
	look, alive := time.NewTicker(lookAtOrder), time.NewTicker(heartbeat)
	defer look.Stop()
	defer alive.Stop()
	for {
		s.tell(past)
		if past.Status.Closed() || s.err != nil {
			return
		}
		past.Entries = nil
		select {
		case <-ctx.Done():
			return
		case <-leaving: // the client goes on in another process
			return
		case <-alive.C:
			s.write(": still here\n\n")
			continue
		case state := <-moves:
			if state.Version <= s.after {
				continue
			}
		case <-look.C:
			state, err := d.orders.ReadState(ctx, order.ReadOrderInput{OrderID: past.OrderID})
			if err != nil || state.Version <= s.after {
				continue
			}
		}
		if more, err := d.orders.ReadTimeline(ctx, order.ReadTimelineInput{OrderID: past.OrderID, After: s.after}); err == nil {
			past = more
		}
	}
}

// eventStream is an open answer of server-sent events.
type eventStream struct {
	w     io.Writer
	after int64 // the last version told
	err   error // the client is gone
}

// tell writes entries of the timeline.
func (s *eventStream) tell(t order.Timeline) {
	for _, entry := range t.Entries {
		data, err := json.Marshal(entry)
		if err != nil {
			s.err = err
			return
		}
		s.write("id: " + strconv.FormatInt(entry.Version, 10) + "\nevent: " + entry.Type + "\ndata: " + string(data) + "\n\n")
		s.after = entry.Version
	}
}

func (s *eventStream) write(text string) {
	if s.err != nil {
		return
	}
	if _, s.err = fmt.Fprint(s.w, text); s.err != nil {
		return
	}
	if flusher, ok := s.w.(http.Flusher); ok {
		flusher.Flush()
	}
}
