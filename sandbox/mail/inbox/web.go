package inbox

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed page.html
var pageSource string

// page lists the messages. It loads nothing from anywhere; HTML mails are shown in frames of their own.
var page = template.Must(template.New("").Parse(pageSource))

// Handler serves the page at /, and the messages as JSON under /messages; it takes SMS at /sms and
// push messages at /push.
func (in *Inbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", in.showPage)
	mux.HandleFunc("GET /messages", in.showMessages)
	mux.HandleFunc("GET /messages/{id}", in.showMessage)
	mux.HandleFunc("GET /messages/{id}/html", in.showHTML)
	mux.HandleFunc("DELETE /messages", func(w http.ResponseWriter, _ *http.Request) {
		in.clear()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /sms", in.takeSMS)
	mux.HandleFunc("POST /browsers", in.openBrowser)
	mux.HandleFunc("POST /push/{id}", in.takePush)
	mux.HandleFunc("DELETE /push/{id}", in.closeBrowser)
	return mux
}

// frames lets the page show our own HTML mails in frames, and nothing else.
const frames = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// mailPolicy lets a mail be seen: no script, no form, nothing from elsewhere, an origin of its own.
const mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'"

func (in *Inbox) showPage(w http.ResponseWriter, r *http.Request) {
	to, channel := filter(r.URL.Query())
	setHeaders(w, "text/html; charset=utf-8", frames)
	_ = page.Execute(w, map[string]any{"To": to, "Channel": channel, "Messages": in.list(to, channel)})
}

// showMessages is GET /messages?to=…&channel=…, newest first, without bodies.
func (in *Inbox) showMessages(w http.ResponseWriter, r *http.Request) {
	found := in.list(filter(r.URL.Query()))
	for i := range found {
		found[i].Headers, found[i].Text, found[i].HTML, found[i].Raw = nil, "", "", ""
	}
	sendJSON(w, http.StatusOK, map[string][]Message{"messages": found})
}

func filter(query url.Values) (to, channel string) { return query.Get("to"), query.Get("channel") }

func (in *Inbox) showMessage(w http.ResponseWriter, r *http.Request) {
	m, ok := in.find(r.PathValue("id"))
	if !ok {
		sendJSON(w, http.StatusNotFound, map[string]string{"error": "no such message"})
		return
	}
	sendJSON(w, http.StatusOK, m)
}

// showHTML is the HTML part of a mail as it was sent, in a cage.
func (in *Inbox) showHTML(w http.ResponseWriter, r *http.Request) {
	m, ok := in.find(r.PathValue("id"))
	if !ok || m.HTML == "" {
		sendJSON(w, http.StatusNotFound, map[string]string{"error": "no such message, or none with an HTML part"})
		return
	}
	setHeaders(w, "text/html; charset=utf-8", mailPolicy)
	_, _ = w.Write([]byte(m.HTML))
}

func setHeaders(w http.ResponseWriter, contentType, policy string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
