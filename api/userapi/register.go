// Package userapi is the HTTP surface of the user service.
package userapi

import (
	"context"
	"net/http"

	"kassa/activities/user"
	"kassa/internal/httpapi"
)

const tag = "Users"

// Register adds the operations of the user service to a. svc and erase may be
// nil when only the document is wanted.
func Register(a *httpapi.API, svc *user.Service, erase Eraser) {
	accounts(a, svc)
	administration(a, svc, erase)
	sessions(a, svc)
	passwords(a, svc)
	preferences(a, svc)
	addresses(a, svc)
	keys(a, svc)
	httpapi.Register(a, httpapi.Operation{
		ID: "list-signing-keys", Method: http.MethodGet, Path: "/.well-known/jwks.json", Tag: tag,
		Summary:      "List signing keys",
		Description:  "The public keys by which access tokens can be checked (RFC 7517), the signing one first.",
		IgnoresToken: true,
	}, func(ctx context.Context, _ *struct{}) (*keysOutput, error) {
		keys, err := svc.ListSigningKeys(ctx, user.ListSigningKeysInput{})
		return &keysOutput{CacheControl: "public, max-age=60", Body: keys}, err
	})
}

type keysOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         user.SigningKeys
}
