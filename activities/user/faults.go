package user

import "kassa/internal/fault"

// The service's ways to say no.
var (
	ErrUserNotFound     = fault.New(fault.NotFound, "user_not_found", "There is no such user.")
	ErrEmailTaken       = fault.New(fault.Conflict, "email_taken", "There is already an account with this e-mail address.")
	ErrEmailInvalid     = fault.New(fault.Invalid, "email_invalid", "This is not an e-mail address.")
	ErrNameInvalid      = fault.New(fault.Invalid, "name_invalid", "A name has 1 to 100 characters and no control characters.")
	ErrPasswordLength   = fault.New(fault.Invalid, "password_length", "A password has 8 to 128 characters.")
	ErrPasswordCommon   = fault.New(fault.Invalid, "password_too_common", "This password is too easy to guess.")
	ErrNothingToChange  = fault.New(fault.Invalid, "nothing_to_change", "Nothing to change was given.")
	ErrUserStale        = fault.New(fault.Stale, "user_changed", "The user has changed since you read it.")
	ErrBadCredentials   = fault.New(fault.Unauthenticated, "bad_credentials", "E-mail address or password is wrong.")
	ErrBadRefreshToken  = fault.New(fault.Unauthenticated, "bad_refresh_token", "The session has ended. Please sign in again.")
	ErrTooManyAttempts  = fault.New(fault.Limited, "too_many_attempts", "Too many failed sign-ins. Please wait before the next one.")
	ErrPasswordsStalled = fault.New(fault.Unavailable, "sign_in_busy", "Too many people are signing in at the moment. Please try again.")
)
