package payment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stripe/stripe-go/v86"

	"kassa/internal/failpoint"
	"kassa/sql/paymentdb"
)

const (
	// answerWithin bounds one request to the provider. It is shorter than the
	// 10 s after which another attempt takes over (TakeAttempt) and than an
	// activity's StartToClose, so that nobody asks twice at once.
	answerWithin = 8 * time.Second
	// providerRequests bounds the requests that are under way at once: when the
	// provider hangs, this many callers wait for it and no more.
	providerRequests = 128
)

// StripeOptions say how to reach the provider.
type StripeOptions struct {
	URL       string // https://api.stripe.com, or the sandbox's address
	Key       string // secret API key
	ReturnURL string // where the bank's 3-D Secure page sends the customer afterwards

	// AnswerWithin bounds one request; 0, and everything longer, means 8 s.
	AnswerWithin time.Duration
}

// Stripe asks the provider. Its requests carry an idempotency key each and are
// never repeated by itself: retrying is the business of whoever calls.
type Stripe struct {
	client    *stripe.Client
	returnURL string
	slots     chan struct{}
	seconds   *prometheus.HistogramVec
}

// NewStripe makes a client of the provider. It does not connect yet.
func NewStripe(o StripeOptions) *Stripe {
	timeout := answerWithin
	if o.AnswerWithin > 0 {
		timeout = min(timeout, o.AnswerWithin)
	}
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL:               stripe.String(strings.TrimSuffix(o.URL, "/")),
		HTTPClient:        &http.Client{Timeout: timeout, Transport: failpoint.Transport(transport())},
		MaxNetworkRetries: stripe.Int64(0),
		EnableTelemetry:   stripe.Bool(false),
		// What it would log is in the error, and some of it is not for logs.
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return &Stripe{
		client:    stripe.NewClient(o.Key, stripe.WithBackends(&stripe.Backends{API: backend})),
		returnURL: o.ReturnURL,
		slots:     make(chan struct{}, providerRequests),
		seconds:   newProviderSeconds(),
	}
}

// transport keeps enough connections open for all requests under way.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
	t.MaxIdleConns = 0
	t.MaxIdleConnsPerHost = providerRequests
	return t
}

// enter takes one of the places for callers of the provider, or refuses at
// once. Call leave when done.
func (s *Stripe) enter() (leave func(), err error) {
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	default:
		return nil, ErrProviderUnavailable.Because(fmt.Errorf("%d requests to the provider are under way", cap(s.slots)))
	}
}

// authorize asks for the money: one request creates the intent and confirms
// it. A decline is an answer and no error.
func (s *Stripe) authorize(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (intent, error) {
	params, err := s.creation(row, attempt.Key)
	if err != nil {
		return intent{}, err
	}
	params.Confirm = stripe.Bool(true)
	params.PaymentMethod = stripe.String(attempt.PaymentMethod)
	params.ReturnURL = stripe.String(s.returnURL)
	params.Metadata = map[string]string{"order_id": row.OrderID.String(), "payment_id": row.ID.String()}
	if attempt.N > 1 {
		params.Metadata["attempt"] = strconv.Itoa(int(attempt.N))
	}
	if attempt.Faults != "" {
		params.Metadata["kassa_fault"] = attempt.Faults
	}
	return s.ask(ctx, "authorize", func(ctx context.Context) (*stripe.PaymentIntent, error) {
		return s.client.V1PaymentIntents.Create(ctx, params)
	})
}

// spend makes an authorization that has not reached the provider impossible:
// it uses up the key for an intent that asks nobody for money. errKeyUsed
// says that the authorization was there first.
func (s *Stripe) spend(ctx context.Context, row paymentdb.Payment, key string) error {
	params, err := s.creation(row, key)
	if err != nil {
		return err
	}
	params.Metadata = map[string]string{"kassa_purpose": "fence"}
	fence, err := s.ask(ctx, "fence", func(ctx context.Context) (*stripe.PaymentIntent, error) {
		return s.client.V1PaymentIntents.Create(ctx, params)
	})
	if err != nil {
		return err
	}
	_, err = s.cancel(ctx, fence.ID, key+":fence")
	if refused := (*refusedError)(nil); errors.As(err, &refused) {
		return nil // canceled before
	}
	return err
}

// creation is what the two have in common.
func (s *Stripe) creation(row paymentdb.Payment, key string) (*stripe.PaymentIntentCreateParams, error) {
	amount, err := toWire(row.Amount, row.Currency)
	if err != nil {
		return nil, err
	}
	params := &stripe.PaymentIntentCreateParams{
		Amount:             stripe.Int64(amount),
		Currency:           stripe.String(strings.ToLower(row.Currency)),
		CaptureMethod:      stripe.String(row.Capture),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	}
	if row.Capture == string(CaptureManual) { // an order may be sent, and paid, in parts
		params.PaymentMethodOptions = &stripe.PaymentIntentCreatePaymentMethodOptionsParams{
			Card: &stripe.PaymentIntentCreatePaymentMethodOptionsCardParams{RequestMulticapture: stripe.String("if_available")},
		}
	}
	params.IdempotencyKey = stripe.String(key)
	return params, nil
}

// capture takes an amount of what is held, and lets the rest go when the attempt
// is final. A capture of 0 only lets go.
func (s *Stripe) capture(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (intent, error) {
	wire, err := toWire(attempt.Amount, row.Currency)
	if err != nil {
		return intent{}, err
	}
	params := &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(wire)}
	params.IdempotencyKey = stripe.String(attempt.Key)
	params.AddExpand("latest_charge")
	if attempt.RequestID != nil {
		params.Metadata = map[string]string{"capture_id": attempt.RequestID.String()}
	}
	if !attempt.Final {
		params.FinalCapture = stripe.Bool(false)
	}
	return s.ask(ctx, "capture", func(ctx context.Context) (*stripe.PaymentIntent, error) {
		return s.client.V1PaymentIntents.Capture(ctx, row.ProviderPaymentID, params)
	})
}

// cancel ends an intent of which nothing was taken, and lets go of what it holds.
func (s *Stripe) cancel(ctx context.Context, id, key string) (intent, error) {
	params := &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")}
	params.IdempotencyKey = stripe.String(key)
	return s.ask(ctx, "void", func(ctx context.Context) (*stripe.PaymentIntent, error) {
		return s.client.V1PaymentIntents.Cancel(ctx, id, params)
	})
}

// release ends an intent of which a part was taken, and lets go of the rest.
func (s *Stripe) release(ctx context.Context, row paymentdb.Payment, key string) (intent, error) {
	return s.capture(ctx, row, paymentdb.Attempt{Key: key, Final: true})
}

// refund gives an amount back. refundID is our own for it, or nil.
func (s *Stripe) refund(ctx context.Context, id, currency string, amount int64, key string, refundID *uuid.UUID) (word refundWord, err error) {
	wire, err := toWire(amount, currency)
	if err != nil {
		return word, err
	}
	params := &stripe.RefundCreateParams{PaymentIntent: stripe.String(id), Amount: stripe.Int64(wire)}
	params.IdempotencyKey = stripe.String(key)
	if refundID != nil {
		params.Metadata = map[string]string{"refund_id": refundID.String()}
	}
	err = s.measure(ctx, "refund", func(ctx context.Context) error {
		refund, err := s.client.V1Refunds.Create(ctx, params)
		if err != nil {
			return classify(err)
		}
		word = readRefund(refund)
		return nil
	})
	return word, err
}

// retrieve answers the truth about an intent, refunds included.
func (s *Stripe) retrieve(ctx context.Context, id string) (intent, error) {
	params := &stripe.PaymentIntentRetrieveParams{}
	params.AddExpand("latest_charge")
	word, err := s.ask(ctx, "retrieve", func(ctx context.Context) (*stripe.PaymentIntent, error) {
		return s.client.V1PaymentIntents.Retrieve(ctx, id, params)
	})
	return word, unanswered(err)
}

// ask runs one request that answers an intent.
func (s *Stripe) ask(ctx context.Context, operation string, request func(context.Context) (*stripe.PaymentIntent, error)) (word intent, err error) {
	err = s.measure(ctx, operation, func(ctx context.Context) error {
		found, err := request(ctx)
		var refused *stripe.Error
		switch {
		case err == nil:
			word, err = readIntent(found)
			return err
		case errors.As(err, &refused) && refused.HTTPStatusCode == http.StatusPaymentRequired && refused.PaymentIntent != nil:
			// The bank said no: the error carries the intent with the reason.
			if word, err = readIntent(refused.PaymentIntent); err != nil {
				return err
			}
			word.DeclineCode = declineCode(refused)
			word.replayed = replayed(refused.LastResponse)
			return nil
		}
		return classify(err)
	})
	return word, err
}
