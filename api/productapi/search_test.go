package productapi_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/internal/identity"
)

func TestSearchLeafsThroughWhatItFinds(t *testing.T) {
	s := open(t)
	category := s.call(identity.Admin, "POST", "/v1/categories", `{"slug":"mugs","name":"Mugs"}`).body["id"].(string)
	for i := range 5 {
		made := s.call(identity.Admin, "POST", "/v1/products", fmt.Sprintf(
			`{"name":"Stoneware mug","category_id":"%s","images":[{"url":"https://images.example.com/mug.jpg"}],"variants":[{"sku":"MUG-%d","prices":[{"amount":%d,"currency":"EUR"}]}]}`,
			category, i, 1000+i))
		require.Equal(t, 201, made.status, made.raw)
	}
	path, prices := "/v1/products/search?q=stonware+mug&category=mugs&sort=price_asc&limit=2", []float64{}
	for path != "" {
		page := s.call("", "GET", path, "")
		require.Equal(t, 200, page.status, page.raw)
		require.Equal(t, "stoneware mug", page.body["corrected_query"])
		require.InDelta(t, 5, page.body["total"], 0)
		facets := page.body["facets"].(map[string]any)
		require.Equal(t, []any{map[string]any{"id": category, "slug": "mugs", "name": "Mugs", "products": 5.0}}, facets["categories"])
		require.Len(t, facets["prices"], 1)
		for _, each := range page.body["data"].([]any) {
			hit := each.(map[string]any)
			require.Equal(t, false, hit["in_stock"])
			require.Equal(t, "https://images.example.com/mug.jpg", hit["image"].(map[string]any)["url"])
			prices = append(prices, hit["price"].(map[string]any)["amount"].(float64))
		}
		cursor, more := page.body["next_cursor"].(string)
		if path = ""; more {
			path = "/v1/products/search?q=stonware+mug&category=mugs&sort=price_asc&limit=2&cursor=" + cursor
			require.NotEmpty(t, page.header.Get("Link"))
			s.refused(s.call("", "GET", "/v1/products/search?q=mug&cursor="+cursor, ""), 422, "invalid_cursor")
		}
	}
	require.Equal(t, []float64{1000, 1001, 1002, 1003, 1004}, prices)

	none := s.call("", "GET", "/v1/products/search?q=xylophone", "")
	require.Equal(t, 200, none.status, none.raw)
	require.Equal(t, []any{}, none.body["data"])
	s.refused(s.call("", "GET", "/v1/products/search?category=nowhere", ""), 422, "unknown_category", "query.category")
	s.refused(s.call("", "GET", "/v1/products/search?currency=XXX", ""), 422, "unknown_currency")
	s.refused(s.call("", "GET", "/v1/products/search?sort=random", ""), 422, "validation_failed", "query.sort")
	s.refused(s.call("", "GET", "/v1/products/search?colour=red", ""), 422, "validation_failed")
}
