package provider

import (
	"context"
	"encoding/json"
	"net/http"

	"kassa/internal/pg"
	"kassa/sql/pspdb"
)

// eventJSON is an Event as sent (docs.stripe.com/api/events/object).
type eventJSON struct {
	ID              string        `json:"id"`
	Object          string        `json:"object"`
	APIVersion      string        `json:"api_version"`
	Created         int64         `json:"created"`
	Data            eventDataJSON `json:"data"`
	Livemode        bool          `json:"livemode"`
	PendingWebhooks int           `json:"pending_webhooks"`
	Request         requestJSON   `json:"request"`
	Type            string        `json:"type"`
}

type eventDataJSON struct {
	Object any `json:"object"`
}

type requestJSON struct {
	ID             *string `json:"id"`
	IdempotencyKey *string `json:"idempotency_key"`
}

// eventBody is an event ready to be signed and sent.
type eventBody struct {
	ID   string
	body string
}

// encodeEvents makes the events of what a request changed.
func (c *call) encodeEvents(p *payment) ([]eventBody, error) {
	encoded := make([]eventBody, 0, len(p.events))
	for _, e := range p.events {
		id := newID("evt_")
		body, err := json.Marshal(eventJSON{
			ID: id, Object: "event", APIVersion: apiVersion, Created: p.now.Unix(), Data: eventDataJSON{Object: e.object},
			PendingWebhooks: 1, Type: e.kind,
			Request: requestJSON{ID: textOrNull(c.requestID), IdempotencyKey: textOrNull(c.key)},
		})
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, eventBody{ID: id, body: string(body)})
	}
	return encoded, nil
}

// retrieveEvent is GET /v1/events/{id}.
func (s *Server) retrieveEvent(ctx context.Context, c *call) (any, *refusal) {
	found, err := s.queries.GetEvent(ctx, c.id)
	if pg.NotFound(err) {
		return nil, missing("event", "id", c.id)
	}
	if err != nil {
		return nil, s.broken("read event", err)
	}
	return json.RawMessage(found.Body), nil
}

// listEvents is GET /v1/events, newest first: how a caller finds what its endpoint never heard of.
func (s *Server) listEvents(ctx context.Context, c *call) (any, *refusal) {
	limit := c.params.limit()
	args := pspdb.ListEventsParams{Type: c.params.text("type"), MaxRows: limit + 1}
	if c.params.refused != nil {
		return nil, c.params.refused
	}
	if cursor := c.params.text("starting_after"); cursor != "" {
		last, err := s.queries.GetEvent(ctx, cursor)
		if pg.NotFound(err) {
			return nil, missing("event", "starting_after", cursor)
		}
		if err != nil {
			return nil, s.broken("read event", err)
		}
		args.Before = last.Seq
	}
	rows, err := s.queries.ListEvents(ctx, args)
	if err != nil {
		return nil, s.broken("list events", err)
	}
	page := listJSON[json.RawMessage]{Object: "list", URL: "/v1/events", HasMore: len(rows) > int(limit), Data: []json.RawMessage{}}
	for _, row := range rows[:min(len(rows), int(limit))] {
		page.Data = append(page.Data, json.RawMessage(row.Body))
	}
	return page, nil
}

// resendEvent is POST /_sandbox/events/{id}/resend: the event is delivered once more.
func (s *Server) resendEvent(w http.ResponseWriter, r *http.Request) {
	found, err := s.queries.UpdateEventDue(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		s.sendJSON(w, http.StatusServiceUnavailable, problem("the database did not answer"))
	case found == 0:
		s.sendJSON(w, http.StatusNotFound, problem("no such event"))
	default:
		s.dispatcher.wake()
		w.WriteHeader(http.StatusAccepted)
	}
}
