// Package client is the Go client of Kassa's REST API, generated from
// ../openapi.yaml by `make generate`. Services, the demo, the tests and you use
// the same one:
//
//	kassa, err := client.NewClientWithResponses("http://127.0.0.1:8080")
//	bought, err := kassa.CheckoutWithResponse(ctx, &client.CheckoutParams{IdempotencyKey: key}, wish, client.WithToken(token))
package client

import (
	"context"
	"net/http"
)

// WithToken makes a request on behalf of the holder of an access token.
func WithToken(token string) RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
}
