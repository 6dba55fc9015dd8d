package provider

import (
	"context"
	"slices"
	"strconv"
	"time"

	"kassa/internal/pg"
	"kassa/sql/pspdb"
)

// retrieveIntent is GET /v1/payment_intents/{id}.
func (s *Server) retrieveIntent(ctx context.Context, c *call) (any, *refusal) {
	p, refused := loadIntent(ctx, s, c)
	if refused != nil {
		return nil, refused
	}
	shown := p.json()
	if p.charge != nil && len(c.params.list("expand")) > 0 {
		shown.LatestCharge = chargeObject(*p.charge)
	}
	return shown, nil
}

// listIntents is GET /v1/payment_intents, newest first. Stripe has no filter by metadata here.
func (s *Server) listIntents(ctx context.Context, c *call) (any, *refusal) {
	limit, before := c.params.limit(), int64(0)
	args := pspdb.ListPaymentIntentsParams{
		CreatedFrom: bound(c.params, "gte", 0, time.Unix(0, 0)), CreatedUntil: bound(c.params, "lte", 1, time.Now().Add(time.Hour)),
	}
	if t := bound(c.params, "gt", 1, time.Time{}); !t.IsZero() {
		args.CreatedFrom = t
	}
	if t := bound(c.params, "lt", 0, time.Time{}); !t.IsZero() {
		args.CreatedUntil = t
	}
	expand := c.params.expand("data.latest_charge")
	if c.params.refused != nil {
		return nil, c.params.refused
	}
	if cursor := c.params.text("starting_after"); cursor != "" {
		last, err := s.queries.GetPaymentIntent(ctx, cursor)
		if pg.NotFound(err) {
			return nil, missing("payment_intent", "starting_after", cursor)
		}
		if err != nil {
			return nil, s.broken("read payment", err)
		}
		before = last.Seq
	}
	args.Before, args.MaxRows = before, limit+1
	rows, err := s.queries.ListPaymentIntents(ctx, args)
	if err != nil {
		return nil, s.broken("list payments", err)
	}
	page := listJSON[*intentJSON]{Object: "list", URL: "/v1/payment_intents", HasMore: len(rows) > int(limit)}
	page.Data, err = s.show(ctx, rows[:min(len(rows), int(limit))], len(expand) > 0)
	if err != nil {
		return nil, s.broken("read charges", err)
	}
	return page, nil
}

// bound reads created[op] as seconds since 1970, plus a second to make an exclusive bound of an
// inclusive one and the other way round.
func bound(params *params, op string, plus int64, fallback time.Time) time.Time {
	name := "created[" + op + "]"
	if !params.has(name) {
		return fallback
	}
	seconds, err := strconv.ParseInt(params.text(name), 10, 64)
	if err != nil {
		params.refuse(invalid("parameter_invalid_integer", name, "Invalid integer: %s", params.text(name)))
	}
	return time.Unix(seconds+plus, 0)
}

// show turns rows into objects, with their latest charges when asked for.
func (s *Server) show(ctx context.Context, rows []pspdb.PaymentIntent, expand bool) ([]*intentJSON, error) {
	shown := make([]*intentJSON, 0, len(rows))
	var ids []string
	for _, row := range rows {
		shown = append(shown, intentObject(row, s.cfg.PublicURL))
		if expand && row.LatestCharge != "" {
			ids = append(ids, row.LatestCharge)
		}
	}
	if len(ids) == 0 {
		return shown, nil
	}
	charges, err := s.queries.ListCharges(ctx, ids)
	for _, charge := range charges {
		at := slices.IndexFunc(shown, func(in *intentJSON) bool { return in.ID == charge.IntentID })
		shown[at].LatestCharge = chargeObject(charge)
	}
	return shown, err
}

// listRefunds is GET /v1/refunds, newest first.
func (s *Server) listRefunds(ctx context.Context, c *call) (any, *refusal) {
	limit := c.params.limit()
	args := pspdb.ListRefundsParams{
		IntentID: c.params.text("payment_intent"), ChargeID: c.params.text("charge"), MaxRows: limit + 1,
	}
	if c.params.refused != nil {
		return nil, c.params.refused
	}
	if cursor := c.params.text("starting_after"); cursor != "" {
		last, err := s.queries.GetRefund(ctx, cursor)
		if pg.NotFound(err) {
			return nil, missing("refund", "starting_after", cursor)
		}
		if err != nil {
			return nil, s.broken("read refund", err)
		}
		args.Before = last.Seq
	}
	rows, err := s.queries.ListRefunds(ctx, args)
	if err != nil {
		return nil, s.broken("list refunds", err)
	}
	page := listJSON[*refundJSON]{Object: "list", URL: "/v1/refunds", HasMore: len(rows) > int(limit), Data: []*refundJSON{}}
	for _, row := range rows[:min(len(rows), int(limit))] {
		page.Data = append(page.Data, refundObject(row))
	}
	return page, nil
}

// listCharges is GET /v1/charges?payment_intent=…, newest first.
func (s *Server) listCharges(ctx context.Context, c *call) (any, *refusal) {
	id := c.params.required("payment_intent")
	if c.params.refused != nil {
		return nil, c.params.refused
	}
	rows, err := s.queries.ListChargesByIntent(ctx, id)
	if err != nil {
		return nil, s.broken("list charges", err)
	}
	page := listJSON[*chargeJSON]{Object: "list", URL: "/v1/charges", Data: []*chargeJSON{}}
	for _, row := range rows {
		page.Data = append(page.Data, chargeObject(row))
	}
	return page, nil
}

// retrieveCharge is GET /v1/charges/{id}.
func (s *Server) retrieveCharge(ctx context.Context, c *call) (any, *refusal) {
	found, err := s.queries.GetCharge(ctx, c.id)
	if pg.NotFound(err) {
		return nil, missing("charge", "id", c.id)
	}
	if err != nil {
		return nil, s.broken("read charge", err)
	}
	return chargeObject(found), nil
}
