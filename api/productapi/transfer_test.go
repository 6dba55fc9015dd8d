package productapi_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/internal/identity"
)

func TestACatalogueIsImportedAndExported(t *testing.T) {
	s := open(t)
	ndjson := []string{"Content-Type", "application/x-ndjson"}
	catalogue := strings.Join([]string{
		`{"name":"Mug","variants":[{"sku":"MUG","prices":[{"amount":1899,"currency":"EUR"}]}]}`,
		``,
		`{"name":"Cup","colour":"red","variants":[]}`,
		`{"name":"Cup","variants":[{"sku":"no spaces","prices":[]}]}`,
		`{"name":`,
		`{"name":"Jug","variants":[{"sku":"JUG","prices":[{"amount":1.5,"currency":"EUR"}]}]}`,
		`{"name":"Pot","status":"draft","variants":[{"sku":"POT","prices":[]}]}`,
	}, "\n")
	s.refused(s.call(identity.Support, "POST", "/v1/products/import", catalogue, ndjson...), 403, "forbidden")
	report := s.call(identity.Admin, "POST", "/v1/products/import", catalogue, ndjson...)
	require.Equal(t, 200, report.status, report.raw)
	var outcomes []string
	for _, each := range report.body["lines"].([]any) {
		line := each.(map[string]any)
		outcome := line["outcome"].(string)
		if code, isFailed := line["code"].(string); isFailed {
			outcome = code
			require.NotEmpty(t, line["errors"])
		}
		outcomes = append(outcomes, outcome)
	}
	require.Equal(t, []string{"created", "bad_line", "bad_product", "bad_line", "bad_line", "created"}, outcomes)
	require.InDelta(t, 2, report.body["created"], 0)
	require.InDelta(t, 4, report.body["failed"], 0)
	require.InDelta(t, 7, report.body["lines"].([]any)[5].(map[string]any)["line"], 0, "empty lines have a number too")
	require.NotContains(t, report.raw, "colour\":")

	s.refused(s.call(identity.Admin, "POST", "/v1/products/import", "\n\n", ndjson...), 422, "bad_import")
	s.refused(s.call(identity.Admin, "POST", "/v1/products/import", strings.Repeat("{}\n", 1001), ndjson...), 422, "bad_import")
	s.refused(s.call(identity.Admin, "POST", "/v1/products/import", catalogue), 415, "unsupported_media_type")

	exported := s.call(identity.Admin, "GET", "/v1/products/export", "")
	require.Equal(t, 200, exported.status)
	require.Equal(t, "application/x-ndjson", exported.header.Get("Content-Type"))
	require.Equal(t, 2, strings.Count(exported.raw, "\n"))
	again := s.call(identity.Admin, "POST", "/v1/products/import", exported.raw, ndjson...)
	require.InDelta(t, 2, again.body["unchanged"], 0, again.raw)
	s.refused(s.call(identity.Customer, "GET", "/v1/products/export", ""), 403, "forbidden")
}
