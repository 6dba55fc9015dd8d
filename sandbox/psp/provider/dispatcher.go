package provider

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"kassa/sql/pspdb"
)

// dispatcher delivers events to the webhook endpoint: at least once, in no promised order, again
// and again until the endpoint answers 2xx, for three days (docs.stripe.com/webhooks).
type dispatcher struct {
	queries *pspdb.Queries
	client  *http.Client
	url     string   // "" delivers nothing; events wait
	secrets []string // each signs every delivery
	log     *zap.Logger
	woken   chan struct{}
}

const (
	batchRows    = 200
	batchGather  = 200 * time.Millisecond // a new event waits so long for others, to be marked together
	batchSenders = 4
	lookEvery    = 500 * time.Millisecond // for deliveries due again
	giveUpAfter  = 72 * time.Hour
	longestPause = time.Minute // between two tries; Stripe's grow to hours
)

func newDispatcher(queries *pspdb.Queries, cfg Config) *dispatcher {
	return &dispatcher{
		queries: queries, url: cfg.WebhookURL, secrets: cfg.WebhookSecrets, log: cfg.Log,
		woken: make(chan struct{}, 1),
		client: &http.Client{
			Timeout:       10 * time.Second,
			Transport:     &http.Transport{MaxIdleConnsPerHost: batchSenders, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// wake tells that there are new events.
func (d *dispatcher) wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// run delivers until ctx ends.
func (d *dispatcher) run(ctx context.Context) {
	if d.url == "" {
		return // events wait until there is an endpoint
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.woken:
			timer.Reset(batchGather)
			continue
		case <-timer.C:
		}
		sent, err := d.deliverBatch(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.Warn("deliver webhooks", zap.Error(err))
		}
		if sent == batchRows {
			timer.Reset(0)
			continue
		}
		timer.Reset(lookEvery)
	}
}

// deliverBatch sends what is due and notes the results, in one statement each.
func (d *dispatcher) deliverBatch(ctx context.Context) (int, error) {
	due, err := d.queries.ListDueEvents(ctx, batchRows)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	results := make([]string, len(due)) // "" stands for accepted
	var senders sync.WaitGroup
	next := make(chan int)
	for range min(batchSenders, len(due)) {
		senders.Go(func() {
			for i := range next {
				for range due[i].Copies {
					results[i] = d.deliver(ctx, due[i].Body)
				}
			}
		})
	}
	for i := range due {
		next <- i
	}
	close(next)
	senders.Wait()

	noted := pspdb.UpdateDeliveriesParams{}
	now := time.Now()
	for i, e := range due {
		again := time.Unix(0, 0) // never
		if results[i] != "" && now.Sub(e.CreatedAt) < giveUpAfter {
			again = now.Add(min(time.Second<<min(e.Attempts, 6), longestPause))
		}
		noted.Ids = append(noted.Ids, e.ID)
		noted.DueAt = append(noted.DueAt, again)
		noted.Accepted = append(noted.Accepted, results[i] == "")
		noted.Results = append(noted.Results, results[i])
	}
	// What was sent is noted even when the process is being stopped.
	return len(due), d.queries.UpdateDeliveries(context.WithoutCancel(ctx), noted)
}

// deliverNow sends events before their request is answered.
func (d *dispatcher) deliverNow(ctx context.Context, kinds []string, events []eventBody) {
	if d.url == "" {
		return
	}
	noted := pspdb.UpdateDeliveriesParams{}
	for i, e := range events {
		result := d.deliver(ctx, e.body)
		again := time.Unix(0, 0)
		if result != "" {
			again = time.Now().Add(time.Second)
			d.log.Info("webhook refused", zap.String("event", kinds[i]), zap.String("result", result))
		}
		noted.Ids = append(noted.Ids, e.ID)
		noted.DueAt = append(noted.DueAt, again)
		noted.Accepted = append(noted.Accepted, result == "")
		noted.Results = append(noted.Results, result)
	}
	if err := d.queries.UpdateDeliveries(ctx, noted); err != nil {
		d.log.Warn("note deliveries", zap.Error(err))
	}
}

// deliver sends one event once and answers what went wrong, "" when it was accepted.
func (d *dispatcher) deliver(ctx context.Context, body string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "Stripe/1.0 (Kassa sandbox)")
	request.Header.Set("Stripe-Signature", Sign(time.Now(), body, d.secrets...))
	response, err := d.client.Do(request)
	if err != nil {
		return err.Error()
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, bodyLimit)) // so that the connection is used again
	_ = response.Body.Close()
	if response.StatusCode/100 != 2 {
		return response.Status
	}
	return ""
}

// Sign makes a Stripe-Signature header: HMAC-SHA256 over "time.body" for each secret
// (https://docs.stripe.com/webhooks#verify-manually).
func Sign(at time.Time, body string, secrets ...string) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	header := "t=" + seconds
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = fmt.Fprintf(mac, "%s.%s", seconds, body)
		header += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return header
}
