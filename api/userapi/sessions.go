package userapi

import (
	"context"
	"net/http"

	"kassa/activities/user"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

type tokensOutput struct {
	Body user.Tokens
}

// sessions are the operations on sessions. None of them takes an
// Idempotency-Key: the stored answer would be a secret in clear text.
// A refresh can be repeated all the same.
func sessions(a *httpapi.API, svc *user.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "login-user", Method: http.MethodPost, Path: "/v1/users/login", Tag: tag, IgnoresToken: true, MaxBody: 4 << 10,
		Summary: "Sign in",
		Description: "Answers an access token, good for ten minutes, and a refresh token. " +
			"Failed sign-ins are limited: by default 5 per minute for an account from one address.",
		Errors: []*fault.Error{user.ErrBadCredentials, user.ErrTooManyAttempts, user.ErrPasswordsStalled},
	}, func(ctx context.Context, in *struct {
		Origin
		Body user.Credentials
	},
	) (*tokensOutput, error) {
		return issued(svc.LoginUser(ctx, user.LoginUserInput{Credentials: in.Body, Address: in.address}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "refresh-tokens", Method: http.MethodPost, Path: "/v1/users/refresh", Tag: tag, IgnoresToken: true, MaxBody: 4 << 10,
		Summary: "Exchange a refresh token",
		Description: "A refresh token is good for one exchange. The same exchange repeated within 10 s answers the same successor; " +
			"later it ends the session, because then two parties hold the token.",
		Errors: []*fault.Error{user.ErrBadRefreshToken},
	}, func(ctx context.Context, in *struct{ Body user.RefreshInput }) (*tokensOutput, error) {
		return issued(svc.RefreshTokens(ctx, in.Body))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "logout-user", Method: http.MethodPost, Path: "/v1/users/logout", Tag: tag, Access: httpapi.Customer,
		Status: http.StatusNoContent, MaxBody: 4 << 10, PeopleOnly: true,
		Summary:     "Sign out",
		Description: "Ends the session that the refresh token belongs to; its access tokens are refused within seconds. Ending it again succeeds too.",
	}, func(ctx context.Context, in *struct{ Body user.RefreshInput }) (*struct{}, error) {
		p, _ := identity.From(ctx)
		_, err := svc.LogoutUser(ctx, user.LogoutUserInput{UserID: p.UserID, RefreshInput: in.Body})
		return nil, err
	})
}

func issued(tokens user.Tokens, err error) (*tokensOutput, error) {
	if err != nil {
		return nil, err
	}
	return &tokensOutput{Body: tokens}, nil
}
