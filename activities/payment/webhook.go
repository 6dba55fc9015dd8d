package payment

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stripe/stripe-go/v86/webhook"

	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// AcceptWebhookInput is a webhook as it came.
type AcceptWebhookInput struct {
	Payload   []byte `json:"payload"`   // the raw body
	Signature string `json:"signature"` // header Stripe-Signature
}

// WebhookReceipt says that an event is stored, now or since an earlier delivery.
type WebhookReceipt struct {
	ID string `json:"id" doc:"The provider's event id." example:"evt_1Q0PsIJvEtkwdCNYMSaVuRz6"`
}

// AcceptWebhook stores what the provider tells us; ApplyWebhooks does the rest.
// What the provider did not sign within the last five minutes is refused and
// leaves no trace.
func (s *Service) AcceptWebhook(ctx context.Context, in AcceptWebhookInput) (WebhookReceipt, error) {
	if !s.signed(in) {
		return WebhookReceipt{}, ErrWebhookForged
	}
	came, err := readNotice(in.Payload)
	if err != nil {
		return WebhookReceipt{}, err
	}
	if err := s.webhooks.store(ctx, s, came); err != nil {
		return WebhookReceipt{}, err
	}
	return WebhookReceipt{ID: came.ID}, nil
}

// signed reports whether one of our secrets has signed the payload, not more
// than five minutes ago nor in the future.
func (s *Service) signed(in AcceptWebhookInput) bool {
	for _, secret := range s.options.WebhookSecrets {
		// The tolerance looks back only; a time to come is a clock that is wrong or a forger's.
		err := webhook.ValidatePayloadWithTolerance(in.Payload, in.Signature, secret, webhook.DefaultTolerance)
		if err == nil {
			return !fromFuture(in.Signature)
		}
	}
	return false
}

// fromFuture reports whether a signature header is dated more than the
// tolerance ahead.
func fromFuture(header string) bool {
	var unix int64
	if _, err := fmt.Sscanf(header, "t=%d", &unix); err != nil {
		return true
	}
	return time.Until(time.Unix(unix, 0)) > webhook.DefaultTolerance
}

// notice is what we read of a webhook.
type notice struct {
	ID      string
	Type    string
	Object  noticeObject
	payload []byte
}

// noticeObject is the intent, charge or refund that a webhook shows.
type noticeObject struct {
	ID             string            `json:"id"`
	Object         string            `json:"object"` // payment_intent, charge, refund, …
	Status         string            `json:"status"`
	Currency       string            `json:"currency"`
	PaymentIntent  expandable        `json:"payment_intent"`
	Metadata       map[string]string `json:"metadata"`
	Amount         int64             `json:"amount"`
	AmountReceived int64             `json:"amount_received"`
	AmountCaptured int64             `json:"amount_captured"`
	AmountRefunded int64             `json:"amount_refunded"`
}

// expandable is an id, or the object that has it.
type expandable string

// UnmarshalJSON reads both forms.
func (e *expandable) UnmarshalJSON(raw []byte) error {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		*e = expandable(id)
		return nil
	}
	var object struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(raw, &object)
	*e = expandable(object.ID)
	return err
}

// readNotice reads a payload that the provider has signed.
func readNotice(payload []byte) (notice, error) {
	var event struct {
		ID     string `json:"id"`
		Object string `json:"object"`
		Type   string `json:"type"`
		Data   struct {
			Object json.RawMessage `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return notice{}, ErrWebhookUnreadable.Because(err)
	}
	if event.Object != "event" || event.ID == "" || len(event.ID) > 255 || event.Type == "" {
		return notice{}, ErrWebhookUnreadable
	}
	n := notice{ID: event.ID, Type: event.Type, payload: payload}
	if !slices.Contains(tellingTypes, n.Type) {
		return n, nil // whatever it is about
	}
	if err := json.Unmarshal(event.Data.Object, &n.Object); err != nil {
		return notice{}, ErrWebhookUnreadable.Because(err)
	}
	return n, nil
}

// intentID is the payment that the notice is about, or "".
func (n notice) intentID() string {
	if n.Object.Object == "payment_intent" {
		return n.Object.ID
	}
	return string(n.Object.PaymentIntent)
}

// orderID is the order in the metadata, or the zero UUID.
func (n notice) orderID() uuid.UUID {
	id, err := uuid.Parse(n.Object.Metadata["order_id"])
	if err != nil {
		return uuid.Nil
	}
	return id
}

// webhookInbox stores webhooks that come at once in one transaction: while one
// caller's is being written, those of the next callers gather.
type webhookInbox struct {
	mu      sync.Mutex
	waiting []arrival
	writing bool
	came    chan struct{} // holds a token when something came since ApplyWebhooks looked
}

type arrival struct {
	notice
	done chan error
}

func newWebhookInbox() *webhookInbox { return &webhookInbox{came: make(chan struct{}, 1)} }

// store answers when the notice is safe.
func (i *webhookInbox) store(ctx context.Context, s *Service, n notice) error {
	own := arrival{notice: n, done: make(chan error, 1)}
	i.mu.Lock()
	i.waiting = append(i.waiting, own)
	if !i.writing {
		i.writing = true
		go i.write(context.WithoutCancel(ctx), s) // it may find work for longer than this caller waits
	}
	i.mu.Unlock()
	select {
	case err := <-own.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write stores what waits until nothing does.
func (i *webhookInbox) write(ctx context.Context, s *Service) {
	for {
		i.mu.Lock()
		batch := i.waiting
		i.waiting = nil
		i.writing = len(batch) > 0
		i.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		err := s.insertWebhooks(ctx, batch)
		for _, each := range batch {
			each.done <- err
		}
		select {
		case i.came <- struct{}{}:
		default:
		}
	}
}

func (s *Service) insertWebhooks(ctx context.Context, batch []arrival) error {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	var rows paymentdb.InsertWebhooksParams
	for _, each := range batch {
		rows.Ids = append(rows.Ids, each.ID)
		rows.Types = append(rows.Types, each.Type)
		rows.ProviderPaymentIds = append(rows.ProviderPaymentIds, each.intentID())
		rows.OrderIds = append(rows.OrderIds, each.orderID())
		rows.Payloads = append(rows.Payloads, string(each.payload))
	}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error { return paymentdb.New(conn).InsertWebhooks(ctx, rows) })
	if err != nil {
		return fmt.Errorf("store webhooks: %w", err)
	}
	return nil
}
