package notification

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"kassa/internal/pg"
	"kassa/sql/notificationdb"
)

const (
	deliverMost  = 16          // deliveries under way at once
	deliverEach  = 4           // of them to one endpoint
	deliverLease = time.Minute // after it, whoever claimed a delivery is taken for dead
)

// webhookRetryAfter is when a delivery that failed is tried again: the schedule
// that Standard Webhooks recommends, over about three days.
var webhookRetryAfter = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// DisableAfter is how long an endpoint may fail, without a success in between,
// before it is switched off.
const DisableAfter = 5 * 24 * time.Hour

// DeliverDueWebhooksInput asks for a round of deliveries.
type DeliverDueWebhooksInput struct{}

// DeliveredWebhooks is what came of a round.
type DeliveredWebhooks struct {
	Claimed int `json:"claimed"`
}

// DeliverDueWebhooks delivers what is due, at most 16. Each is claimed first,
// so any number of processes may do this at once.
func (s *Service) DeliverDueWebhooks(ctx context.Context, _ DeliverDueWebhooksInput) (DeliveredWebhooks, error) {
	var due []notificationdb.WebhookDelivery
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		due, err = notificationdb.New(conn).ClaimWebhookDeliveries(ctx, deliverLease.Seconds(), deliverEach, deliverMost)
		return err
	})
	if err != nil {
		return DeliveredWebhooks{}, fmt.Errorf("claim deliveries: %w", err)
	}
	var group errgroup.Group
	for _, d := range due {
		group.Go(func() error { return s.attempt(ctx, d) })
	}
	return DeliveredWebhooks{Claimed: len(due)}, group.Wait()
}

// answer is how an endpoint took a delivery.
type answer struct {
	status int           // HTTP; 0 when there was none
	reason string        // a stable word; "" for a success
	took   time.Duration // of the attempt
}

// attempt calls the endpoint and records what came of it.
func (s *Service) attempt(ctx context.Context, d notificationdb.WebhookDelivery) error {
	var endpoint notificationdb.WebhookEndpoint
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		endpoint, err = notificationdb.New(conn).GetWebhookEndpoint(ctx, d.EndpointID)
		return err
	})
	if pg.NotFound(err) {
		return nil // deleted meanwhile, with its deliveries
	}
	if err != nil {
		return fmt.Errorf("read webhook endpoint %s: %w", d.EndpointID, err)
	}
	got := s.call(ctx, endpoint, d)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.settle(ctx, notificationdb.New(tx), endpoint, d, got); err != nil {
			return fmt.Errorf("record delivery %s: %w", d.ID, err)
		}
		return nil
	})
}

// call makes one request, signed with the endpoint's secrets.
func (s *Service) call(ctx context.Context, endpoint notificationdb.WebhookEndpoint, d notificationdb.WebhookDelivery) answer {
	begin := time.Now()
	body := []byte(d.Payload)
	signature, err := Sign(s.secret(endpoint.ID, endpoint.SecretNumber), d.EventID.String(), begin, body)
	if err == nil && endpoint.PreviousUntil != nil && begin.Before(*endpoint.PreviousUntil) {
		var before string
		before, err = Sign(s.secret(endpoint.ID, endpoint.SecretNumber-1), d.EventID.String(), begin, body)
		signature += " " + before
	}
	if err != nil {
		return answer{reason: "not_signed"}
	}
	if s.outside.check(endpoint.Url) != nil { // it was made where loopback was allowed
		return answer{reason: "address_refused"}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.Url, bytes.NewReader(body))
	if err != nil {
		return answer{reason: "address_refused"}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Kassa-Webhooks/1")
	request.Header.Set("Webhook-Id", d.EventID.String())
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(begin.Unix(), 10))
	request.Header.Set("Webhook-Signature", signature)
	status, err := s.outside.post(ctx, request)
	got := answer{status: status, took: time.Since(begin)}
	switch {
	case errors.Is(err, errInside):
		got.reason = "address_refused"
	case err != nil && (errors.Is(err, context.DeadlineExceeded) || isTimeout(err)):
		got.reason = "timed_out"
	case err != nil:
		got.reason = "no_answer"
	case status >= 300 && status < 400:
		got.reason = "redirected"
	case status < 200 || status > 299:
		got.reason = "status_" + strconv.Itoa(status)
	}
	return got
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// settle records an answer: delivered, to be tried again, or given up, and how
// the endpoint is.
func (s *Service) settle(ctx context.Context, db *notificationdb.Queries, endpoint notificationdb.WebhookEndpoint, d notificationdb.WebhookDelivery, got answer) error {
	end := notificationdb.SettleWebhookDeliveryParams{
		ID: d.ID, Attempts: d.Attempts, Status: "delivered", ResponseStatus: int32(got.status), Reason: got.reason, DurationMs: got.took.Milliseconds(),
	}
	if got.reason == "" {
		deliveries.WithLabelValues("delivered").Inc()
		if err := db.MarkEndpointWell(ctx, endpoint.ID); err != nil {
			return err
		}
		_, err := db.SettleWebhookDelivery(ctx, end)
		return err
	}
	if err := db.MarkEndpointFailing(ctx, now(), endpoint.ID); err != nil {
		return err
	}
	if err := s.disable(ctx, db, endpoint, d, got); err != nil {
		return err
	}
	if int(d.Tries) > len(webhookRetryAfter) {
		deliveries.WithLabelValues("failed").Inc()
		end.Status = "failed"
		_, err := db.SettleWebhookDelivery(ctx, end)
		return err
	}
	deliveries.WithLabelValues("delayed").Inc()
	_, err := db.DelayWebhookDelivery(ctx, notificationdb.DelayWebhookDeliveryParams{
		ID: d.ID, Attempts: d.Attempts, ResponseStatus: end.ResponseStatus, Reason: end.Reason, DurationMs: end.DurationMs,
		WaitSeconds: jitter(webhookRetryAfter[max(int(d.Tries), 1)-1]).Seconds(),
	})
	return err
}

// disable switches off an endpoint that has been failing for long, or says that
// it is gone, and tells whoever made it.
func (s *Service) disable(ctx context.Context, db *notificationdb.Queries, endpoint notificationdb.WebhookEndpoint, d notificationdb.WebhookDelivery, got answer) error {
	params := notificationdb.DisableFailingEndpointParams{ID: endpoint.ID, At: now(), Why: "failing", FailingBefore: now().Add(-DisableAfter)}
	if got.status == http.StatusGone {
		params.Why, params.FailingBefore = "gone", now().Add(time.Hour) // whatever was before
	}
	_, err := db.DisableFailingEndpoint(ctx, params)
	if pg.NotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	known, err := json.Marshal(facts{URL: endpoint.Url})
	if err != nil {
		return fmt.Errorf("facts of %s: %w", endpoint.ID, err)
	}
	m := message{event: d.ID, user: endpoint.CreatedBy, kind: kindWebhookDisabled, about: endpoint.ID, facts: known}
	return s.insert(ctx, db, m, "system", nil, []Channel{Email})
}
