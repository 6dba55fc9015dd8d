package api_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"kassa/api"
	"kassa/api/analyticsapi"
	"kassa/api/cartapi"
	"kassa/api/gateway"
	"kassa/api/inventoryapi"
	"kassa/api/notificationapi"
	"kassa/api/orderapi"
	"kassa/api/paymentapi"
	"kassa/api/productapi"
	"kassa/api/userapi"
	"kassa/internal/httpapi"
)

var update = flag.Bool("update", false, "write the golden files")

// document puts the services' surfaces together as the gateway shows them.
func document() *huma.OpenAPI {
	a := httpapi.New(httpapi.Options{Service: "kassa", Prefix: httpapi.PublicPrefix})
	userapi.Register(a, nil, nil)
	productapi.Register(a, nil)
	inventoryapi.Register(a, nil)
	cartapi.Register(a, nil, nil)
	orderapi.Register(a, nil, nil, nil)
	paymentapi.Register(a, nil)
	analyticsapi.Register(a, nil)
	notificationapi.Register(a, nil)
	gateway.Register(a, nil)

	doc := a.OpenAPI()
	doc.Info.Title = "Kassa"
	doc.Info.Version = "1"
	doc.Info.Description = "The commerce back end whose checkout cannot lose an order, a payment or a unit of stock.\n\n" +
		"Amounts are integers in the minor units of their currency. Every failure is a problem document (RFC 9457); its `code` is stable.\n\n" +
		"The headers RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers) of each answer say which limits hold and what is left of them."
	doc.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	doc.Servers = []*huma.Server{{URL: "/", Description: "This shop's gateway"}}
	// A well-known URI has its place at the root (RFC 8615).
	const keys = "/.well-known/jwks.json"
	doc.Paths[keys] = doc.Paths[httpapi.PublicPrefix+keys]
	delete(doc.Paths, httpapi.PublicPrefix+keys)
	return doc
}

func TestDocumentIsTheCommittedOne(t *testing.T) {
	built, err := document().YAML()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("openapi.yaml", built, 0o644))
		return
	}
	require.Equal(t, string(api.Document), string(built), "run: make golden && make generate")
}

func TestDocumentDescribesEveryOperation(t *testing.T) {
	ids := map[string]bool{}
	for path, item := range document().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			require.NotEmpty(t, op.OperationID, path)
			require.False(t, ids[op.OperationID], "%s is there twice", op.OperationID)
			ids[op.OperationID] = true
			require.NotEmpty(t, op.Summary, op.OperationID)
			require.NotEmpty(t, op.Tags, op.OperationID)
			require.Contains(t, op.Extensions, "x-access", "%s says who may call it", op.OperationID)
			require.True(t, slices.ContainsFunc(keysOf(op.Responses), func(s string) bool { return strings.HasPrefix(s, "2") }), op.OperationID)
			require.Contains(t, op.Responses, "503", op.OperationID)
		}
	}
}

func keysOf(responses map[string]*huma.Response) []string {
	var out []string
	for status := range responses {
		out = append(out, status)
	}
	return out
}
