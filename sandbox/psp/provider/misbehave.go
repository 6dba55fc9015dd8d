package provider

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// misbehave decides how a request goes wrong and does what comes before its work. A reply or a
// refusal ends the request there.
func (s *Server) misbehave(ctx context.Context, c *call, p *payment) (*reply, *refusal) {
	asked, err := parseFaults(faultText(p.intent.Metadata))
	if err == nil && c.operation == "refund" {
		var own []fault
		own, err = parseFaults(c.params.text("metadata[kassa_fault]"))
		for i := range own {
			own[i].operation = c.operation
		}
		asked = append(asked, own...)
	}
	if err != nil {
		return nil, invalid("", "metadata[kassa_fault]", "kassa_fault: %v", err)
	}
	who := c.key
	if who == "" {
		who = hex.EncodeToString(c.fingerprint)
	}
	c.plan = s.faults.plan(c.operation, who, asked)
	return s.beforehand(ctx, c)
}

// beforehand does the faults that come before any work.
func (s *Server) beforehand(ctx context.Context, c *call) (*reply, *refusal) {
	if f, ok := c.plan["latency"]; ok {
		s.pause(ctx, f.after)
	}
	switch {
	case c.plan.has("drop_request"):
		return &reply{status: http.StatusOK, body: []byte("{}"), cut: torn}, nil
	case c.plan.has("hang"):
		return &reply{cut: held}, nil
	case c.plan.has("rate_limit"):
		return nil, refuse(http.StatusTooManyRequests, invalidRequest, "rate_limit", "",
			"Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.")
	case c.plan.has("lock_timeout"):
		return nil, lockTimeout()
	case c.plan.has("unavailable"):
		return nil, unavailable()
	case c.plan.has("error"):
		answer := internalError().reply()
		s.remember(ctx, c, answer)
		return answer, nil
	}
	return nil, nil
}

// disturbed is what becomes of the answer to a request whose work is committed.
func (r *reply) disturbed(p plan) *reply {
	switch {
	case p.has("unavailable_after_commit"):
		return unavailable().reply()
	case p.has("drop_reply"):
		r.cut = torn
	case p.has("silent"):
		r.cut = held
	}
	return r
}

func (s *Server) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.stopping:
	}
}

// send writes an answer, or does to the connection what a fault asks for.
func (s *Server) send(w http.ResponseWriter, r *http.Request, c *call, answer *reply) {
	switch answer.cut {
	case held:
		select {
		case <-r.Context().Done():
		case <-s.stopping:
		}
		panic(http.ErrAbortHandler)
	case whole, torn:
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("Request-Id", c.requestID)
	h.Set("Stripe-Version", apiVersion)
	h.Set("Content-Length", strconv.Itoa(len(answer.body)))
	if c.key != "" {
		h.Set("Idempotency-Key", c.key)
		h.Set("Original-Request", c.requestID)
	}
	if answer.original != "" {
		h.Set("Original-Request", answer.original)
		h.Set("Idempotent-Replayed", "true")
	}
	if answer.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="Stripe"`)
	}
	w.WriteHeader(answer.status)
	if answer.cut == torn {
		// A client that has seen nothing of the reply would quietly send the request again on a new
		// connection (Go's does, for requests with an Idempotency-Key); half a reply is an error.
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(answer.body)
}

func unavailable() *refusal {
	return refuse(http.StatusServiceUnavailable, apiError, "", "", "The service is temporarily unavailable.")
}

func lockTimeout() *refusal {
	return refuse(http.StatusTooManyRequests, invalidRequest, "lock_timeout", "",
		"This object cannot be accessed right now because another API request or Stripe process is currently accessing it. "+
			"If you see this error intermittently, retry the request.")
}

// faultText is metadata[kassa_fault].
func faultText(metadata []byte) string {
	var wanted struct {
		Fault string `json:"kassa_fault"`
	}
	_ = json.Unmarshal(metadata, &wanted)
	return wanted.Fault
}
