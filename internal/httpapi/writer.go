package httpapi

import (
	"bytes"
	"net/http"
)

// watcher is the response writer of every request: it remembers the status and
// keeps the mux's own refusals from going out as plain text.
type watcher struct {
	http.ResponseWriter
	st     *state
	status int // 0 until the header is written
	unsent int // the mux's refusal, to be answered as a problem; 0 when none
}

// WriteHeader sends the header, or remembers a refusal of the mux itself.
func (w *watcher) WriteHeader(status int) {
	if !w.st.matched {
		w.unsent = status
		return
	}
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (w *watcher) Write(b []byte) (int, error) {
	if w.unsent != 0 {
		return len(b), nil
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush is for streams that ask for it by type.
func (w *watcher) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap is for http.ResponseController and Huma's deadlines.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recorder holds an answer back until it is stored.
type recorder struct {
	http.ResponseWriter
	own    http.Header
	status int
	body   bytes.Buffer
}

func newRecorder(w http.ResponseWriter) *recorder {
	return &recorder{ResponseWriter: w, own: http.Header{}}
}

// Header is the held header.
func (r *recorder) Header() http.Header { return r.own }

// WriteHeader holds the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write holds a part of the body.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// Unwrap is for Huma's deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// send lets the held answer go.
func (r *recorder) send() {
	for name, values := range r.own {
		r.ResponseWriter.Header()[name] = values
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.ResponseWriter.WriteHeader(r.status)
	_, _ = r.ResponseWriter.Write(r.body.Bytes())
}
