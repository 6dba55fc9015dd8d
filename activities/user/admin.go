package user

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/pg"
)

// EnsureAdmin makes the first admin, or makes an existing account one. An
// existing password stays: changing the configuration changes nobody's.
// It is no method, so that it is not an operation anyone could call.
func EnsureAdmin(ctx context.Context, s *Service, email, password string) error {
	_, err := s.register(ctx, RegisterUserInput{Email: email, Password: password, Name: "Admin"}, RoleAdmin)
	if !errors.Is(err, ErrEmailTaken) {
		return err
	}
	if email, err = normalEmail(email); err != nil {
		return err
	}
	return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := query(tx).GetUserByEmail(ctx, email)
		if err != nil || row.Role == string(RoleAdmin) {
			return err
		}
		row, err = query(tx).UpdateUserRole(ctx, string(RoleAdmin), s.clock(), row.ID)
		if err != nil {
			return fmt.Errorf("make %s an admin: %w", row.ID, err)
		}
		return tell(ctx, tx, events.UserUpdated, fromRow(row))
	})
}
