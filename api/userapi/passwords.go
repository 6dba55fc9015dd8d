package userapi

import (
	"context"
	"net/http"

	"kassa/activities/user"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

type emailInput struct {
	Email string `json:"email" minLength:"1" maxLength:"254" doc:"Address of the account." example:"ada@example.com"`
}

type passwordChange struct {
	Current string `json:"current_password" minLength:"1" maxLength:"128" format:"password" doc:"The password until now." example:"correct horse battery"`
	New     string `json:"new_password" minLength:"8" maxLength:"128" format:"password" doc:"8 to 128 characters; the commonest are refused." example:"staple battery horse"`
}

// passwords are the operations on passwords, and those with mailed tokens.
func passwords(a *httpapi.API, svc *user.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "forgot-password", Method: http.MethodPost, Path: "/v1/users/password/forgot", Tag: tag, IgnoresToken: true, MaxBody: 4 << 10,
		Status:  http.StatusAccepted,
		Summary: "Ask for a new password",
		Description: "Mails a link that is good for one hour and once. The answer is the same whether there is such an account or not. " +
			"Three mails an hour to one address.",
		Errors: []*fault.Error{user.ErrEmailInvalid, user.ErrTooManyAttempts},
	}, func(ctx context.Context, in *struct {
		Origin
		Body emailInput
	},
	) (*struct{}, error) {
		_, err := svc.ForgotPassword(ctx, user.ForgotPasswordInput{Email: in.Body.Email, Address: in.address})
		return nil, err
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "reset-password", Method: http.MethodPost, Path: "/v1/users/password/reset", Tag: tag, IgnoresToken: true, MaxBody: 4 << 10,
		Status:      http.StatusNoContent,
		Summary:     "Set a new password with a mailed token",
		Description: "Ends every session of the account. The token is good once.",
		Errors:      []*fault.Error{user.ErrBadMailToken, user.ErrPasswordLength, user.ErrPasswordCommon, user.ErrPasswordsStalled},
	}, func(ctx context.Context, in *struct{ Body user.ResetPasswordInput }) (*struct{}, error) {
		_, err := svc.ResetPassword(ctx, in.Body)
		return nil, err
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "change-password", Method: http.MethodPost, Path: "/v1/users/password/change", Tag: tag, Access: httpapi.Customer, MaxBody: 4 << 10,
		Status: http.StatusNoContent, PeopleOnly: true,
		Summary:     "Change the password",
		Description: "For who is signed in and knows the current one. Ends every other session of the account.",
		Errors: []*fault.Error{
			user.ErrWrongPassword, user.ErrTooManyAttempts, user.ErrPasswordLength, user.ErrPasswordCommon, user.ErrPasswordsStalled, user.ErrUserNotFound,
		},
	}, func(ctx context.Context, in *struct {
		Origin
		Body passwordChange
	},
	) (*struct{}, error) {
		p, _ := identity.From(ctx)
		_, err := svc.ChangePassword(ctx, user.ChangePasswordInput{
			UserID: p.UserID, SessionID: p.SessionID, Current: in.Body.Current, New: in.Body.New, Address: in.address,
		})
		return nil, err
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "verify-email", Method: http.MethodPost, Path: "/v1/users/email/verify", Tag: tag, IgnoresToken: true, MaxBody: 4 << 10,
		Status:      http.StatusNoContent,
		Summary:     "Verify an e-mail address with a mailed token",
		Description: "The token is good for two days. A repeat succeeds too.",
		Errors:      []*fault.Error{user.ErrBadMailToken},
	}, func(ctx context.Context, in *struct{ Body user.MailTokenInput }) (*struct{}, error) {
		_, err := svc.VerifyEmail(ctx, in.Body)
		return nil, err
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "request-verification", Method: http.MethodPost, Path: "/v1/users/email/verification", Tag: tag, Access: httpapi.Customer,
		Status: http.StatusAccepted, PeopleOnly: true,
		Summary:     "Have the verification mail sent again",
		Description: "Three mails an hour.",
		Errors:      []*fault.Error{user.ErrEmailVerified, user.ErrTooManyAttempts, user.ErrUserNotFound},
	}, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		p, _ := identity.From(ctx)
		_, err := svc.RequestVerification(ctx, user.RequestVerificationInput{UserID: p.UserID})
		return nil, err
	})
}
