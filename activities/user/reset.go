package user

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
)

// ForgotPasswordInput names an account by its address. Address is the client's
// network address, "" when the caller is inside the platform.
type ForgotPasswordInput struct {
	Email   string `json:"email"`
	Address string `json:"address"`
}

// ForgotPassword has a token mailed by which a new password can be set. It
// answers the same whether there is such an account or not, and takes the same
// but for one small insert, which is less than a network lets one see in the
// three attempts an hour that an address has.
func (s *Service) ForgotPassword(ctx context.Context, in ForgotPasswordInput) (struct{}, error) {
	email, err := normalEmail(in.Email)
	if err != nil {
		return struct{}{}, err
	}
	if err := s.takeAttempt(ctx, mailBuckets(email, in.Address)); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := query(tx).GetUserByEmail(ctx, email)
		if pg.NotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("get user: %w", err)
		}
		return s.requestMail(ctx, tx, row.ID, resetPassword, s.clock())
	})
}

// ResetPasswordInput is a mailed token and what the password shall be.
type ResetPasswordInput struct {
	MailTokenInput
	Password string `json:"password" minLength:"8" maxLength:"128" format:"password" doc:"8 to 128 characters; the commonest are refused." example:"correct horse battery"`
}

// ResetPassword sets a new password with a mailed token, once. Every session of
// the account ends, and every access token is withdrawn.
func (s *Service) ResetPassword(ctx context.Context, in ResetPasswordInput) (struct{}, error) {
	request, err := s.readMailToken(ctx, in.Token, resetPassword)
	if err != nil {
		return struct{}{}, err
	}
	if request.UsedAt != nil {
		return struct{}{}, ErrBadMailToken
	}
	hash, err := s.hashNew(ctx, in.Password, request.Email)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := s.lock(ctx, tx, request.UserID)
		if err != nil {
			return badToken(err)
		}
		held, err := query(tx).LockMailRequest(ctx, request.ID, string(resetPassword))
		if pg.NotFound(err) || (err == nil && held.UsedAt != nil) {
			return ErrBadMailToken
		}
		if err != nil {
			return fmt.Errorf("lock request for a mail: %w", err)
		}
		at := s.clock() // not before the row was held: see revokeTokens
		if err := query(tx).UpdateMailRequestsUsed(ctx, &at, request.UserID, string(resetPassword)); err != nil {
			return fmt.Errorf("use mail token: %w", err)
		}
		if err := query(tx).UpdateUserPassword(ctx, hash, request.UserID); err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		ended, err := endSessions(ctx, tx, request.UserID, uuid.Nil, endedByPassword, at)
		if err != nil {
			return err
		}
		if err := revokeSessions(ctx, tx, request.UserID, at, ended...); err != nil {
			return err
		}
		if err := revokeTokens(ctx, tx, row, at); err != nil {
			return err
		}
		if row.EmailVerifiedAt != nil {
			return nil
		}
		return s.markVerified(ctx, tx, request.UserID) // who has the token has the mail
	})
}

// ChangePasswordInput is a new password of who knows the current one. SessionID
// is the session that goes on. Address is as in LoginUserInput.
type ChangePasswordInput struct {
	UserID    uuid.UUID `json:"user_id"`
	SessionID uuid.UUID `json:"session_id"`
	Current   string    `json:"current_password"`
	New       string    `json:"new_password"`
	Address   string    `json:"address"`
}

// ChangePassword sets a new password. Every other session of the account ends.
// Wrong guesses count like failed sign-ins.
func (s *Service) ChangePassword(ctx context.Context, in ChangePasswordInput) (struct{}, error) {
	account, err := s.ReadUser(ctx, ReadUserInput{ID: in.UserID})
	if err != nil {
		return struct{}{}, err
	}
	buckets := s.limits.buckets(account.Email, in.Address)
	if err := s.takeAttempt(ctx, buckets); err != nil {
		return struct{}{}, err
	}
	row, err := s.account(ctx, account.Email)
	if err != nil {
		return struct{}{}, err
	}
	match, err := s.hasher.matches(ctx, normalPassword(in.Current), row.PasswordHash)
	if err != nil {
		return struct{}{}, err
	}
	if !match {
		return struct{}{}, ErrWrongPassword
	}
	hash, err := s.hashNew(ctx, in.New, account.Email)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, in.UserID)
		if err != nil {
			return err
		}
		if now.PasswordHash != row.PasswordHash {
			return ErrWrongPassword // another one was set meanwhile
		}
		if _, err := charge(ctx, tx, buckets, -1); err != nil {
			return fmt.Errorf("give the attempt back: %w", err)
		}
		at := s.clock()
		if err := query(tx).UpdateUserPassword(ctx, hash, in.UserID); err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		ended, err := endSessions(ctx, tx, in.UserID, in.SessionID, endedByPassword, at)
		if err != nil {
			return err
		}
		return revokeSessions(ctx, tx, in.UserID, at, ended...)
	})
}

// hashNew hashes a password that is good enough.
func (s *Service) hashNew(ctx context.Context, password, email string) (string, error) {
	password, err := acceptablePassword(password, email)
	if err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}
