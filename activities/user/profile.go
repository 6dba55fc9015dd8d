package user

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/pg"
	"kassa/sql/userdb"
)

// ReadUserInput names a user.
type ReadUserInput struct {
	ID uuid.UUID `json:"id" format:"uuid"`
}

// ReadUser finds an account. One that was erased is not found.
func (s *Service) ReadUser(ctx context.Context, in ReadUserInput) (User, error) {
	var user User
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err := query(conn).GetUser(ctx, in.ID)
		user = fromRow(row)
		return found(err)
	})
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// Profile is what people say about themselves.
type Profile struct {
	Name  string `json:"name" minLength:"1" maxLength:"100" doc:"What to call the person." example:"Ada Lovelace"`
	Phone string `json:"phone,omitempty" maxLength:"16" doc:"Phone number in E.164 form; left out for none." example:"+4930123456"`
}

// UserChange is what can be changed of an account; what is left out stays.
type UserChange struct { //nolint:revive // the name is its schema's, unique in the API document
	Name  *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"What to call the person." example:"Ada Lovelace"`
	Phone *string `json:"phone,omitempty" maxLength:"16" doc:"Phone number in E.164 form; empty for none." example:"+4930123456"`
}

// UpdateUserInput is a change of the version of an account that the caller has seen.
type UpdateUserInput struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	IfVersion int64     `json:"if_version"`
	UserChange
}

// UpdateUser changes parts of an account.
func (s *Service) UpdateUser(ctx context.Context, in UpdateUserInput) (User, error) {
	if in.Name == nil && in.Phone == nil {
		return User{}, ErrNothingToChange
	}
	return s.changeProfile(ctx, in.ID, in.IfVersion, in.UserChange)
}

// ReplaceUserInput is the whole of what a person says, instead of the version
// of it that the caller has seen.
type ReplaceUserInput struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	IfVersion int64     `json:"if_version"`
	Profile
}

// ReplaceUser sets all of an account's profile.
func (s *Service) ReplaceUser(ctx context.Context, in ReplaceUserInput) (User, error) {
	return s.changeProfile(ctx, in.ID, in.IfVersion, UserChange{Name: &in.Name, Phone: &in.Phone})
}

func (s *Service) changeProfile(ctx context.Context, account uuid.UUID, version int64, change UserChange) (user User, err error) {
	if change.Name != nil {
		if *change.Name, err = normalName(*change.Name); err != nil {
			return User{}, err
		}
	}
	if change.Phone != nil && !validPhone(*change.Phone) {
		return User{}, ErrPhoneInvalid
	}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := s.lock(ctx, tx, account)
		if err != nil {
			return err
		}
		if row.Version != version {
			return ErrUserStale.With("current_version", row.Version)
		}
		if change.Name != nil {
			row.Name = *change.Name
		}
		if change.Phone != nil {
			row.Phone = orNull(*change.Phone)
		}
		row, err = query(tx).UpdateUserProfile(ctx, userdb.UpdateUserProfileParams{
			ID: account, Version: version, Name: row.Name, Phone: row.Phone, At: s.clock(),
		})
		if err != nil {
			return fmt.Errorf("update user %s: %w", account, err)
		}
		user = fromRow(row)
		return tell(ctx, tx, events.UserUpdated, user)
	})
	return user, err
}

// lock holds the row of an account that is not erased.
func (s *Service) lock(ctx context.Context, tx pgx.Tx, account uuid.UUID) (userdb.User, error) {
	row, err := query(tx).LockUser(ctx, account)
	if err == nil && row.ErasedAt != nil {
		return row, ErrUserNotFound
	}
	return row, found(err)
}

// phonePattern is E.164, as the table has it; none is "".
var phonePattern = regexp.MustCompile(`^(\+[1-9][0-9]{6,14})?$`)

func validPhone(s string) bool { return phonePattern.MatchString(s) }

func orNull(s string) *string {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return &s
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
