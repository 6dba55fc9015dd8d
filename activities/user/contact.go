package user

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/userdb"
)

// ReadContactsInput names users, at most as many as somebody writes to at once.
type ReadContactsInput struct {
	UserIDs []uuid.UUID `json:"user_ids"`
}

// Contacts are those of the users that exist, in no particular order.
type Contacts struct {
	Contacts []Contact `json:"contacts"`
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

// ReadContacts says how to reach users.
func (s *Service) ReadContacts(ctx context.Context, in ReadContactsInput) (Contacts, error) {
	var rows []userdb.ListContactsRow
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		rows, err = query(conn).ListContacts(ctx, in.UserIDs)
		return err
	})
	if err != nil {
		return Contacts{}, fmt.Errorf("contacts: %w", err)
	}
	out := Contacts{Contacts: make([]Contact, len(rows))}
	for i, row := range rows {
		out.Contacts[i] = contact(row)
	}
	return out, nil
}

func contact(row userdb.ListContactsRow) Contact {
	if row.ErasedAt != nil {
		return Contact{UserID: row.ID, Erased: true}
	}
	return Contact{
		UserID: row.ID, Email: row.Email, EmailVerified: row.EmailVerifiedAt != nil, Name: row.Name, Phone: orEmpty(row.Phone),
		Locale: Locale(row.Locale), Currency: row.Currency, Channels: Channels{Email: row.ByEmail, SMS: row.BySms, Push: row.ByPush},
	}
}
