package userapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kassa/activities/user"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

type listUsersInput struct {
	Role        user.Role `query:"role" enum:"customer,support,admin" doc:"Only accounts with this role."`
	Email       string    `query:"email" maxLength:"254" doc:"Only the account with this address, in any case."`
	Q           string    `query:"q" minLength:"2" maxLength:"100" doc:"Only accounts with this somewhere in name or address, in any case."`
	Verified    string    `query:"email_verified" enum:"true,false" doc:"Only accounts whose address is, or is not, verified."`
	CreatedFrom time.Time `query:"created_from" doc:"Only accounts registered then or later."`
	CreatedTo   time.Time `query:"created_to" doc:"Only accounts registered before then."`
	Limit       int       `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Accounts per page."`
	Cursor      string    `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

// filters is the list as the service asks for it; the scope ties a cursor to it.
func (in *listUsersInput) filters() (ask user.ListUsersInput, scope string) {
	ask = user.ListUsersInput{Limit: in.Limit, Role: in.Role, Email: in.Email, Words: in.Q, CreatedFrom: given(in.CreatedFrom), CreatedTo: given(in.CreatedTo)}
	if in.Verified != "" {
		verified := in.Verified == "true"
		ask.Verified = &verified
	}
	return ask, fmt.Sprintf("list-users %q %q %q %q %s %s", in.Role, in.Email, in.Q, in.Verified, in.CreatedFrom, in.CreatedTo)
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type listUsersOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page."`
	Body httpapi.Page[user.User]
}

type newRole struct {
	Role user.Role `json:"role" enum:"customer,support,admin" doc:"What the user may do from now on." example:"support"`
}

// Erasing is an account that is being erased.
type Erasing struct {
	UserID uuid.UUID `json:"user_id" format:"uuid" doc:"Id of the user." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"`
	Status string    `json:"status" enum:"erasing" doc:"What is happening to the account." example:"erasing"`
}

type erasingOutput struct{ Body Erasing }

// administration is what admins do with accounts, and how an account ends.
func administration(a *httpapi.API, svc *user.Service, erase Eraser) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-users", Method: http.MethodGet, Path: "/v1/users", Tag: tag, Access: httpapi.Admin,
		Summary: "List users, newest first",
		Errors:  []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *listUsersInput) (*listUsersOutput, error) {
		ask, scope := in.filters()
		if in.Cursor != "" {
			ask.Before = new(uuid.UUID)
			if err := a.Cursors().Verify(scope, in.Cursor, ask.Before); err != nil {
				return nil, err
			}
		}
		page, err := svc.ListUsers(ctx, ask)
		if err != nil {
			return nil, err
		}
		out := &listUsersOutput{Body: httpapi.Page[user.User]{Data: page.Users}}
		if page.More {
			out.Body.NextCursor = a.Cursors().Sign(scope, page.Users[len(page.Users)-1].ID)
			out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
		}
		return out, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "change-role", Method: http.MethodPut, Path: "/v1/users/{id}/role", Tag: tag, Access: httpapi.Admin, IfMatch: true, PeopleOnly: true,
		Summary:     "Change a user's role",
		Description: "Access tokens with the old role are refused within seconds; a refresh gives one with the new role.",
		Errors:      []*fault.Error{user.ErrUserNotFound, user.ErrUserStale, user.ErrLastAdmin},
	}, func(ctx context.Context, in *struct {
		UserPath
		Body newRole
	},
	) (*userOutput, error) {
		return shown(svc.ChangeRole(ctx, user.ChangeRoleInput{ID: in.ID, IfVersion: httpapi.IfMatch(ctx), Role: in.Body.Role}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "delete-user", Method: http.MethodDelete, Path: "/v1/users/{id}", Tag: tag, Access: httpapi.Customer, Status: http.StatusAccepted, PeopleOnly: true,
		Summary: "Erase a user",
		Description: "Starts the erasure of everything personal, in every service, and signs the user out everywhere. " +
			"Orders and payments stay, without the person. It cannot be undone. Customers erase themselves, admins everybody.",
		Errors: []*fault.Error{user.ErrUserNotFound, user.ErrLastAdmin, identity.ErrForbidden, errEngineOut},
	}, func(ctx context.Context, in *struct{ UserPath }) (*erasingOutput, error) {
		if err := erasable(ctx, in.ID); err != nil {
			return nil, err
		}
		if _, err := svc.CheckErasable(ctx, user.EraseUserInput{UserID: in.ID}); err != nil {
			return nil, err
		}
		// Begun first: somebody who is kept out could not ask again.
		if err := erase(ctx, in.ID); err != nil {
			return nil, err
		}
		if _, err := svc.CloseAccount(ctx, user.EraseUserInput{UserID: in.ID}); err != nil {
			return nil, err
		}
		return &erasingOutput{Body: Erasing{UserID: in.ID, Status: "erasing"}}, nil
	})
}
