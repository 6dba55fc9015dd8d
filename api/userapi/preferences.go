package userapi

import (
	"context"
	"net/http"

	"kassa/activities/user"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type preferencesOutput struct {
	ETag string `header:"ETag" doc:"Version of the preferences, for If-Match." example:"\"1\""`
	Body user.Preferences
}

func preferences(a *httpapi.API, svc *user.Service) {
	answer := func(p user.Preferences, err error) (*preferencesOutput, error) {
		if err != nil {
			return nil, err
		}
		return &preferencesOutput{ETag: httpapi.ETag(p.Version), Body: p}, nil
	}
	httpapi.Register(a, httpapi.Operation{
		ID: "read-preferences", Method: http.MethodGet, Path: "/v1/users/{id}/preferences", Tag: tag, Access: httpapi.Customer,
		Summary: "Read your preferences",
		Errors:  []*fault.Error{user.ErrUserNotFound},
	}, func(ctx context.Context, in *struct{ UserPath }) (*preferencesOutput, error) {
		if err := own(ctx, in.ID); err != nil {
			return nil, err
		}
		return answer(svc.ReadPreferences(ctx, user.ReadPreferencesInput{UserID: in.ID}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "replace-preferences", Method: http.MethodPut, Path: "/v1/users/{id}/preferences", Tag: tag, Access: httpapi.Customer, IfMatch: true,
		Summary: "Set your preferences",
		Errors:  []*fault.Error{user.ErrUserNotFound, user.ErrCurrencyUnknown, user.ErrPreferencesStale},
	}, func(ctx context.Context, in *struct {
		UserPath
		Body user.Wishes
	},
	) (*preferencesOutput, error) {
		if err := own(ctx, in.ID); err != nil {
			return nil, err
		}
		return answer(svc.ReplacePreferences(ctx, user.ReplacePreferencesInput{UserID: in.ID, IfVersion: httpapi.IfMatch(ctx), Wishes: in.Body}))
	})
}
