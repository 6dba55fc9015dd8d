package gateway_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
)

const sample = `
openapi: 3.1.0
info: {title: Sample, version: "1"}
paths:
  /z:
    get:
      operationId: z
      responses:
        "409":
          content:
            application/problem+json:
              examples:
                out_of_stock:
                  value: {code: out_of_stock, status: 409, detail: Some items <are> gone.}
  /a:
    post: {operationId: a, x-at: 2026-01-05T09:30:00Z, x-n: [1, 2.5, true, null, "1"]}
`

func withSample(o *gateway.Options) { o.Document = []byte(sample) }

func TestDocumentIsServedAsJSONInItsOrder(t *testing.T) {
	e := open(t, withSample)
	a := e.call("GET", "/openapi.json", "", nil)
	require.Equal(t, 200, a.status)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	require.Contains(t, a.raw, `{"openapi":"3.1.0","info":{"title":"Sample","version":"1"},"paths":{"/z":{"get":`)
	require.Contains(t, a.raw, `"x-at":"2026-01-05T09:30:00Z","x-n":[1,2.5,true,null,"1"]`)
	same := e.call("GET", "/openapi.json", "", headers{"If-None-Match": a.header.Get("ETag")})
	require.Equal(t, 304, same.status)
	require.Empty(t, same.raw)
}

func TestDocumentThatCannotBeReadStopsTheStart(t *testing.T) {
	for _, document := range []string{"", "a: [", "a: b: c"} {
		addresses := map[string][]string{}
		for _, name := range services {
			addresses[name] = []string{"http://a"}
		}
		_, err := gateway.New(gateway.Options{Document: []byte(document), Services: addresses})
		require.ErrorContains(t, err, "OpenAPI document")
	}
}

func TestReferenceLoadsNothingFromOutside(t *testing.T) {
	e := open(t, nil)
	a := e.call("GET", "/docs", "", nil)
	require.Equal(t, 200, a.status)
	require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
	require.NotRegexp(t, `(?i)(https?:)?//[a-z]`, a.raw, "no other host")
	require.NotContains(t, a.raw, "<style", "and nothing inline but data")
	policy := a.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "script-src 'self';")
	require.Contains(t, policy, "connect-src 'self';")
	require.NotContains(t, policy, "http")
	for _, path := range regexp.MustCompile(`(?:src|href|"url"):? ?=?"(/[^"]*)"`).FindAllStringSubmatch(a.raw, -1) {
		require.Equal(t, 200, e.call("GET", path[1], "", nil).status, path[1])
	}
	require.Contains(t, a.raw, `src="/docs/scalar.js"`)
	require.Contains(t, a.raw, `"url": "/openapi.json"`)

	home := e.call("GET", "/", "", nil)
	require.Equal(t, []any{302, "/docs"}, []any{home.status, home.header.Get("Location")})
}

func TestReferenceScriptComesCompressedOrNot(t *testing.T) {
	e := open(t, nil)
	packed := e.call("GET", "/docs/scalar.js", "", headers{"Accept-Encoding": "gzip, br"})
	require.Equal(t, "gzip", packed.header.Get("Content-Encoding"))
	require.Equal(t, "text/javascript; charset=utf-8", packed.header.Get("Content-Type"))
	unpacked, err := gzip.NewReader(strings.NewReader(packed.raw))
	require.NoError(t, err)
	want, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	require.Greater(t, len(want), 1<<20)

	plain := e.call("GET", "/docs/scalar.js", "", headers{"Accept-Encoding": "identity"})
	require.Empty(t, plain.header.Get("Content-Encoding"))
	require.Equal(t, string(want), plain.raw)
	require.NotEqual(t, packed.header.Get("ETag"), plain.header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, e.call("GET", "/docs/scalar.js", "", headers{"Accept-Encoding": "gzip", "If-None-Match": packed.header.Get("ETag")}).status)
}

func TestErrorsPageExplainsEveryCode(t *testing.T) {
	e := open(t, withSample)
	a := e.call("GET", "/docs/errors", "", nil)
	require.Equal(t, 200, a.status)
	require.Contains(t, a.raw, `<tr id="out_of_stock"><td><code>out_of_stock</code></td><td>409</td><td>Some items &lt;are&gt; gone.</td></tr>`)
	require.Contains(t, a.raw, `<tr id="body_too_large">`)
	require.Contains(t, a.raw, `<td><code>payment_declined</code></td>`)
	require.NotRegexp(t, `(?i)(https?:)?//[a-z]`, a.raw)
}
