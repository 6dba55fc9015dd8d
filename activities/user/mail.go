package user

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/id"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/userdb"
)

// mailKind is what a mailed token is good for.
type mailKind string

const (
	verifyEmail   mailKind = "verify_email"
	resetPassword mailKind = "reset_password"
)

// life is how long a mailed token is good.
func (k mailKind) life() time.Duration {
	if k == resetPassword {
		return time.Hour
	}
	return 48 * time.Hour
}

// event asks for the mail.
func (k mailKind) event() string {
	if k == resetPassword {
		return events.UserPasswordResetRequested
	}
	return events.UserVerificationRequested
}

// requestMail writes down that a mail with a token is wanted, and says so. The
// token is made when the mail is written, by IssueMailToken.
func (s *Service) requestMail(ctx context.Context, tx pgx.Tx, account uuid.UUID, kind mailKind, at time.Time) error {
	request := id.New()
	err := query(tx).InsertMailRequest(ctx, userdb.InsertMailRequestParams{
		ID: request, UserID: account, Kind: string(kind), CreatedAt: at, ExpiresAt: at.Add(kind.life()),
	})
	if err != nil {
		return fmt.Errorf("insert request for a mail: %w", err)
	}
	data := events.MailRequested{UserID: account, RequestID: request}
	return outbox.Append(ctx, tx, events.New("user", kind.event(), request, 1, at, data))
}

// IssueMailTokenInput names a request for a mail.
type IssueMailTokenInput struct {
	RequestID uuid.UUID `json:"request_id"`
}

// MailToken is what the mail needs.
type MailToken struct {
	Token     string    `json:"token"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Locale    Locale    `json:"locale"`
	ExpiresAt time.Time `json:"expires_at"`
}

// IssueMailToken makes the token of a request; asked again, it makes the same.
// It is for the notification service, which mails it. A request that was used,
// has expired or belongs to an erased account is over.
func (s *Service) IssueMailToken(ctx context.Context, in IssueMailTokenInput) (MailToken, error) {
	request, err := s.mailRequest(ctx, in.RequestID)
	if err != nil {
		return MailToken{}, err
	}
	if request.UsedAt != nil || !s.clock().Before(request.ExpiresAt) {
		return MailToken{}, ErrMailRequestOver
	}
	return MailToken{
		Token: s.mailToken(request), Email: request.Email, Name: request.Name, Locale: Locale(request.Locale), ExpiresAt: request.ExpiresAt.UTC(),
	}, nil
}

func (s *Service) mailRequest(ctx context.Context, request uuid.UUID) (row userdb.GetMailRequestRow, err error) {
	err = pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err = query(conn).GetMailRequest(ctx, request)
		if pg.NotFound(err) {
			return ErrMailRequestOver
		}
		return err
	})
	return row, err
}

// readMailToken finds the request that a token of this kind was made for; one
// that is forged, used up or expired is refused.
func (s *Service) readMailToken(ctx context.Context, token string, kind mailKind) (userdb.GetMailRequestRow, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != len(uuid.UUID{})+macSize {
		return userdb.GetMailRequestRow{}, ErrBadMailToken
	}
	request, err := s.mailRequest(ctx, uuid.UUID(raw[:len(uuid.UUID{})]))
	if err != nil && request.ID == uuid.Nil {
		return request, badToken(err)
	}
	if request.Kind != string(kind) || !hmac.Equal([]byte(token), []byte(s.mailToken(request))) || !s.clock().Before(request.ExpiresAt) {
		return request, ErrBadMailToken
	}
	return request, nil
}

// macSize is how much of the signature a token carries, in bytes.
const macSize = 16

// mailToken is the request's id, signed together with all that must not change
// until the token is used.
func (s *Service) mailToken(request userdb.GetMailRequestRow) string {
	mac := hmac.New(sha256.New, s.mail)
	for _, part := range []string{request.Kind, request.UserID.String(), request.Email} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	mac.Write(request.ID[:])
	return base64.RawURLEncoding.EncodeToString(append(request.ID[:], mac.Sum(nil)[:macSize]...))
}

// mailKey is the key of the tokens: of the process's secret, for nothing else.
func mailKey(secret string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("kassa mail token"))
	return mac.Sum(nil)
}
