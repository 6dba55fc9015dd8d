package provider

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// operation is one kind of request that changes something.
type operation struct {
	name  string
	known []string // its parameters
	// load reads and checks what the request is about. What it refuses is not kept for the
	// idempotency key: no work has begun.
	load func(ctx context.Context, s *Server, c *call) (*payment, *refusal)
	// change does the work in memory and answers the object to send.
	change func(c *call, p *payment) (any, *refusal)
}

// call is one request at work.
type call struct {
	operation   string
	path        string // "POST /v1/…"
	id          string // of the intent in the path, "" when there is none
	params      *params
	key         string // Idempotency-Key, "" when there is none
	fingerprint []byte // of the parameters
	requestID   string
	plan        plan
}

// reply is an answer on its way out.
type reply struct {
	status   int
	body     []byte
	original string // Request-Id of the first request when this repeats its answer
	cut      cut
}

// cut is how a connection ends instead of with an answer.
type cut int

const (
	whole cut = iota // the answer is sent
	torn             // the connection is closed within the body
	held             // nothing is sent until the caller goes
)

const (
	bodyLimit = 64 << 10
	workLimit = 2 * time.Minute // with the longest pauses a fault may ask for
	attempts  = 5               // when others change the same intent
)

// perform serves an operation: receive, claim the key, work, answer.
func (s *Server) perform(op operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, refused := s.receive(w, r, op)
		if refused != nil {
			s.send(w, r, c, refused.reply())
			return
		}
		if !s.inFlight.enter(c.key) {
			s.send(w, r, c, keyInUse(c.key).reply())
			return
		}
		// A request at work ends as it ends, whether its caller is still there or not.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), workLimit)
		answer := s.work(ctx, c, op)
		cancel()
		s.inFlight.leave(c.key)
		s.send(w, r, c, answer)
	}
}

// receive reads a request.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, op operation) (*call, *refusal) {
	c := &call{operation: op.name, path: r.Method + " " + r.URL.Path, id: r.PathValue("id"), requestID: newRequestID()}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		return c, invalid("", "", "Invalid request body: %v", err)
	}
	c.key = r.Header.Get("Idempotency-Key")
	if len(c.key) > 255 {
		return c, invalid("", "", "Idempotency keys are at most 255 characters long.")
	}
	c.params = parse(string(body), op.known)
	sum := sha256.Sum256([]byte(c.params.values.Encode()))
	c.fingerprint = sum[:]
	return c, c.params.refused
}

// work is the life of a request between its key and its answer.
func (s *Server) work(ctx context.Context, c *call, op operation) *reply {
	if op.name != "create" { // which is usually new: it looks only when it could not write
		if kept, refused := s.remembered(ctx, c); kept != nil || refused != nil {
			return kept.or(refused)
		}
	}
	for range attempts {
		p, refused := op.load(ctx, s, c)
		if refused != nil {
			return refused.reply()
		}
		if c.plan == nil {
			var early *reply
			if early, refused = s.misbehave(ctx, c, p); early != nil || refused != nil {
				return early.or(refused)
			}
		}
		object, refused := op.change(c, p) // a declined payment is a change, another refusal is none
		answer := s.answer(c, object, refused)
		if !p.changed() || refused != nil && refused.status != http.StatusPaymentRequired {
			s.remember(ctx, c, answer)
			return answer
		}
		written, err := s.write(ctx, c, p, answer)
		switch {
		case err != nil:
			return s.broken("write payment", err).reply()
		case written:
			return answer.disturbed(c.plan)
		}
		if kept, refused := s.remembered(ctx, c); kept != nil || refused != nil {
			return kept.or(refused)
		}
	}
	return lockTimeout().reply()
}

// answer makes the answer to a request from the object it made or the reason it failed.
func (s *Server) answer(c *call, object any, refused *refusal) *reply {
	if c.plan.has("error_after_commit") {
		return internalError().reply()
	}
	if refused != nil {
		return refused.reply()
	}
	if p, ok := object.(*payment); ok {
		shown := p.json()
		if p.charge != nil && slices.Contains(c.params.expand("latest_charge"), "latest_charge") {
			shown.LatestCharge = chargeObject(*p.charge)
		}
		object = shown
	}
	return okReply(object)
}

func okReply(object any) *reply {
	body, err := json.Marshal(object)
	if err != nil {
		return internalError().reply()
	}
	return &reply{status: http.StatusOK, body: body}
}

// reply turns a refusal into an answer.
func (r *refusal) reply() *reply {
	body, _ := json.Marshal(map[string]errorJSON{"error": r.detail})
	return &reply{status: r.status, body: body}
}

// or is the reply, or the refusal when there is none.
func (r *reply) or(refused *refusal) *reply {
	if refused != nil {
		return refused.reply()
	}
	return r
}

// alter changes an intent outside of a request: what the customer or the bank did.
func (s *Server) alter(ctx context.Context, operation, id string, change func(*payment, plan) *refusal) (*payment, *refusal) {
	c := &call{operation: operation, id: id, path: operation, params: &params{values: url.Values{}}}
	for range attempts {
		p, refused := loadIntent(ctx, s, c)
		if refused != nil {
			return nil, refused
		}
		if c.plan == nil {
			asked, _ := parseFaults(faultText(p.intent.Metadata))
			c.plan = s.faults.plan(operation, id, asked)
		}
		if refused := change(p, c.plan); refused != nil {
			return nil, refused
		}
		if !p.changed() {
			return p, nil
		}
		written, err := s.write(ctx, c, p, nil)
		if err != nil {
			return nil, s.broken("write payment", err)
		}
		if written {
			return p, nil
		}
	}
	return nil, lockTimeout()
}
