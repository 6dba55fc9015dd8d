package userapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/user"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

const keysTag = "API keys"

type listKeysInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Keys per page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type listKeysOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page."`
	Body httpapi.Page[user.APIKey]
}

type madeKeyOutput struct {
	Location string `header:"Location" doc:"Where the key can be withdrawn." example:"/api/v1/api-keys/0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2f"`
	Body     user.MadeAPIKey
}

// keys are the operations on API keys: for people only, or a key could make
// itself another one that may do more. They take no Idempotency-Key, because
// the stored answer would be a secret in clear text.
func keys(a *httpapi.API, svc *user.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-api-keys", Method: http.MethodGet, Path: "/v1/api-keys", Tag: keysTag, Access: httpapi.Admin, PeopleOnly: true,
		Summary: "List API keys, newest first",
		Errors:  []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *listKeysInput) (*listKeysOutput, error) {
		ask := user.ListAPIKeysInput{Limit: in.Limit}
		if in.Cursor != "" {
			ask.Before = new(uuid.UUID)
			if err := a.Cursors().Verify("list-api-keys", in.Cursor, ask.Before); err != nil {
				return nil, err
			}
		}
		page, err := svc.ListAPIKeys(ctx, ask)
		if err != nil {
			return nil, err
		}
		out := &listKeysOutput{Body: httpapi.Page[user.APIKey]{Data: page.Keys}}
		if page.More {
			out.Body.NextCursor = a.Cursors().Sign("list-api-keys", page.Keys[len(page.Keys)-1].ID)
			out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
		}
		return out, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "create-api-key", Method: http.MethodPost, Path: "/v1/api-keys", Tag: keysTag, Access: httpapi.Admin, Status: http.StatusCreated, PeopleOnly: true, MaxBody: 8 << 10,
		Summary: "Make an API key",
		Description: "The answer shows the key, and nothing ever does again. It acts in your name, within its role and its scopes: " +
			"the `x-scope` of each operation that it is for.",
		Errors: []*fault.Error{user.ErrKeyInvalid, user.ErrUserNotFound},
	}, func(ctx context.Context, in *struct{ Body user.NewAPIKey }) (*madeKeyOutput, error) {
		p, _ := identity.From(ctx)
		made, err := svc.CreateAPIKey(ctx, user.CreateAPIKeyInput{OwnerID: p.UserID, NewAPIKey: in.Body})
		if err != nil {
			return nil, err
		}
		return &madeKeyOutput{Location: "/api/v1/api-keys/" + made.ID.String(), Body: made}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "revoke-api-key", Method: http.MethodDelete, Path: "/v1/api-keys/{id}", Tag: keysTag, Access: httpapi.Admin, Status: http.StatusNoContent, PeopleOnly: true,
		Summary:     "Withdraw an API key",
		Description: "It is refused within seconds. Withdrawing it again succeeds too.",
		Errors:      []*fault.Error{user.ErrKeyNotFound},
	}, func(ctx context.Context, in *struct {
		ID uuid.UUID `path:"id" doc:"Id of the key." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2f"`
	},
	) (*struct{}, error) {
		_, err := svc.RevokeAPIKey(ctx, user.RevokeAPIKeyInput{KeyID: in.ID})
		return nil, err
	})
}
