package provider

import (
	"context"
	"time"

	"kassa/internal/pg"
	"kassa/sql/pspdb"
)

// read reads an intent and its latest charge; a nil payment means there is no such intent.
func (s *Server) read(ctx context.Context, id string) (*payment, error) {
	intent, err := s.queries.GetPaymentIntent(ctx, id)
	if pg.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := s.payment(intent)
	if intent.LatestCharge != "" {
		charge, err := s.queries.GetCharge(ctx, intent.LatestCharge)
		if err != nil {
			return nil, err
		}
		p.charge = &charge
	}
	return p, nil
}

func (s *Server) payment(intent pspdb.PaymentIntent) *payment {
	return &payment{intent: intent, page: s.cfg.PublicURL, now: time.Now().UTC().Truncate(time.Microsecond)}
}

// write stores what a request changed, with its events, and the reply for its key, in one
// transaction. It answers false, and has written nothing, when the intent has changed since it
// was read or the key was used before.
func (s *Server) write(ctx context.Context, c *call, p *payment, r *reply) (bool, error) {
	in := p.intent
	due, copies := c.plan.delivery(p.now)
	args := pspdb.SavePaymentParams{
		ID: in.ID, ReadVersion: in.Version, Now: p.now,
		OrderID: in.OrderID, Amount: in.Amount, Currency: in.Currency, CaptureMethod: in.CaptureMethod,
		ConfirmationMethod: in.ConfirmationMethod, Status: in.Status, PaymentMethod: in.PaymentMethod,
		Redirects: in.Redirects, Multicapture: in.Multicapture, OffSession: in.OffSession, Description: in.Description, Metadata: in.Metadata,
		ReturnUrl: in.ReturnUrl, ClientSecret: in.ClientSecret, AmountCapturable: in.AmountCapturable,
		AmountReceived: in.AmountReceived, AmountRefunded: in.AmountRefunded, LatestCharge: in.LatestCharge,
		LastError: in.LastError, CancellationReason: in.CancellationReason, SettleAt: in.SettleAt,
		SettleAs: in.SettleAs, CreatedAt: in.CreatedAt, CanceledAt: in.CanceledAt,
		RefundMetadata: []byte("{}"), EventCopies: copies,
	}
	if r != nil && c.key != "" && !c.plan.has("forget_key") {
		args.Key, args.Path, args.Fingerprint, args.RequestID = c.key, c.path, c.fingerprint, c.requestID
		args.ReplyStatus, args.ReplyBody = int32(r.status), string(r.body) //nolint:gosec // an HTTP status
	}
	if ch := p.charge; ch != nil {
		args.ChargeID, args.ChargeStatus, args.ChargeMethod = ch.ID, ch.Status, ch.PaymentMethod
		args.ChargeCaptured, args.ChargeReleased, args.ChargeRefunded = ch.AmountCaptured, ch.AmountReleased, ch.AmountRefunded
		args.ChargeDeclineCode, args.ChargeCreatedAt = ch.DeclineCode, ch.CreatedAt
	}
	if re := p.refund; re != nil {
		args.RefundID, args.RefundAmount, args.RefundStatus, args.RefundReason = re.ID, re.Amount, re.Status, re.Reason
		args.RefundMetadata, args.RefundSettleAt, args.RefundSettleAs = re.Metadata, re.SettleAt, re.SettleAs
		args.RefundCreatedAt = re.CreatedAt
	}
	for _, e := range p.entries {
		args.EntryRefunds = append(args.EntryRefunds, e.RefundID)
		args.EntryKinds = append(args.EntryKinds, e.Kind)
		args.EntryDebits = append(args.EntryDebits, e.Debit)
		args.EntryCredits = append(args.EntryCredits, e.Credit)
		args.EntryAmounts = append(args.EntryAmounts, e.Amount)
	}
	bodies, err := c.encodeEvents(p)
	if err != nil {
		return false, err
	}
	for i, e := range p.events {
		args.EventIds = append(args.EventIds, bodies[i].ID)
		args.EventTypes = append(args.EventTypes, e.kind)
		args.EventBodies = append(args.EventBodies, bodies[i].body)
	}
	if !due.IsZero() {
		args.EventDueAt = &due
	}
	return s.commit(ctx, c, args, bodies)
}

// commit runs the statement; the dispatcher, or the request itself, then delivers the events.
func (s *Server) commit(ctx context.Context, c *call, args pspdb.SavePaymentParams, events []eventBody) (bool, error) {
	first := c.plan.has("webhook_first") && args.EventDueAt != nil
	if first {
		later := args.EventDueAt.Add(time.Minute) // should this process die in between, the dispatcher delivers them
		args.EventDueAt = &later
	}
	written, err := s.queries.SavePayment(ctx, args)
	if err != nil || written == 0 {
		return false, err
	}
	switch {
	case first:
		s.dispatcher.deliverNow(ctx, args.EventTypes, events)
	case len(events) > 0:
		s.dispatcher.wake()
	}
	return true, nil
}
