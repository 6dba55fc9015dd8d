package user

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/pg"
)

// MailTokenInput is a token that was mailed.
type MailTokenInput struct {
	Token string `json:"token" minLength:"1" maxLength:"256" doc:"The token of the link in the mail." example:"AZnHol8-fBGdKz9qjgscLQEBAgMEBQYHCAkKCwwNDg8"`
}

// VerifyEmail notes that an account's address belongs to who has the token. A
// repeat succeeds: mail programs follow links before people do.
func (s *Service) VerifyEmail(ctx context.Context, in MailTokenInput) (struct{}, error) {
	request, err := s.readMailToken(ctx, in.Token, verifyEmail)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := s.lock(ctx, tx, request.UserID)
		if err != nil {
			return badToken(err)
		}
		at := s.clock()
		if err := query(tx).UpdateMailRequestsUsed(ctx, &at, request.UserID, string(verifyEmail)); err != nil {
			return fmt.Errorf("use mail token: %w", err)
		}
		if row.EmailVerifiedAt != nil {
			return nil
		}
		return s.markVerified(ctx, tx, request.UserID)
	})
}

// markVerified notes that the address is its owner's, and tells.
func (s *Service) markVerified(ctx context.Context, tx pgx.Tx, account uuid.UUID) error {
	at := s.clock()
	row, err := query(tx).UpdateUserVerified(ctx, &at, account)
	if err != nil {
		return fmt.Errorf("verify address of %s: %w", account, err)
	}
	return tell(ctx, tx, events.UserUpdated, fromRow(row))
}

// RequestVerificationInput names a user.
type RequestVerificationInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// RequestVerification has the mail sent once more by which an address is
// verified, three times an hour at most.
func (s *Service) RequestVerification(ctx context.Context, in RequestVerificationInput) (struct{}, error) {
	account, err := s.ReadUser(ctx, ReadUserInput{ID: in.UserID})
	if err != nil {
		return struct{}{}, err
	}
	if account.Verified {
		return struct{}{}, ErrEmailVerified
	}
	if err := s.takeAttempt(ctx, mailBuckets(account.Email, "")); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lock(ctx, tx, in.UserID); err != nil {
			return err
		}
		return s.requestMail(ctx, tx, in.UserID, verifyEmail, s.clock())
	})
}

// badToken turns "there is nothing of that name" into what a forged token gets.
func badToken(err error) error {
	if errors.Is(err, ErrUserNotFound) || errors.Is(err, ErrMailRequestOver) {
		return ErrBadMailToken
	}
	return err
}
