package user

import "kassa/internal/fault"

// The service's ways to say no.
var (
	ErrUserNotFound     = fault.New(fault.NotFound, "user_not_found", "There is no such user.")
	ErrEmailTaken       = fault.New(fault.Conflict, "email_taken", "There is already an account with this e-mail address.")
	ErrEmailInvalid     = fault.New(fault.Invalid, "email_invalid", "This is not an e-mail address.")
	ErrNameInvalid      = fault.New(fault.Invalid, "name_invalid", "A name has 1 to 100 characters and no control characters.")
	ErrPhoneInvalid     = fault.New(fault.Invalid, "phone_invalid", "A phone number is written like +4930123456: a plus, the country, and 7 to 15 digits in all.")
	ErrPasswordLength   = fault.New(fault.Invalid, "password_length", "A password has 8 to 128 characters.")
	ErrPasswordCommon   = fault.New(fault.Invalid, "password_too_common", "This password is too easy to guess.")
	ErrNothingToChange  = fault.New(fault.Invalid, "nothing_to_change", "Nothing to change was given.")
	ErrUserStale        = fault.New(fault.Stale, "user_changed", "The user has changed since you read it.")
	ErrLastAdmin        = fault.New(fault.Declined, "last_admin", "This is the only admin; make another one first.")
	ErrBadCredentials   = fault.New(fault.Unauthenticated, "bad_credentials", "E-mail address or password is wrong.")
	ErrWrongPassword    = fault.New(fault.Invalid, "wrong_password", "The current password is wrong.")
	ErrBadRefreshToken  = fault.New(fault.Unauthenticated, "bad_refresh_token", "The session has ended. Please sign in again.")
	ErrTooManyAttempts  = fault.New(fault.Limited, "too_many_attempts", "Too many attempts. Please wait before the next one.")
	ErrPasswordsStalled = fault.New(fault.Unavailable, "sign_in_busy", "Too many people are signing in at the moment. Please try again.")

	ErrBadMailToken    = fault.New(fault.Declined, "bad_mail_token", "This link is not good any more. Ask for a new one.")
	ErrMailRequestOver = fault.New(fault.Declined, "mail_request_over", "The mail is not needed any more.")
	ErrEmailVerified   = fault.New(fault.Declined, "email_verified", "The e-mail address has been verified already.")

	ErrPreferencesStale = fault.New(fault.Stale, "preferences_changed", "The preferences have changed since you read them.")
	ErrCurrencyUnknown  = fault.New(fault.Invalid, "currency_unknown", "This is not a currency of the shop.")
	ErrAddressNotFound  = fault.New(fault.NotFound, "address_not_found", "There is no such address.")
	ErrAddressInvalid   = fault.New(fault.Invalid, "address_invalid", "The address lacks something, or holds control characters.")
	ErrAddressStale     = fault.New(fault.Stale, "address_changed", "The address has changed since you read it.")
	ErrTooManyAddresses = fault.New(fault.Declined, "too_many_addresses", "An account can have 50 addresses.")

	ErrKeyNotFound = fault.New(fault.NotFound, "api_key_not_found", "There is no such API key.")
	ErrKeyInvalid  = fault.New(fault.Invalid, "api_key_invalid", "An API key needs a name, 1 to 50 scopes like orders:read, a role that its owner has, and, if it expires, a time to come.")
	ErrBadKey      = fault.New(fault.Unauthenticated, "invalid_api_key", "The API key is not valid, or not any more.")
)
