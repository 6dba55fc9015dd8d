// Package userapi is the HTTP surface of the user service.
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

const tag = "Users"

// Register adds the operations of the user service to a. svc may be nil when
// only the document is wanted.
func Register(a *httpapi.API, svc *user.Service) {
	accounts(a, svc)
	sessions(a, svc)
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

type userOutput struct {
	ETag string `header:"ETag" doc:"Version of the user, for If-Match." example:"\"1\""`
	Body user.User
}

type createdOutput struct {
	Location string `header:"Location" doc:"Where the user is." example:"/api/v1/users/0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"`
	ETag     string `header:"ETag" doc:"Version of the user, for If-Match." example:"\"1\""`
	Body     user.User
}

func shown(u user.User, err error) (*userOutput, error) {
	if err != nil {
		return nil, err
	}
	return &userOutput{ETag: httpapi.ETag(u.Version), Body: u}, nil
}

func accounts(a *httpapi.API, svc *user.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "register-user", Method: http.MethodPost, Path: "/v1/users/register", Tag: tag, Status: http.StatusCreated,
		Summary:     "Register a customer",
		Description: "Makes an account with the role customer. The e-mail address is kept in lower case and can have one account only.",
		Key:         httpapi.OptionalKey, IgnoresToken: true, MaxBody: 4 << 10,
		Errors: []*fault.Error{user.ErrEmailTaken, user.ErrEmailInvalid, user.ErrNameInvalid, user.ErrPasswordLength, user.ErrPasswordCommon, user.ErrPasswordsStalled},
	}, func(ctx context.Context, in *struct{ Body user.RegisterUserInput }) (*createdOutput, error) {
		u, err := svc.RegisterUser(ctx, in.Body)
		if err != nil {
			return nil, err
		}
		return &createdOutput{Location: "/api/v1/users/" + u.ID.String(), ETag: httpapi.ETag(u.Version), Body: u}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "read-user", Method: http.MethodGet, Path: "/v1/users/{id}", Tag: tag, Access: httpapi.Customer,
		Summary:     "Read a user",
		Description: "Customers see themselves; support and admins see everybody.",
		Errors:      []*fault.Error{user.ErrUserNotFound},
	}, func(ctx context.Context, in *struct{ UserPath }) (*userOutput, error) {
		if err := owned(ctx, in.ID); err != nil {
			return nil, err
		}
		return shown(svc.ReadUser(ctx, user.ReadUserInput{ID: in.ID}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "update-user", Method: http.MethodPatch, Path: "/v1/users/{id}", Tag: tag, Access: httpapi.Customer, IfMatch: true,
		Summary:     "Change a user",
		Description: "Changes what is given and leaves the rest.",
		Errors:      []*fault.Error{user.ErrUserNotFound, user.ErrNameInvalid, user.ErrNothingToChange, user.ErrUserStale},
	}, func(ctx context.Context, in *struct {
		UserPath
		Body user.UserChange
	}) (*userOutput, error) {
		if err := owned(ctx, in.ID); err != nil {
			return nil, err
		}
		return shown(svc.UpdateUser(ctx, user.UpdateUserInput{ID: in.ID, IfVersion: httpapi.IfMatch(ctx), UserChange: in.Body}))
	})
}

// UserPath names a user in a path.
type UserPath struct {
	ID uuid.UUID `path:"id" doc:"Id of the user." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"`
}

// owned refuses somebody else's account as if it did not exist.
func owned(ctx context.Context, account uuid.UUID) error {
	if p, ok := identity.From(ctx); !ok || !p.Owns(account) {
		return user.ErrUserNotFound
	}
	return nil
}
