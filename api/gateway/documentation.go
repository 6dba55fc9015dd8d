package gateway

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the pages
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"kassa/internal/httpapi"
)

// The pages load nothing from anywhere else: fonts, telemetry and the request
// proxy of the reference are off, and the content security policy would stop them.
const (
	referencePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	errorsPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

//go:embed docs/index.html
var referencePage []byte

// The reference is @scalar/api-reference 1.72.1 (MIT), dist/browser/standalone.js,
// compressed with gzip -9 -n.
//
//go:embed docs/scalar-1.72.1.js.gz
var referenceScript []byte

// documentation mounts what describes the API. document is JSON.
func documentation(mux *httpapi.Mux, document []byte) error {
	errorsPage, err := renderErrors(document)
	if err != nil {
		return err
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/docs", http.StatusFound) })
	mux.Handle("GET /docs", newPage("text/html; charset=utf-8", referencePolicy, referencePage))
	mux.Handle("GET /docs/errors", newPage("text/html; charset=utf-8", errorsPolicy, errorsPage))
	mux.Handle("GET /openapi.json", newPage("application/json", "", document))
	mux.HandleFunc("GET /docs/scalar.js", script())
	return nil
}

// page is a document that does not change while the process runs.
type page struct {
	kind, policy, tag string
	body              []byte
}

func newPage(kind, policy string, body []byte) *page {
	return &page{kind: kind, policy: policy, tag: tagOf(body), body: body}
}

// ServeHTTP answers the document, or 304 when the client has it.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.policy != "" {
		w.Header().Set("Content-Security-Policy", p.policy)
	}
	w.Header().Set("Content-Type", p.kind)
	serve(w, r, p.tag, p.body)
}

// script serves the reference compressed, as nearly everybody takes it.
func script() http.HandlerFunc {
	tag := tagOf(referenceScript)
	plain := sync.OnceValues(func() ([]byte, error) {
		unpacked, err := gzip.NewReader(bytes.NewReader(referenceScript))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(unpacked)
	})
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			serve(w, r, tag, referenceScript)
			return
		}
		body, err := plain()
		if err != nil {
			httpapi.WriteProblem(w, r, fmt.Errorf("unpack the reference: %w", err))
			return
		}
		serve(w, r, strings.TrimSuffix(tag, `"`)+`-plain"`, body)
	}
}

func serve(w http.ResponseWriter, r *http.Request, tag string, body []byte) {
	w.Header().Set("Cache-Control", "no-cache") // ask whether it is still the same
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}
