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
	Phone     string    `json:"phone,omitempty" doc:"Phone number in E.164 form; absent when the person gave none." example:"+4930123456"`
	Role      Role      `json:"role" enum:"customer,support,admin" doc:"What the user may do." example:"customer"`
	Verified  bool      `json:"email_verified" doc:"Whether the person proved that the address is theirs." example:"true"`
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

// RegisterUser makes an account with the role customer, and asks for the mail
// by which its address is verified.
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
			Locale: defaultLocale, Currency: defaultCurrency,
		})
		if pg.Constraint(err) == "users_email" {
			return ErrEmailTaken
		}
		if err != nil {
			return fmt.Errorf("insert user: %w", err)
		}
		if err := tell(ctx, tx, events.UserRegistered, user); err != nil || role != RoleCustomer {
			return err
		}
		return s.requestMail(ctx, tx, user.ID, verifyEmail, at)
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
