package provider

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"kassa/internal/pgtest"
	"kassa/sql/pspdb"
)

// BenchmarkPay is a payment created, confirmed and kept for its key: one statement.
func BenchmarkPay(b *testing.B) {
	s := New(pgtest.New(b, pspdb.Migrations()), Config{APIKey: testKey, PublicURL: "http://localhost", Log: zap.NewNop()})
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := strconv.FormatInt(n.Add(1), 10)
			form := url.Values{
				"amount": {"1999"}, "currency": {"eur"}, "confirm": {"true"}, "payment_method": {"pm_card_visa"},
				"return_url": {"https://shop.example"}, "metadata[order_id]": {id},
			}
			request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL+"/v1/payment_intents", strings.NewReader(form.Encode()))
			require.NoError(b, err)
			request.Header.Set("Authorization", "Bearer "+testKey)
			request.Header.Set("Idempotency-Key", "order:authorize:"+id)
			response, err := client.Do(request)
			require.NoError(b, err)
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			require.Equal(b, http.StatusOK, response.StatusCode)
		}
	})
}
