package provider

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"kassa/sql/pspdb"
)

// Config is what a sandbox provider is told at start.
type Config struct {
	APIKey         string   // the secret key callers must send
	WebhookURL     string   // where events go; "" keeps them until there is one
	WebhookSecrets []string // each signs every delivery
	PublicURL      string   // address under which a browser reaches the 3-D Secure page
	Log            *zap.Logger
}

// Server is the provider.
type Server struct {
	cfg        Config
	pool       *pgxpool.Pool
	queries    *pspdb.Queries
	faults     *faults
	inFlight   *inFlight
	dispatcher *dispatcher
	log        *zap.Logger
	stopping   chan struct{} // closed when held requests must go
	release    sync.Once
}

// New makes a provider on a migrated database.
func New(pool *pgxpool.Pool, cfg Config) *Server {
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	queries := pspdb.New(pool)
	return &Server{
		cfg: cfg, pool: pool, queries: queries, log: cfg.Log, faults: newFaults(),
		inFlight: &inFlight{keys: map[string]struct{}{}}, dispatcher: newDispatcher(queries, cfg),
		stopping: make(chan struct{}),
	}
}

// Run delivers webhooks and lets time pass for what settles late, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	s.recallFaults(ctx)
	var running sync.WaitGroup
	running.Go(func() { s.dispatcher.run(ctx) })
	running.Go(func() { s.settle(ctx) })
	<-ctx.Done()
	running.Wait()
	return nil
}

// Release lets go of the requests that a fault holds, so that the process can stop.
func (s *Server) Release(context.Context) error {
	s.release.Do(func() { close(s.stopping) })
	return nil
}

// Handler serves Stripe's API under /v1/, the sandbox's own under /_sandbox/, and an overview at /.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/payment_intents", s.perform(createIntent))
	mux.HandleFunc("POST /v1/payment_intents/{id}/confirm", s.perform(confirmIntent))
	mux.HandleFunc("POST /v1/payment_intents/{id}/capture", s.perform(captureIntent))
	mux.HandleFunc("POST /v1/payment_intents/{id}/cancel", s.perform(cancelIntent))
	mux.HandleFunc("POST /v1/refunds", s.perform(createRefund))
	mux.HandleFunc("GET /v1/payment_intents", s.look("list", s.listIntents, "limit", "starting_after", "created"))
	mux.HandleFunc("GET /v1/payment_intents/search", s.look("search", s.searchIntents, "query", "limit", "page"))
	mux.HandleFunc("GET /v1/payment_intents/{id}", s.look("retrieve", s.retrieveIntent, "client_secret"))
	mux.HandleFunc("GET /v1/charges", s.look("list", s.listCharges, "payment_intent", "limit"))
	mux.HandleFunc("GET /v1/charges/{id}", s.look("retrieve", s.retrieveCharge))
	mux.HandleFunc("GET /v1/refunds", s.look("list", s.listRefunds, "payment_intent", "charge", "limit", "starting_after"))
	mux.HandleFunc("GET /v1/refunds/{id}", s.look("retrieve", s.retrieveRefund))
	mux.HandleFunc("GET /v1/events", s.look("list", s.listEvents, "type", "limit", "starting_after"))
	mux.HandleFunc("GET /v1/events/{id}", s.look("retrieve", s.retrieveEvent))
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		s.send(w, r, &call{requestID: newRequestID()}, refuse(http.StatusNotFound, invalidRequest, "", "",
			"Unrecognized request URL (%s: %s). This sandbox speaks the part of Stripe's API that Kassa uses.", r.Method, r.URL.Path).reply())
	})

	door := http.NewServeMux()
	door.Handle("/v1/", s.authorized(mux))
	door.HandleFunc("GET /_sandbox/faults", s.showFaults)
	door.HandleFunc("PUT /_sandbox/faults", s.putFaults)
	door.HandleFunc("DELETE /_sandbox/faults", s.putFaults)
	door.HandleFunc("DELETE /_sandbox/idempotency_keys", s.forgetAllKeys)
	door.HandleFunc("GET /_sandbox/intents", s.showIntents)
	door.HandleFunc("GET /_sandbox/ledger", s.showLedger)
	door.HandleFunc("POST /_sandbox/payment_intents/{id}/authenticate", s.postAuthenticate)
	door.HandleFunc("POST /_sandbox/events/{id}/resend", s.resendEvent)
	door.HandleFunc("GET /_sandbox/3ds/{id}", s.showChallenge)
	door.HandleFunc("POST /_sandbox/3ds/{id}", s.answerChallenge)
	door.HandleFunc("GET /{$}", s.showOverview)
	return door
}

// authorized lets in who has the secret key, as a bearer token or as the user name.
func (s *Server) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if user, _, ok := r.BasicAuth(); ok {
			key = user
		}
		var refused *refusal
		switch {
		case key == "":
			refused = refuse(http.StatusUnauthorized, invalidRequest, "", "", "You did not provide an API key. You need to provide your API key "+
				"in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').")
		case subtle.ConstantTimeCompare([]byte(key), []byte(s.cfg.APIKey)) != 1:
			refused = refuse(http.StatusUnauthorized, invalidRequest, "", "", "Invalid API Key provided: %s", masked(key))
		case !speaks(r.Header.Get("Stripe-Version")):
			refused = refuse(http.StatusBadRequest, invalidRequest, "", "Stripe-Version",
				"This sandbox speaks version %s, not %s.", apiVersion, r.Header.Get("Stripe-Version"))
		}
		if refused != nil {
			s.send(w, r, &call{requestID: newRequestID()}, refused.reply())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// speaks says whether a version has the shapes that are imitated: none, or one of the same release.
func speaks(version string) bool {
	_, train, _ := strings.Cut(version, ".")
	_, ours, _ := strings.Cut(apiVersion, ".")
	return version == "" || train == ours
}

// masked hides all of a key but its ends, as Stripe does in its answer.
func masked(key string) string {
	if len(key) < 12 {
		return strings.Repeat("*", len(key))
	}
	return key[:7] + strings.Repeat("*", len(key)-11) + key[len(key)-4:]
}

// look serves a request that changes nothing.
func (s *Server) look(operation string, find func(context.Context, *call) (any, *refusal), known ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{
			operation: operation, path: r.Method + " " + r.URL.Path, id: r.PathValue("id"),
			params: parse(r.URL.RawQuery, known), requestID: newRequestID(),
		}
		c.plan = s.faults.plan(operation, c.requestID, nil)
		answer, refused := s.beforehand(r.Context(), c)
		if refused == nil {
			refused = c.params.refused
		}
		if answer == nil && refused == nil {
			var object any
			if object, refused = find(r.Context(), c); refused == nil {
				answer = okReply(object).disturbed(c.plan)
			}
		}
		s.send(w, r, c, answer.or(refused))
	}
}

// broken notes that the sandbox itself failed and answers so.
func (s *Server) broken(doing string, err error) *refusal {
	s.log.Error(doing, zap.Error(err))
	return internalError()
}

func newRequestID() string { return "req_" + rand.Text()[:14] }
