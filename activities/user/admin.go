package user

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/pg"
)

// CreateAdminInput is an admin to make. The password is for an account that
// does not exist yet.
type CreateAdminInput struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Name     string `json:"name"`
}

// CreatedAdmin is an admin, and whether the account had existed before.
type CreatedAdmin struct {
	User    User `json:"user"`
	Existed bool `json:"existed"`
}

// CreateAdmin makes an admin, or makes an existing account one; its password
// stays. It is for who holds the platform's internal token, and has no HTTP
// operation.
func (s *Service) CreateAdmin(ctx context.Context, in CreateAdminInput) (CreatedAdmin, error) {
	made, err := s.register(ctx, RegisterUserInput(in), RoleAdmin)
	if err == nil || !errors.Is(err, ErrEmailTaken) {
		return CreatedAdmin{User: made}, err
	}
	email, err := normalEmail(in.Email)
	if err != nil {
		return CreatedAdmin{}, err
	}
	admin := CreatedAdmin{Existed: true}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := query(tx).GetUserByEmail(ctx, email)
		if err != nil {
			return found(err)
		}
		admin.User = fromRow(row)
		if admin.User.Role == RoleAdmin {
			return nil
		}
		if row, err = query(tx).UpdateUserRole(ctx, string(RoleAdmin), s.clock(), row.ID); err != nil {
			return fmt.Errorf("make %s an admin: %w", row.ID, err)
		}
		admin.User = fromRow(row)
		return tell(ctx, tx, events.UserUpdated, admin.User)
	})
	return admin, err
}

// EnsureAdmin is CreateAdmin for the first admin of the configuration. An
// existing password stays: changing the configuration changes nobody's.
func EnsureAdmin(ctx context.Context, s *Service, email, password string) error {
	_, err := s.CreateAdmin(ctx, CreateAdminInput{Email: email, Password: password, Name: "Admin"})
	return err
}
