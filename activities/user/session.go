package user

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/pg"
	"kassa/sql/userdb"
)

const (
	refreshLife = 30 * 24 * time.Hour // of a refresh token that is not used
	sessionLife = 90 * 24 * time.Hour // however often it is refreshed
	retryWithin = 10 * time.Second    // an exchange may be repeated so long
)

// Tokens are what a signed-in client holds.
type Tokens struct {
	AccessToken  string    `json:"access_token" doc:"JWT to send as Authorization: Bearer." example:"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTk5In0.c2ln"`
	TokenType    string    `json:"token_type" enum:"Bearer" doc:"How to send it." example:"Bearer"`
	ExpiresIn    int64     `json:"expires_in" doc:"Seconds for which the access token is good." example:"600"`
	RefreshToken string    `json:"refresh_token" doc:"Exchange it once for new tokens." example:"q2o1Zl0vXw5m8tYb3n6QeR9sUvWxYz0123456789AbC"`
	UserID       uuid.UUID `json:"user_id" format:"uuid" doc:"Who is signed in." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"`
}

// Credentials are what a person signs in with.
type Credentials struct {
	Email    string `json:"email" minLength:"1" maxLength:"254" doc:"Address of the account." example:"ada@example.com"`
	Password string `json:"password" minLength:"1" maxLength:"128" format:"password" doc:"Its password." example:"correct horse battery"`
}

// LoginUserInput is an attempt to sign in. Address is the client's network
// address, "" when the caller is inside the platform.
type LoginUserInput struct {
	Credentials
	Address string `json:"address"`
}

// LoginUser starts a session.
func (s *Service) LoginUser(ctx context.Context, in LoginUserInput) (Tokens, error) {
	// An address no account can have takes the same way, so that it takes as long.
	email, err := normalEmail(in.Email)
	if err != nil {
		email = in.Email
	}
	buckets := s.limits.buckets(email, in.Address)
	if err := s.takeAttempt(ctx, buckets); err != nil {
		return Tokens{}, err
	}
	account, err := s.account(ctx, email)
	if err != nil {
		return Tokens{}, err
	}
	match, err := s.hasher.matches(ctx, normalPassword(in.Password), account.PasswordHash)
	if err != nil {
		return Tokens{}, err
	}
	if !match {
		return Tokens{}, ErrBadCredentials
	}
	return s.startSession(ctx, account, buckets)
}

// account finds who signs in with email; the zero row when nobody does.
func (s *Service) account(ctx context.Context, email string) (row userdb.User, err error) {
	err = pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err = query(conn).GetUserByEmail(ctx, email)
		if pg.NotFound(err) {
			return nil
		}
		return err
	})
	return row, err
}

// startSession signs account in, unless its password or role has changed, or it
// was erased, while the password was being checked.
func (s *Service) startSession(ctx context.Context, account userdb.User, buckets []bucket) (tokens Tokens, err error) {
	at, session, refresh := s.clock(), id.New(), rawToken()
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := query(tx).LockUserShared(ctx, account.ID)
		if pg.NotFound(err) || (err == nil && (now.PasswordHash != account.PasswordHash || now.Role != account.Role)) {
			return ErrBadCredentials
		}
		if err != nil {
			return fmt.Errorf("hold user %s: %w", account.ID, err)
		}
		if _, err := charge(ctx, tx, buckets, -1); err != nil {
			return fmt.Errorf("give the attempt back: %w", err)
		}
		err = query(tx).InsertSession(ctx, userdb.InsertSessionParams{
			ID: session, UserID: account.ID, Secret: randomBytes(), CreatedAt: at, ExpiresAt: at.Add(sessionLife),
		})
		if err != nil {
			return fmt.Errorf("insert session: %w", err)
		}
		return s.keep(ctx, tx, refresh, session, at)
	})
	if err != nil {
		return Tokens{}, err
	}
	return s.tokens(account.ID, Role(account.Role), session, refresh, at)
}

// keep stores the hash of a new live refresh token.
func (s *Service) keep(ctx context.Context, tx pgx.Tx, refresh string, session uuid.UUID, at time.Time) error {
	err := query(tx).InsertRefreshToken(ctx, userdb.InsertRefreshTokenParams{
		Hash: hashOf(refresh), SessionID: session, CreatedAt: at, ExpiresAt: at.Add(refreshLife),
	})
	if err != nil {
		return fmt.Errorf("insert refresh token: %w", err)
	}
	return nil
}

func (s *Service) tokens(user uuid.UUID, role Role, session uuid.UUID, refresh string, at time.Time) (Tokens, error) {
	access, err := s.keys.sign(bearer{user: user, role: role, session: session}, at, accessLife)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{
		AccessToken:  access,
		TokenType:    "Bearer",
		ExpiresIn:    int64(accessLife.Seconds()),
		RefreshToken: refresh,
		UserID:       user,
	}, nil
}

// LogoutUserInput names the session to end, by the live or an older refresh token.
type LogoutUserInput struct {
	UserID uuid.UUID `json:"user_id" format:"uuid"`
	RefreshInput
}

// LogoutUser ends a session of this user and withdraws its access tokens.
// Ending it again, or naming somebody else's, changes nothing and succeeds:
// there is nothing to learn here.
func (s *Service) LogoutUser(ctx context.Context, in LogoutUserInput) (struct{}, error) {
	at := s.clock()
	return struct{}{}, pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		session, err := query(tx).UpdateSessionEndedByToken(ctx, &at, hashOf(in.RefreshToken), in.UserID)
		if pg.NotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		return revokeSessions(ctx, tx, in.UserID, at, session)
	})
}

// hashOf is what is kept of a refresh token. It has 256 random bits, so a fast
// hash is enough.
func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// successor is the token that follows token in a session. It needs both the
// token, which only the client has, and the secret, which only we have.
func successor(secret []byte, token string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(token))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func rawToken() string { return base64.RawURLEncoding.EncodeToString(randomBytes()) }

func randomBytes() []byte {
	b := make([]byte, sha256.Size)
	_, _ = rand.Read(b) // never fails
	return b
}
