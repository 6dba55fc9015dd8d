package user

import (
	"context"
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

// Role is what a user may do.
type Role string

// The roles.
const (
	RoleCustomer Role = "customer" // sees and does what is their own
	RoleSupport  Role = "support"  // sees everybody's, changes what helps a customer
	RoleAdmin    Role = "admin"    // everything
)

// User is an account.
type User struct {
	ID        uuid.UUID `json:"id" format:"uuid" doc:"Id of the user." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"`
	Email     string    `json:"email" doc:"Address to sign in with, in lower case." example:"ada@example.com"`
	Name      string    `json:"name" doc:"What to call the person." example:"Ada Example"`
	Role      Role      `json:"role" enum:"customer,support,admin" doc:"What the user may do." example:"customer"`
	Version   int64     `json:"version" doc:"Counts changes, from 1; the number in the ETag." example:"1"`
	CreatedAt time.Time `json:"created_at" doc:"When the account was registered." example:"2026-01-05T09:30:00Z"`
	UpdatedAt time.Time `json:"updated_at" doc:"When the account last changed." example:"2026-01-05T09:30:00Z"`
}

// RegisterUserInput is a new customer.
type RegisterUserInput struct {
	Email    string `json:"email" minLength:"3" maxLength:"254" doc:"Address to sign in with; case does not matter." example:"ada@example.com"`
	Password string `json:"password" minLength:"8" maxLength:"128" format:"password" doc:"8 to 128 characters; the commonest are refused." example:"correct horse battery"`
	Name     string `json:"name" minLength:"1" maxLength:"100" doc:"What to call the person." example:"Ada Example"`
}

// RegisterUser makes an account with the role customer.
func (s *Service) RegisterUser(ctx context.Context, in RegisterUserInput) (User, error) {
	return s.register(ctx, in, RoleCustomer)
}

func (s *Service) register(ctx context.Context, in RegisterUserInput, role Role) (User, error) {
	email, err := normalEmail(in.Email)
	if err != nil {
		return User{}, err
	}
	name, err := normalName(in.Name)
	if err != nil {
		return User{}, err
	}
	password, err := acceptablePassword(in.Password, email)
	if err != nil {
		return User{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	at := s.clock()
	user := User{ID: id.New(), Email: email, Name: name, Role: role, Version: 1, CreatedAt: at, UpdatedAt: at}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		err := query(tx).InsertUser(ctx, userdb.InsertUserParams{
			ID: user.ID, Email: email, Name: name, Role: string(role), PasswordHash: hash, At: at,
		})
		if pg.Constraint(err) == "users_email" {
			return ErrEmailTaken
		}
		if err != nil {
			return fmt.Errorf("insert user: %w", err)
		}
		return tell(ctx, tx, events.UserRegistered, user)
	})
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// tell appends the event that says how user is now.
func tell(ctx context.Context, tx pgx.Tx, typ string, user User) error {
	data := events.User{UserID: user.ID, Name: user.Name}
	return outbox.Append(ctx, tx, events.New("user", typ, user.ID, user.Version, user.UpdatedAt, data))
}

// ReadUserInput names a user.
type ReadUserInput struct {
	ID uuid.UUID `json:"id" format:"uuid"`
}

// ReadUser finds an account.
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

// UserChange is what can be changed of an account; what is left out stays.
type UserChange struct {
	Name *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"What to call the person." example:"Ada Lovelace"`
}

// UpdateUserInput is a change of the version of an account that the caller has seen.
type UpdateUserInput struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	IfVersion int64     `json:"if_version"`
	UserChange
}

// UpdateUser changes an account.
func (s *Service) UpdateUser(ctx context.Context, in UpdateUserInput) (User, error) {
	if in.Name == nil {
		return User{}, ErrNothingToChange
	}
	name, err := normalName(*in.Name)
	if err != nil {
		return User{}, err
	}
	at := s.clock()
	var user User
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := query(tx).UpdateUserName(ctx, userdb.UpdateUserNameParams{ID: in.ID, Version: in.IfVersion, Name: name, At: at})
		if pg.NotFound(err) {
			return s.missed(ctx, tx, in.ID)
		}
		if err != nil {
			return fmt.Errorf("update user %s: %w", in.ID, err)
		}
		user = fromRow(row)
		return tell(ctx, tx, events.UserUpdated, user)
	})
	return user, err
}

// missed says why a conditional change found no row.
func (s *Service) missed(ctx context.Context, tx pgx.Tx, user uuid.UUID) error {
	row, err := query(tx).GetUser(ctx, user)
	if err != nil {
		return found(err)
	}
	return ErrUserStale.With("current_version", row.Version)
}
