package provider

import (
	"crypto/subtle"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"kassa/internal/pg"
	"kassa/sql/pspdb"
)

//go:embed page.html
var pageSource string

// pages are what a person sees: the 3-D Secure question, and the overview. They load nothing from
// anywhere.
var pages = template.Must(template.New("").Parse(pageSource))

// showChallenge is GET /_sandbox/3ds/{id}: the bank's page, which the developer answers.
func (s *Server) showChallenge(w http.ResponseWriter, r *http.Request) {
	if intent, ok := s.challenged(w, r, r.URL.Query().Get("secret")); ok {
		s.render(w, "challenge", intent)
	}
}

// answerChallenge is POST /_sandbox/3ds/{id}; it sends the customer back to the return_url with
// the parameters Stripe adds.
func (s *Server) answerChallenge(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	intent, ok := s.challenged(w, r, r.PostFormValue("secret"))
	if !ok {
		return
	}
	passed := r.PostFormValue("outcome") == "succeed"
	p, refused := s.authenticate(r.Context(), intent.ID, passed)
	if refused != nil {
		http.Error(w, refused.detail.Message, refused.status)
		return
	}
	back, err := url.Parse(p.intent.ReturnUrl)
	if err != nil || p.intent.ReturnUrl == "" {
		s.render(w, "answered", p.intent)
		return
	}
	query := back.Query()
	query.Set("payment_intent", p.intent.ID)
	query.Set("payment_intent_client_secret", p.intent.ClientSecret)
	query.Set("redirect_status", map[bool]string{true: "succeeded", false: "failed"}[p.intent.LastError == nil])
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther) //nolint:gosec // the caller's own return_url, as at Stripe
}

// challenged reads the intent of a 3-D Secure page; who has not its secret sees nothing.
func (s *Server) challenged(w http.ResponseWriter, r *http.Request, secret string) (pspdb.PaymentIntent, bool) {
	intent, err := s.queries.GetPaymentIntent(r.Context(), r.PathValue("id"))
	switch {
	case err != nil && !pg.NotFound(err):
		http.Error(w, "The database did not answer.", http.StatusServiceUnavailable)
	case err != nil || subtle.ConstantTimeCompare([]byte(secret), []byte(intent.ClientSecret)) != 1:
		http.Error(w, "No such payment.", http.StatusNotFound)
	default:
		return intent, true
	}
	return intent, false
}

// postAuthenticate is POST /_sandbox/payment_intents/{id}/authenticate?outcome=succeed|fail.
func (s *Server) postAuthenticate(w http.ResponseWriter, r *http.Request) {
	outcome := r.URL.Query().Get("outcome")
	if outcome != "succeed" && outcome != "fail" {
		s.sendJSON(w, http.StatusBadRequest, problem("outcome is succeed or fail"))
		return
	}
	p, refused := s.authenticate(r.Context(), r.PathValue("id"), outcome == "succeed")
	if refused != nil {
		s.sendJSON(w, refused.status, map[string]errorJSON{"error": refused.detail})
		return
	}
	s.sendJSON(w, http.StatusOK, p.json())
}

// showOverview is GET /: the latest payments.
func (s *Server) showOverview(w http.ResponseWriter, r *http.Request) {
	intents, err := s.queries.ListPaymentIntents(r.Context(), pspdb.ListPaymentIntentsParams{
		CreatedFrom: time.Unix(0, 0), CreatedUntil: time.Now().Add(time.Hour), MaxRows: 50,
	})
	if err != nil {
		s.unreadable(w, err)
		return
	}
	s.render(w, "overview", map[string]any{"Intents": intents, "Faults": s.faults.current().Faults})
}

func (s *Server) render(w http.ResponseWriter, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Referrer-Policy", "no-referrer")
	_ = pages.ExecuteTemplate(w, name, data)
}
