package user_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/internal/fault"
)

func attempt(email, password, address string) user.LoginUserInput {
	return user.LoginUserInput{Credentials: user.Credentials{Email: email, Password: password}, Address: address}
}

func (s *shop) login(t *testing.T, email string) user.Tokens {
	t.Helper()
	tokens, err := s.LoginUser(t.Context(), attempt(email, "correct horse", "192.0.2.1"))
	require.NoError(t, err)
	return tokens
}

func (s *shop) refresh(t *testing.T, token string) (user.Tokens, error) {
	t.Helper()
	return s.RefreshTokens(t.Context(), user.RefreshInput{RefreshToken: token})
}

func TestLoginAnswersATokenThatSaysWho(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	tokens := s.login(t, "ADA@example.com")
	require.Equal(t, user.Tokens{
		AccessToken: tokens.AccessToken, TokenType: "Bearer", ExpiresIn: 600, RefreshToken: tokens.RefreshToken, UserID: ada.ID,
	}, tokens)
	require.Len(t, tokens.RefreshToken, 43)

	token, _, err := jwt.NewParser().ParseUnverified(tokens.AccessToken, jwt.MapClaims{})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"alg": "EdDSA", "kid": "new", "typ": "at+jwt"}, token.Header)
	claims := token.Claims.(jwt.MapClaims)
	require.NotEmpty(t, claims["jti"])
	require.NotEmpty(t, claims["sid"])
	delete(claims, "jti")
	delete(claims, "sid")
	require.Equal(t, jwt.MapClaims{
		"iss": "kassa", "aud": []any{"kassa"}, "sub": ada.ID.String(), "role": "customer",
		"iat": float64(s.at.Unix()), "exp": float64(s.at.Add(10 * time.Minute).Unix()),
	}, claims)

	keys, err := s.ListSigningKeys(t.Context(), user.ListSigningKeysInput{})
	require.NoError(t, err)
	require.Len(t, keys.Keys, 2, "the key that signs and the one that did")
	require.Equal(t, "new", keys.Keys[0].KeyID)
}

func TestLoginSaysTheSameOfAWrongPasswordAndAnUnknownAccount(t *testing.T) {
	s := open(t, user.Limits{PerPair: 1000, PerAccount: 1000})
	s.register(t, "ada@example.com")
	_, wrong := s.LoginUser(t.Context(), attempt("ada@example.com", "wrong horse", ""))
	_, unknown := s.LoginUser(t.Context(), attempt("bob@example.com", "wrong horse", ""))
	_, senseless := s.LoginUser(t.Context(), attempt("no address", "wrong horse", ""))
	require.Equal(t, user.ErrBadCredentials, wrong)
	require.Equal(t, wrong, unknown)
	require.Equal(t, wrong, senseless)

	took := func(email string) time.Duration {
		start := time.Now()
		_, err := s.LoginUser(t.Context(), attempt(email, "wrong horse", ""))
		require.ErrorIs(t, err, user.ErrBadCredentials)
		return time.Since(start)
	}
	// The fastest of each, in turns: what else the machine does only adds.
	known, nobody := time.Hour, time.Hour
	alike := func() bool { return known < nobody*3/2 && nobody < known*3/2 }
	for range 100 {
		known, nobody = min(known, took("ada@example.com")), min(nobody, took("bob@example.com"))
		if alike() {
			break
		}
	}
	require.True(t, alike(), "%s and %s", known, nobody)
}

func TestFailedSignInsAreLimited(t *testing.T) {
	s := open(t, user.Limits{PerPair: 3, PerAccount: 5, PerAddress: 100})
	s.register(t, "ada@example.com")
	for range 20 {
		s.login(t, "ada@example.com") // good ones do not count
	}
	fail := func(address string) error {
		_, err := s.LoginUser(t.Context(), attempt("ada@example.com", "wrong horse", address))
		return err
	}
	for range 3 {
		require.ErrorIs(t, fail("192.0.2.1"), user.ErrBadCredentials)
	}
	err := fail("192.0.2.1")
	require.ErrorIs(t, err, user.ErrTooManyAttempts)
	wait, ok := fault.Of(err).Details["retry_after"].(int)
	require.True(t, ok)
	require.True(t, 1 <= wait && wait <= 20, "one of 3 per minute comes back within 20 s, not %d", wait)
	_, err = s.LoginUser(t.Context(), attempt("ada@example.com", "correct horse", "192.0.2.1"))
	require.ErrorIs(t, err, user.ErrTooManyAttempts, "the right password does not help a guesser")

	for range 2 {
		require.ErrorIs(t, fail("192.0.2.2"), user.ErrBadCredentials)
	}
	require.ErrorIs(t, fail("192.0.2.3"), user.ErrTooManyAttempts, "the account's own limit")
}

func TestManySignInsAtOnceWaitForNobody(t *testing.T) {
	s := open(t, user.Limits{PerAddress: 1000})
	for i := range 4 {
		s.register(t, fmt.Sprintf("u%d@example.com", i))
	}
	var group sync.WaitGroup
	errs := make([]error, 24)
	for i := range errs {
		group.Go(func() {
			_, errs[i] = s.LoginUser(t.Context(), attempt(fmt.Sprintf("u%d@example.com", i%4), "correct horse", "192.0.2.1"))
		})
	}
	group.Wait()
	for _, err := range errs {
		// A slow machine may refuse some; but none may have waited for another that
		// waited for it.
		if err != nil {
			require.NotContains(t, err.Error(), "deadlock")
		}
	}
}

func TestRefreshRotates(t *testing.T) {
	s := open(t, user.Limits{})
	s.register(t, "ada@example.com")
	first := s.login(t, "ada@example.com")
	second, err := s.refresh(t, first.RefreshToken)
	require.NoError(t, err)
	require.NotEqual(t, first.RefreshToken, second.RefreshToken)
	require.NotEqual(t, first.AccessToken, second.AccessToken)

	s.at = s.at.Add(10 * time.Second)
	again, err := s.refresh(t, first.RefreshToken)
	require.NoError(t, err, "the answer may have been lost")
	require.Equal(t, second.RefreshToken, again.RefreshToken)

	s.at = s.at.Add(time.Hour)
	third, err := s.refresh(t, second.RefreshToken)
	require.NoError(t, err)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL"), "one live token in a session")

	_, err = s.refresh(t, first.RefreshToken)
	require.ErrorIs(t, err, user.ErrBadRefreshToken, "two parties hold it")
	_, err = s.refresh(t, third.RefreshToken)
	require.ErrorIs(t, err, user.ErrBadRefreshToken, "so the session has ended")
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM sessions WHERE ended_by = 'reuse'"))

	s.login(t, "ada@example.com") // and another may begin
}

func TestRefreshAtOnceGivesOneSuccessor(t *testing.T) {
	s := open(t, user.Limits{})
	s.register(t, "ada@example.com")
	first := s.login(t, "ada@example.com")
	var group sync.WaitGroup
	got := make([]user.Tokens, 12)
	errs := make([]error, len(got))
	for i := range got {
		group.Go(func() { got[i], errs[i] = s.refresh(t, first.RefreshToken) })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	for _, tokens := range got {
		require.Equal(t, got[0].RefreshToken, tokens.RefreshToken)
	}
	require.Equal(t, 2, s.count(t, "SELECT count(*) FROM refresh_tokens"))
}

func TestRefreshRefusesWhatHasExpiredOrNeverWas(t *testing.T) {
	s := open(t, user.Limits{})
	s.register(t, "ada@example.com")
	tokens := s.login(t, "ada@example.com")
	_, err := s.refresh(t, "never")
	require.ErrorIs(t, err, user.ErrBadRefreshToken)
	_, err = s.refresh(t, tokens.AccessToken)
	require.ErrorIs(t, err, user.ErrBadRefreshToken)

	for range 3 { // 29 days apart each
		s.at = s.at.Add(29 * 24 * time.Hour)
		tokens, err = s.refresh(t, tokens.RefreshToken)
		require.NoError(t, err)
	}
	s.at = s.at.Add(4 * 24 * time.Hour)
	_, err = s.refresh(t, tokens.RefreshToken)
	require.ErrorIs(t, err, user.ErrBadRefreshToken, "91 days after the sign-in")

	tokens = s.login(t, "ada@example.com")
	s.at = s.at.Add(30 * 24 * time.Hour)
	_, err = s.refresh(t, tokens.RefreshToken)
	require.ErrorIs(t, err, user.ErrBadRefreshToken, "30 days unused")
}

func TestLogoutEndsOwnSessionOnly(t *testing.T) {
	s := open(t, user.Limits{})
	ada, bob := s.register(t, "ada@example.com"), s.register(t, "bob@example.com")
	phone, laptop := s.login(t, "ada@example.com"), s.login(t, "ada@example.com")
	logout := func(who user.User, tokens user.Tokens) {
		_, err := s.LogoutUser(t.Context(), user.LogoutUserInput{UserID: who.ID, RefreshInput: user.RefreshInput{RefreshToken: tokens.RefreshToken}})
		require.NoError(t, err)
	}
	logout(bob, phone)
	phone, err := s.refresh(t, phone.RefreshToken)
	require.NoError(t, err, "not Bob's to end")
	logout(ada, phone)
	logout(ada, phone)
	_, err = s.refresh(t, phone.RefreshToken)
	require.ErrorIs(t, err, user.ErrBadRefreshToken)
	_, err = s.refresh(t, laptop.RefreshToken)
	require.NoError(t, err)
}

func TestKeyringRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no kid": ":" + seedA, "no seed": "a", "short seed": "a:AAEC", "not base64": "a:!", "same kid twice": "a:" + seedA + ",a:" + seedB,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := user.ParseKeyring(text)
			require.ErrorContains(t, err, "signing keys are")
			require.NotContains(t, err.Error(), seedA)
		})
	}
}
