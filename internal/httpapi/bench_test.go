package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/identity"
)

// BenchmarkAnOperation is the cost of everything but the handler and the network.
func BenchmarkAnOperation(b *testing.B) {
	s := open(b, nil)
	token := "Bearer " + s.issuer.Token(uuid.New(), identity.Customer)
	handler := s.api.Handler()
	for _, c := range []struct{ name, method, path, body string }{
		{"list", http.MethodGet, "/v1/mugs?limit=5", ""},
		{"make", http.MethodPost, "/v1/mugs", goodMug},
		{"order", http.MethodPost, "/v1/orders", goodMug},
		{"empty", http.MethodPost, "/v1/mugs/gently/break", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), c.method, c.path, strings.NewReader(c.body))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", token)
				if c.name == "order" {
					r.Header.Set("Idempotency-Key", "k")
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				require.Less(b, w.Code, 300)
			}
		})
	}
}
