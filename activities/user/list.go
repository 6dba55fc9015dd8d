package user

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/userdb"
)

// ListUsersInput selects accounts, newest first. A filter that is empty does
// not count.
type ListUsersInput struct {
	Before      *uuid.UUID `json:"before,omitempty"` // continue after this account; nil starts
	Limit       int        `json:"limit"`            // at most 1000, which 0 means too
	Role        Role       `json:"role,omitempty"`
	Email       string     `json:"email,omitempty"` // exactly, in any case
	Words       string     `json:"words,omitempty"` // somewhere in name or address
	Verified    *bool      `json:"verified,omitempty"`
	CreatedFrom *time.Time `json:"created_from,omitempty"`
	CreatedTo   *time.Time `json:"created_to,omitempty"` // before then
}

// Users is one page of accounts.
type Users struct {
	Users []User `json:"users"`
	More  bool   `json:"more"` // whether there are more after the last
}

// ListUsers shows the accounts that are not erased.
func (s *Service) ListUsers(ctx context.Context, in ListUsersInput) (Users, error) {
	if in.Limit <= 0 || in.Limit > 1000 {
		in.Limit = 1000
	}
	if in.Email != "" {
		email, err := normalEmail(in.Email)
		if err != nil {
			return Users{Users: []User{}}, nil //nolint:nilerr // nobody has an address that is none
		}
		in.Email = email
	}
	page := Users{Users: []User{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := query(conn).ListUsers(ctx, userdb.ListUsersParams{
			Before: in.Before, Role: orNull(string(in.Role)), Email: orNull(in.Email), Words: orNull(in.Words), Verified: in.Verified,
			CreatedFrom: in.CreatedFrom, CreatedTo: in.CreatedTo, Most: int32(in.Limit) + 1, //nolint:gosec // at most 1001
		})
		if err != nil {
			return fmt.Errorf("list users: %w", err)
		}
		if page.More = len(rows) > in.Limit; page.More {
			rows = rows[:in.Limit]
		}
		for _, row := range rows {
			page.Users = append(page.Users, fromRow(row))
		}
		return nil
	})
	return page, err
}
