package inbox

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageSource string

// page lists the messages. It loads nothing from anywhere, and shows HTML messages as text.
var page = template.Must(template.New("").Parse(pageSource))

// Handler serves the page at /, and the messages as JSON under /messages.
func (in *Inbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", in.showPage)
	mux.HandleFunc("GET /messages", in.showMessages)
	mux.HandleFunc("GET /messages/{id}", in.showMessage)
	mux.HandleFunc("DELETE /messages", func(w http.ResponseWriter, _ *http.Request) {
		in.clear()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func (in *Inbox) showPage(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = page.Execute(w, in.list(""))
}

// showMessages is GET /messages?to=…, newest first, without bodies.
func (in *Inbox) showMessages(w http.ResponseWriter, r *http.Request) {
	found := in.list(r.URL.Query().Get("to"))
	for i := range found {
		found[i].Headers, found[i].Text, found[i].HTML, found[i].Raw = nil, "", "", ""
	}
	sendJSON(w, http.StatusOK, map[string][]Message{"messages": found})
}

func (in *Inbox) showMessage(w http.ResponseWriter, r *http.Request) {
	m, ok := in.find(r.PathValue("id"))
	if !ok {
		sendJSON(w, http.StatusNotFound, map[string]string{"error": "no such message"})
		return
	}
	sendJSON(w, http.StatusOK, m)
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
