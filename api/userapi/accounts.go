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

// UserPath names a user in a path.
type UserPath struct {
	ID uuid.UUID `path:"id" doc:"Id of the user." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"`
}

func accounts(a *httpapi.API, svc *user.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "register-user", Method: http.MethodPost, Path: "/v1/users/register", Tag: tag, Status: http.StatusCreated,
		Summary: "Register a customer",
		Description: "Makes an account with the role customer. The e-mail address is kept in lower case and can have one account only. " +
			"A mail with a link to verify the address is sent.",
		Key: httpapi.OptionalKey, IgnoresToken: true, MaxBody: 4 << 10,
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
		if err := visible(ctx, in.ID); err != nil {
			return nil, err
		}
		return shown(svc.ReadUser(ctx, user.ReadUserInput{ID: in.ID}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "update-user", Method: http.MethodPatch, Path: "/v1/users/{id}", Tag: tag, Access: httpapi.Customer, IfMatch: true,
		Summary:     "Change a user",
		Description: "Changes what is given and leaves the rest. The e-mail address stays.",
		Errors:      []*fault.Error{user.ErrUserNotFound, user.ErrNameInvalid, user.ErrPhoneInvalid, user.ErrNothingToChange, user.ErrUserStale},
	}, func(ctx context.Context, in *struct {
		UserPath
		Body user.UserChange
	},
	) (*userOutput, error) {
		if err := visible(ctx, in.ID); err != nil {
			return nil, err
		}
		return shown(svc.UpdateUser(ctx, user.UpdateUserInput{ID: in.ID, IfVersion: httpapi.IfMatch(ctx), UserChange: in.Body}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "replace-user", Method: http.MethodPut, Path: "/v1/users/{id}", Tag: tag, Access: httpapi.Customer, IfMatch: true,
		Summary:     "Replace a user's profile",
		Description: "Sets all that people say about themselves: what is left out is empty afterwards. The e-mail address stays.",
		Errors:      []*fault.Error{user.ErrUserNotFound, user.ErrNameInvalid, user.ErrPhoneInvalid, user.ErrUserStale},
	}, func(ctx context.Context, in *struct {
		UserPath
		Body user.Profile
	},
	) (*userOutput, error) {
		if err := visible(ctx, in.ID); err != nil {
			return nil, err
		}
		return shown(svc.ReplaceUser(ctx, user.ReplaceUserInput{ID: in.ID, IfVersion: httpapi.IfMatch(ctx), Profile: in.Body}))
	})
}

// visible refuses somebody else's account as if it did not exist, except to
// support and admins.
func visible(ctx context.Context, account uuid.UUID) error {
	if p, ok := identity.From(ctx); !ok || !p.Owns(account) {
		return user.ErrUserNotFound
	}
	return nil
}

// own refuses everybody else's account as if it did not exist: where people
// live is not even for the staff.
func own(ctx context.Context, account uuid.UUID) error {
	if p, ok := identity.From(ctx); !ok || p.UserID != account {
		return user.ErrUserNotFound
	}
	return nil
}
