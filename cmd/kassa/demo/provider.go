package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/google/uuid"
)

// provider is the payment provider's sandbox: the second witness.
type provider struct{ url string }

// fault makes the next payment go wrong; see docs/sandbox.md for what there is.
func (p provider) fault(ctx context.Context, what string, times int) error {
	rule := map[string]any{"faults": []any{map[string]any{"fault": what, "rate": 1, "times": times}}}
	return p.do(ctx, http.MethodPut, "/_sandbox/faults", rule, nil)
}

func (p provider) heal(ctx context.Context) error {
	return p.do(ctx, http.MethodDelete, "/_sandbox/faults", nil, nil)
}

// authenticate plays the customer on the bank's page.
func (p provider) authenticate(ctx context.Context, intent string) error {
	return p.do(ctx, http.MethodPost, "/_sandbox/payment_intents/"+intent+"/authenticate?outcome=succeed", nil, nil)
}

// intent is a payment in the provider's books.
type intent struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Captured int64  `json:"amount_captured"` // minor units
	Refunded int64  `json:"amount_refunded"`
}

// of are the payments of an order in the provider's books.
func (p provider) of(ctx context.Context, orderID uuid.UUID) ([]intent, error) {
	var found struct {
		Intents []intent `json:"intents"`
	}
	err := p.do(ctx, http.MethodGet, "/_sandbox/intents?order_id="+orderID.String(), nil, &found)
	return found.Intents, err
}

func (p provider) do(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, p.url+path, &body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		return fmt.Errorf("provider: %s %s: %s %s: %w", method, path, response.Status, answer, err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
