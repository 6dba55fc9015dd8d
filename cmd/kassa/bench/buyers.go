package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"kassa/api/client"
	"kassa/internal/id"
	"kassa/internal/localstack"
	"kassa/sandbox/shopper"
)

const (
	articles  = 100
	customers = 20
	pieces    = 1_000_000 // of each article; nothing is ever sold out
	mostLines = 3         // in one checkout
)

// buyers buy by plain HTTP with bodies made beforehand, so that the load costs
// little beside what it is to measure.
type buyers struct {
	url       string
	http      *http.Client
	items     []shopper.Item // on the shelves
	bodies    [][]byte       // of checkouts
	reads     []string       // addresses of products and searches
	customers []*shopper.Customer
	tokens    []string // "Bearer …", one for each customer

	repeated atomic.Int64 // answers 202 and 503, after which the same was asked again
}

// newBuyers fills the shelves, welcomes the customers and writes what they will ask for.
func newBuyers(ctx context.Context, a localstack.Addresses) (*buyers, error) {
	shop, err := shopper.Open(ctx, a.Gateway, a.Secrets.AdminEmail, a.Secrets.AdminPassword, shopper.Transport())
	if err != nil {
		return nil, err
	}
	b := &buyers{
		url: a.Gateway + "/api/v1/checkout",
		http: &http.Client{
			Timeout:   30 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
		},
	}
	b.items = make([]shopper.Item, articles)
	for i := range b.items {
		price := client.Money{Amount: int64(900 + 10*i), Currency: "EUR"}
		b.items[i], err = shop.Stock(ctx, shopper.Article{SKU: fmt.Sprintf("BENCH-%03d", i), Name: "Article", Price: price, Stock: pieces})
		if err != nil {
			return nil, err
		}
	}
	for range customers {
		customer, err := shop.Welcome(ctx, "Customer")
		if err != nil {
			return nil, err
		}
		b.customers = append(b.customers, customer)
	}
	for i, item := range b.items {
		b.reads = append(b.reads, a.Gateway+"/api/v1/products/"+item.ProductID.String(), fmt.Sprintf("%s/api/v1/products/search?q=bench-%03d", a.Gateway, i))
	}
	return b, errors.Join(b.renew(ctx), b.write())
}

// renew gives every customer a new token: one is good for ten minutes.
func (b *buyers) renew(ctx context.Context) error {
	tokens := make([]string, len(b.customers))
	for i, customer := range b.customers {
		if _, err := customer.Refresh(ctx); err != nil {
			return err
		}
		token, err := customer.Token(ctx)
		if err != nil {
			return err
		}
		tokens[i] = "Bearer " + token
	}
	b.tokens = tokens
	return nil
}

// write makes as many bodies as there are articles, with one to three lines.
func (b *buyers) write() error {
	for i := range b.items {
		body, err := b.wish(i, 1+i%mostLines)
		if err != nil {
			return err
		}
		b.bodies = append(b.bodies, body)
	}
	return nil
}

// wish is the body of a checkout with so many lines, the i-th of its kind.
func (b *buyers) wish(i, lines int) ([]byte, error) {
	wanted := make([]client.CheckoutLine, lines)
	for n := range wanted {
		wanted[n] = client.CheckoutLine{VariantId: b.items[(i+37*n)%len(b.items)].VariantID, Quantity: int64(1 + n%mostLines)}
	}
	return json.Marshal(client.CheckoutRequest{
		Lines: &wanted, PaymentMethod: "pm_card_visa",
		ShippingAddress: client.PostalAddress{Name: "Ada Example", Line1: "Example Street 1", City: "Berlin", PostalCode: "10119", Country: "DE"},
	})
}

// do buys something and insists that it was bought.
func (b *buyers) do(ctx context.Context, client int) error {
	_, err := b.buy(ctx, client)
	return err
}

// tries is how often a customer asks for the same purchase while the answer is
// 503 or 202: on a machine that others use too, an engine may stall for a moment.
const tries = 5

// buy answers the body of the answer.
func (b *buyers) buy(ctx context.Context, client int) ([]byte, error) {
	return b.buyBody(ctx, client, b.bodies[rand.IntN(len(b.bodies))]) //nolint:gosec // a choice of goods
}

// buyBody buys what body says.
func (b *buyers) buyBody(ctx context.Context, client int, body []byte) ([]byte, error) {
	key := id.New().String()
	for n := 1; ; n++ {
		status, answer, err := b.post(ctx, b.tokens[client%len(b.tokens)], key, body)
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusCreated:
			return answer, nil
		case status != http.StatusServiceUnavailable && status != http.StatusAccepted || n == tries:
			return nil, fmt.Errorf("a checkout was answered %d: %s", status, answer)
		}
		b.repeated.Add(1)
		if err := sleep(ctx, time.Duration(n)*200*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (b *buyers) post(ctx context.Context, token, key string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header["Authorization"] = []string{token}
	request.Header["Content-Type"] = []string{"application/json"}
	request.Header["Idempotency-Key"] = []string{key}
	response, err := b.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// buyOne answers the id of the order that was bought.
func (b *buyers) buyOne(ctx context.Context) (uuid.UUID, error) {
	answer, err := b.buy(ctx, 0)
	if err != nil {
		return uuid.Nil, err
	}
	var order struct {
		ID uuid.UUID `json:"id"`
	}
	return order.ID, json.Unmarshal(answer, &order)
}

// mixed asks for reads and checkouts in turn, for vegeta.
func (b *buyers) mixed() vegeta.Targeter {
	var turn atomic.Uint64
	buy := b.checkouts()
	return func(t *vegeta.Target) error {
		n := turn.Add(1)
		if n%(1+browsing) == 0 {
			return buy(t)
		}
		*t = vegeta.Target{Method: http.MethodGet, URL: b.reads[n%uint64(len(b.reads))]}
		return nil
	}
}

// checkouts asks for one purchase after another, for vegeta.
func (b *buyers) checkouts() vegeta.Targeter {
	var turn atomic.Uint64
	return func(t *vegeta.Target) error {
		n := turn.Add(1)
		*t = vegeta.Target{Method: http.MethodPost, URL: b.url, Body: b.bodies[n%uint64(len(b.bodies))], Header: http.Header{
			"Authorization":   {b.tokens[n%uint64(len(b.tokens))]},
			"Content-Type":    {"application/json"},
			"Idempotency-Key": {id.New().String()},
		}}
		return nil
	}
}
