package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheWitnessTellsOnAnApiThatDiffersFromItsDocument(t *testing.T) {
	answers := map[string]string{
		"/api/v1/products/0199f3c2-0000-7000-8000-000000000001": `{"id":5}`,
		"/api/v1/products": `{"data":[],"next_cursor":""}`,
	}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answers[r.URL.Path])
	}))
	defer shop.Close()
	w, err := newWitness()
	require.NoError(t, err)
	listen := func(path string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, shop.URL+path, nil)
		require.NoError(t, err)
		response, err := (&http.Client{Transport: w}).Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.NotEmpty(t, body, "the caller still gets the body")
	}

	listen("/api/v1/products")
	require.NoError(t, w.verdict())
	require.Equal(t, map[string]int{"list-products": 1}, w.succeeded)

	listen("/api/v1/products?limit=many")
	require.ErrorContains(t, w.verdict(), "list-products was answered 200, but its request is not as described")

	listen("/api/v1/products/0199f3c2-0000-7000-8000-000000000001")
	require.ErrorContains(t, w.verdict(), "read-product answered 200")
}
