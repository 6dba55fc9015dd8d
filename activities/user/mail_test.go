package user_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/events"
	"kassa/internal/id"
)

// asked are the requests for mails of a type, oldest first.
func (s *shop) asked(t *testing.T, typ string) (requests []uuid.UUID) {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), "SELECT event->'data' FROM outbox WHERE type = $1 ORDER BY position", typ)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var document []byte
		var data events.MailRequested
		require.NoError(t, rows.Scan(&document))
		require.NoError(t, json.Unmarshal(document, &data))
		requests = append(requests, data.RequestID)
	}
	require.NoError(t, rows.Err())
	return requests
}

// mailed is the token of the last mail of a type.
func (s *shop) mailed(t *testing.T, typ string) user.MailToken {
	t.Helper()
	requests := s.asked(t, typ)
	require.NotEmpty(t, requests)
	token, err := s.IssueMailToken(t.Context(), user.IssueMailTokenInput{RequestID: requests[len(requests)-1]})
	require.NoError(t, err)
	return token
}

func (s *shop) forgot(t *testing.T, email string) {
	t.Helper()
	_, err := s.ForgotPassword(t.Context(), user.ForgotPasswordInput{Email: email, Address: "192.0.2.1"})
	require.NoError(t, err)
}

func (s *shop) reset(t *testing.T, token, password string) error {
	t.Helper()
	_, err := s.ResetPassword(t.Context(), user.ResetPasswordInput{MailTokenInput: user.MailTokenInput{Token: token}, Password: password})
	return err
}

func (s *shop) verify(t *testing.T, token string) error {
	t.Helper()
	_, err := s.VerifyEmail(t.Context(), user.MailTokenInput{Token: token})
	return err
}

func TestRegistrationAsksForTheMailThatVerifiesTheAddress(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	mail := s.mailed(t, events.UserVerificationRequested)
	require.Equal(t, user.MailToken{
		Token: mail.Token, Email: "ada@example.com", Name: "Ada", Locale: "en", ExpiresAt: s.at.Add(48 * time.Hour),
	}, mail)
	require.Equal(t, mail, s.mailed(t, events.UserVerificationRequested), "the same token each time")
	require.Zero(t, s.count(t, "SELECT count(*) FROM outbox WHERE event::text LIKE '%"+mail.Token+"%'"))

	require.NoError(t, s.verify(t, mail.Token))
	require.NoError(t, s.verify(t, mail.Token), "a mail program had followed the link before")
	read, err := s.ReadUser(t.Context(), user.ReadUserInput{ID: ada.ID})
	require.NoError(t, err)
	require.True(t, read.Verified)
	require.Equal(t, int64(2), read.Version)
	types, _ := s.told(t)
	require.Equal(t, []string{"user.registered", "user.updated"}, types)

	_, err = s.IssueMailToken(t.Context(), user.IssueMailTokenInput{RequestID: s.asked(t, events.UserVerificationRequested)[0]})
	require.ErrorIs(t, err, user.ErrMailRequestOver)
	_, err = s.IssueMailToken(t.Context(), user.IssueMailTokenInput{RequestID: id.New()})
	require.ErrorIs(t, err, user.ErrMailRequestOver)
	_, err = s.RequestVerification(t.Context(), user.RequestVerificationInput{UserID: ada.ID})
	require.ErrorIs(t, err, user.ErrEmailVerified)
}

func TestMailTokensThatAreNotGood(t *testing.T) {
	s := open(t, user.Limits{})
	s.register(t, "ada@example.com")
	s.forgot(t, "ada@example.com")
	verification, reset := s.mailed(t, events.UserVerificationRequested).Token, s.mailed(t, events.UserPasswordResetRequested).Token
	forged := []byte(verification)
	forged[len(forged)-2] ^= 1
	for name, token := range map[string]string{
		"nothing": "", "text": "not a token", "of another kind": reset, "forged": string(forged),
		"longer": verification + "AA", "without its signature": verification[:22], "of nobody": strings.Repeat("A", len(verification)),
	} {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, s.verify(t, token), user.ErrBadMailToken) })
	}
	require.ErrorIs(t, s.reset(t, verification, "another horse"), user.ErrBadMailToken)
	s.at = s.at.Add(49 * time.Hour)
	require.ErrorIs(t, s.verify(t, verification), user.ErrBadMailToken, "too late")
	require.ErrorIs(t, s.reset(t, reset, "another horse"), user.ErrBadMailToken, "too late")
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM users WHERE version = 1 AND email_verified_at IS NULL"))
}

func TestAForgottenPasswordIsSetAnewOnceAndEndsEverySession(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	phone, laptop := s.login(t, "ada@example.com"), s.login(t, "ada@example.com")
	s.forgot(t, "Ada@Example.com")
	s.forgot(t, "nobody@example.com")
	require.Len(t, s.asked(t, events.UserPasswordResetRequested), 1, "who has no account gets the same answer and no mail")
	first := s.mailed(t, events.UserPasswordResetRequested)
	require.Equal(t, s.at.Add(time.Hour), first.ExpiresAt)
	s.forgot(t, "ada@example.com")
	second := s.mailed(t, events.UserPasswordResetRequested)

	require.ErrorIs(t, s.reset(t, first.Token, "password1"), user.ErrPasswordCommon, "a bad password does not use the token up")
	require.NoError(t, s.reset(t, first.Token, "another horse"))
	require.ErrorIs(t, s.reset(t, first.Token, "a third horse"), user.ErrBadMailToken)
	require.ErrorIs(t, s.reset(t, second.Token, "a third horse"), user.ErrBadMailToken, "the other mail is worthless")

	for _, tokens := range []user.Tokens{phone, laptop} {
		_, err := s.refresh(t, tokens.RefreshToken)
		require.ErrorIs(t, err, user.ErrBadRefreshToken)
	}
	_, err := s.LoginUser(t.Context(), attempt("ada@example.com", "correct horse", ""))
	require.ErrorIs(t, err, user.ErrBadCredentials)
	_, err = s.LoginUser(t.Context(), attempt("ada@example.com", "another horse", ""))
	require.NoError(t, err)
	read, err := s.ReadUser(t.Context(), user.ReadUserInput{ID: ada.ID})
	require.NoError(t, err)
	require.True(t, read.Verified, "who has the token has the mail")
	require.Equal(t, 3, s.count(t, "SELECT count(*) FROM outbox WHERE type = 'user.sessions_revoked'"), "two sessions, and all tokens at once")
}

func TestAPasswordIsSetOnceByTwoAtOnce(t *testing.T) {
	s := open(t, user.Limits{})
	s.register(t, "ada@example.com")
	s.forgot(t, "ada@example.com")
	token := s.mailed(t, events.UserPasswordResetRequested).Token
	errs := make([]error, 4)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = s.reset(t, token, "another horse") })
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, user.ErrBadMailToken)
	}
	require.Equal(t, 1, won, "%v", errors.Join(errs...))
}

func TestMailsAreLimited(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	for range 3 {
		s.forgot(t, "ada@example.com")
	}
	_, err := s.ForgotPassword(t.Context(), user.ForgotPasswordInput{Email: "ada@example.com", Address: "192.0.2.9"})
	require.ErrorIs(t, err, user.ErrTooManyAttempts)
	_, err = s.RequestVerification(t.Context(), user.RequestVerificationInput{UserID: ada.ID})
	require.ErrorIs(t, err, user.ErrTooManyAttempts, "it is the same mailbox")
	for range 3 {
		s.forgot(t, "nobody@example.com")
	}
	_, err = s.ForgotPassword(t.Context(), user.ForgotPasswordInput{Email: "nobody@example.com"})
	require.ErrorIs(t, err, user.ErrTooManyAttempts, "an unknown account is no exception")
	require.Len(t, s.asked(t, events.UserPasswordResetRequested), 3)
}

func TestWhoKnowsThePasswordChangesIt(t *testing.T) {
	s := open(t, user.Limits{PerPair: 3})
	ada := s.register(t, "ada@example.com")
	here, there := s.login(t, "ada@example.com"), s.login(t, "ada@example.com")
	var session uuid.UUID
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT id FROM sessions ORDER BY id LIMIT 1").Scan(&session))
	change := func(current, next string) error {
		_, err := s.ChangePassword(t.Context(), user.ChangePasswordInput{UserID: ada.ID, SessionID: session, Current: current, New: next, Address: "192.0.2.1"})
		return err
	}
	require.ErrorIs(t, change("wrong horse", "another horse"), user.ErrWrongPassword)
	require.ErrorIs(t, change("correct horse", "short"), user.ErrPasswordLength)
	require.NoError(t, change("correct horse", "another horse"))
	_, err := s.refresh(t, here.RefreshToken)
	require.NoError(t, err, "the session that changed it goes on")
	_, err = s.refresh(t, there.RefreshToken)
	require.ErrorIs(t, err, user.ErrBadRefreshToken)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM outbox WHERE type = 'user.sessions_revoked'"))
	require.ErrorIs(t, change("wrong horse", "a third horse"), user.ErrWrongPassword)
	require.ErrorIs(t, change("another horse", "a third horse"), user.ErrTooManyAttempts, "guessing counts like failed sign-ins")
}
