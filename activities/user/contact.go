package user

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/userdb"
)

// ReadContactInput names a user.
type ReadContactInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// Contact is how a user can be reached. It is for the notification service
// alone, which asks at the moment of writing and keeps none of it.
type Contact struct {
	UserID        uuid.UUID `json:"user_id"`
	Email         string    `json:"email"`
	EmailVerified bool      `json:"email_verified"`
	Name          string    `json:"name"`
	Phone         string    `json:"phone"` // E.164; "" for none
	Locale        Locale    `json:"locale"`
	Currency      string    `json:"currency"`
	Channels      Channels  `json:"channels"` // for news of orders
	Erased        bool      `json:"erased"`   // there is nobody left to write to; everything else is empty
}

// ReadContact says how to reach a user.
func (s *Service) ReadContact(ctx context.Context, in ReadContactInput) (Contact, error) {
	var row userdb.GetContactRow
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		row, err = query(conn).GetContact(ctx, in.UserID)
		return found(err)
	})
	switch {
	case err != nil:
		return Contact{}, err
	case row.ErasedAt != nil:
		return Contact{UserID: in.UserID, Erased: true}, nil
	}
	return Contact{
		UserID: in.UserID, Email: row.Email, EmailVerified: row.EmailVerifiedAt != nil, Name: row.Name, Phone: orEmpty(row.Phone),
		Locale: Locale(row.Locale), Currency: row.Currency, Channels: Channels{Email: row.ByEmail, SMS: row.BySms, Push: row.ByPush},
	}, nil
}
