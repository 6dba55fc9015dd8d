package shopper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"kassa/api/client"
	"kassa/internal/id"
)

// Password is every shopper's: they exist on a developer's machine only.
const Password = "correct horse battery staple"

// Customer is somebody who is signed in.
type Customer struct {
	ID    uuid.UUID
	Email string

	api     *client.ClientWithResponses
	mu      sync.Mutex
	tokens  client.Tokens
	expires time.Time
}

// Wish is what a customer wants to buy. The zero values of Method and Wait mean
// a card that works and the API's own patience.
type Wish struct {
	Lines    []client.CheckoutLine // empty for what is in the cart
	Method   string                // payment method, like pm_card_visa
	Capture  string                // automatic or manual; "" for automatic
	Wait     time.Duration         // how long to wait for the outcome; 0 for the API's default
	Key      string                // Idempotency-Key; "" makes a new one
	Expected *client.Money         // the total shown to the customer, or nil
}

// Answer is what a checkout came to: an order, or a problem, or neither when
// the connection broke (err of Buy).
type Answer struct {
	Status   int // HTTP
	Key      string
	Order    *client.Order   // with 201 and 202
	Problem  *client.Problem // with 4xx and 5xx
	Replayed bool
	Took     time.Duration // of the last try
	Tries    int           // of Insist
}

// Confirmed reports whether the order is bought.
func (a Answer) Confirmed() bool { return a.Status == http.StatusCreated }

// Buy checks out.
func (c *Customer) Buy(ctx context.Context, wish Wish) (Answer, error) {
	answer := Answer{Key: wish.Key}
	if answer.Key == "" {
		answer.Key = id.New().String()
	}
	params := &client.CheckoutParams{IdempotencyKey: answer.Key}
	if wish.Wait > 0 {
		prefer := fmt.Sprintf("wait=%d", int(wish.Wait.Seconds()))
		params.Prefer = &prefer
	}
	method := wish.Method
	if method == "" {
		method = "pm_card_visa"
	}
	token, err := c.Token(ctx)
	if err != nil {
		return answer, err
	}
	begin := time.Now()
	request := client.CheckoutRequest{PaymentMethod: method, ShippingAddress: address, ExpectedTotal: wish.Expected}
	if len(wish.Lines) > 0 {
		request.Lines = &wish.Lines
	}
	if wish.Capture != "" {
		request.Capture = (*client.CheckoutRequestCapture)(&wish.Capture)
	}
	response, err := c.api.CheckoutWithResponse(ctx, params, request, client.WithToken(token))
	answer.Took = time.Since(begin)
	if err != nil {
		return answer, err
	}
	answer.Status = response.StatusCode()
	answer.Replayed = response.HTTPResponse.Header.Get("Idempotent-Replayed") == "true"
	switch {
	case response.JSON201 != nil:
		answer.Order = response.JSON201
	case response.JSON202 != nil:
		answer.Order = response.JSON202
	default:
		answer.Problem, err = problem(response.Body)
	}
	return answer, err
}

// Order reads one of the customer's orders.
func (c *Customer) Order(ctx context.Context, orderID uuid.UUID) (client.Order, error) {
	token, err := c.Token(ctx)
	if err != nil {
		return client.Order{}, err
	}
	response, err := c.api.ReadOrderWithResponse(ctx, orderID, client.WithToken(token))
	if err != nil {
		return client.Order{}, err
	}
	if response.JSON200 == nil {
		return client.Order{}, refused(response.StatusCode(), response.Body)
	}
	return *response.JSON200, nil
}

// Timeline reads what happened to one of the customer's orders.
func (c *Customer) Timeline(ctx context.Context, orderID uuid.UUID) (client.OrderTimeline, error) {
	token, err := c.Token(ctx)
	if err != nil {
		return client.OrderTimeline{}, err
	}
	response, err := c.api.ReadTimelineWithResponse(ctx, orderID, client.WithToken(token))
	if err != nil {
		return client.OrderTimeline{}, err
	}
	if response.JSON200 == nil {
		return client.OrderTimeline{}, refused(response.StatusCode(), response.Body)
	}
	return *response.JSON200, nil
}

// Cancel asks for the end of an order, and waits for it.
func (c *Customer) Cancel(ctx context.Context, orderID uuid.UUID, reason string) (client.Order, error) {
	token, err := c.Token(ctx)
	if err != nil {
		return client.Order{}, err
	}
	response, err := c.api.CancelOrderWithResponse(ctx, orderID, &client.CancelOrderParams{IdempotencyKey: id.New().String()},
		client.CancelRequest{Reason: &reason}, client.WithToken(token))
	switch {
	case err != nil:
		return client.Order{}, err
	case response.JSON200 != nil:
		return *response.JSON200, nil
	case response.JSON202 != nil:
		return *response.JSON202, nil
	default:
		return client.Order{}, refused(response.StatusCode(), response.Body)
	}
}

// Token is the customer's access token, renewed in time.
func (c *Customer) Token(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Until(c.expires) > time.Minute {
		return c.tokens.AccessToken, nil
	}
	response, err := c.api.RefreshTokensWithResponse(ctx, client.RefreshInput{RefreshToken: c.tokens.RefreshToken})
	if err != nil {
		return "", err
	}
	if response.JSON200 == nil {
		return "", refused(response.StatusCode(), response.Body)
	}
	c.keep(*response.JSON200)
	return c.tokens.AccessToken, nil
}

// Refresh renews the customer's tokens and answers the refresh token.
func (c *Customer) Refresh(ctx context.Context) (string, error) {
	c.mu.Lock()
	c.expires = time.Time{}
	c.mu.Unlock()
	_, err := c.Token(ctx)
	return c.tokens.RefreshToken, err
}

func (c *Customer) keep(tokens client.Tokens) {
	c.ID, c.tokens = tokens.UserId, tokens
	c.expires = time.Now().Add(time.Duration(tokens.ExpiresIn) * time.Second)
}

var address = client.PostalAddress{Name: "Ada Example", Line1: "Example Street 1", City: "Berlin", PostalCode: "10119", Country: "DE"}

func problem(body []byte) (*client.Problem, error) {
	var p client.Problem
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("the answer is no problem document: %w", err)
	}
	return &p, nil
}

// Refusal is an answer that the shopper did not expect.
type Refusal struct {
	Status  int
	Problem client.Problem
}

// Error shows what a person would be shown.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%d %s: %s (%s)", r.Status, r.Problem.Code, r.Problem.Detail, r.Problem.Instance)
}

func refused(status int, body []byte) error {
	p, err := problem(body)
	if err != nil {
		return errors.Join(fmt.Errorf("status %d", status), err)
	}
	return &Refusal{Status: status, Problem: *p}
}
