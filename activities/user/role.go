package user

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/pg"
)

// roles are all of them; each may do what the ones before may.
var roles = []Role{RoleCustomer, RoleSupport, RoleAdmin}

// least is the role that may do less.
func least(a, b Role) Role {
	return roles[min(slices.Index(roles, a), slices.Index(roles, b))]
}

// ChangeRoleInput gives an account another role. IfVersion is the version of the
// account that the caller has seen.
type ChangeRoleInput struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	IfVersion int64     `json:"if_version"`
	Role      Role      `json:"role"`
}

// ChangeRole changes what an account may do. Access tokens with the old role
// are withdrawn; the sessions go on, so that a refresh gives one with the new
// role. The last admin stays one.
func (s *Service) ChangeRole(ctx context.Context, in ChangeRoleInput) (user User, err error) {
	if !slices.Contains(roles, in.Role) {
		return User{}, ErrNothingToChange
	}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if in.Role != RoleAdmin {
			if err := notTheLastAdmin(ctx, tx, in.ID); err != nil {
				return err
			}
		}
		row, err := s.lock(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if row.Version != in.IfVersion {
			return ErrUserStale.With("current_version", row.Version)
		}
		if Role(row.Role) == in.Role {
			user = fromRow(row)
			return nil
		}
		at := s.clock() // not before the row was held: see revokeTokens
		if row, err = query(tx).UpdateUserRole(ctx, string(in.Role), at, in.ID); err != nil {
			return fmt.Errorf("change role of %s: %w", in.ID, err)
		}
		user = fromRow(row)
		if err := revokeTokens(ctx, tx, row, at); err != nil {
			return err
		}
		return tell(ctx, tx, events.UserUpdated, user)
	})
	return user, err
}

// notTheLastAdmin refuses when account is the only admin, and keeps the others
// from ceasing to be one until the transaction ends.
func notTheLastAdmin(ctx context.Context, tx pgx.Tx, account uuid.UUID) error {
	admins, err := query(tx).LockAdmins(ctx)
	if err != nil {
		return fmt.Errorf("lock admins: %w", err)
	}
	if len(admins) == 1 && admins[0] == account {
		return ErrLastAdmin
	}
	return nil
}
