package user

import (
	"fmt"

	"kassa/internal/pg"
	"kassa/sql/userdb"
)

func fromRow(row userdb.User) User {
	return User{
		ID:        row.ID,
		Email:     row.Email,
		Name:      row.Name,
		Role:      Role(row.Role),
		Version:   row.Version,
		CreatedAt: row.CreatedAt.UTC(),
		UpdatedAt: row.UpdatedAt.UTC(),
	}
}

// found turns "no row" into the fault for it.
func found(err error) error {
	if pg.NotFound(err) {
		return ErrUserNotFound
	}
	if err != nil {
		return fmt.Errorf("get user: %w", err)
	}
	return nil
}
