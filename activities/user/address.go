package user

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/pg"
	"kassa/sql/userdb"
)

// mostAddresses is how many an account can have.
const mostAddresses = 50

// NewAddress is a place to have things sent to. Its members from name on are
// those of a checkout's shipping address.
type NewAddress struct {
	Label      string `json:"label,omitempty" maxLength:"50" doc:"What you call it." example:"Home"`
	Default    bool   `json:"default,omitempty" doc:"Whether the shop proposes it first. The first address always is; another one that becomes it takes its place." example:"true"`
	Name       string `json:"name" minLength:"1" maxLength:"200" doc:"Who receives there." example:"Ada Lovelace"`
	Line1      string `json:"line1" minLength:"1" maxLength:"200" doc:"Street and number." example:"Torstraße 1"`
	Line2      string `json:"line2,omitempty" maxLength:"200" doc:"Anything more." example:"3rd floor"`
	City       string `json:"city" minLength:"1" maxLength:"100" doc:"Town." example:"Berlin"`
	PostalCode string `json:"postal_code" minLength:"1" maxLength:"20" doc:"Postal code." example:"10119"`
	Country    string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2." example:"DE"`
}

// Address is a place that an account has things sent to.
type Address struct {
	ID uuid.UUID `json:"id" format:"uuid" doc:"Id of the address." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2e"`
	NewAddress
	Version   int64     `json:"version" doc:"Counts changes, from 1; the number in the ETag." example:"1"`
	CreatedAt time.Time `json:"created_at" doc:"When it was added." example:"2026-01-05T09:30:00Z"`
	UpdatedAt time.Time `json:"updated_at" doc:"When it last changed." example:"2026-01-05T09:30:00Z"`
}

// AddAddressInput is a new address of a user.
type AddAddressInput struct {
	UserID uuid.UUID `json:"user_id"`
	NewAddress
}

// AddAddress adds an address to an account.
func (s *Service) AddAddress(ctx context.Context, in AddAddressInput) (Address, error) {
	if err := in.check(); err != nil {
		return Address{}, err
	}
	var made userdb.Address
	err := s.withAddresses(ctx, in.UserID, func(tx pgx.Tx, at time.Time) error {
		n, err := query(tx).CountAddresses(ctx, in.UserID)
		if err != nil {
			return err
		}
		if n >= mostAddresses {
			return ErrTooManyAddresses
		}
		addressID, first := id.New(), in.Default || n == 0
		if err := makeRoom(ctx, tx, in.UserID, addressID, first, at); err != nil {
			return err
		}
		made, err = query(tx).InsertAddress(ctx, userdb.InsertAddressParams{
			ID: addressID, UserID: in.UserID, Label: in.Label, Name: in.Name, Line1: in.Line1, Line2: in.Line2,
			City: in.City, PostalCode: in.PostalCode, Country: in.Country, IsDefault: first, At: at,
		})
		return err
	})
	if err != nil {
		return Address{}, err
	}
	return fromAddress(made), nil
}

// AddressInput names an address of a user. Somebody else's is not found.
type AddressInput struct {
	UserID    uuid.UUID `json:"user_id"`
	AddressID uuid.UUID `json:"address_id"`
}

// ReadAddress finds one.
func (s *Service) ReadAddress(ctx context.Context, in AddressInput) (Address, error) {
	var row userdb.Address
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		row, err = query(conn).GetAddress(ctx, in.AddressID, in.UserID)
		if pg.NotFound(err) {
			return ErrAddressNotFound
		}
		return err
	})
	if err != nil {
		return Address{}, err
	}
	return fromAddress(row), nil
}

// ListAddressesInput names a user.
type ListAddressesInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// Addresses are all of a user's, the default first, then the oldest.
type Addresses struct {
	Addresses []Address `json:"data" doc:"The addresses, the default first."`
}

// ListAddresses shows where a user has things sent to.
func (s *Service) ListAddresses(ctx context.Context, in ListAddressesInput) (Addresses, error) {
	all := Addresses{Addresses: []Address{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := query(conn).ListAddresses(ctx, in.UserID)
		for _, row := range rows {
			all.Addresses = append(all.Addresses, fromAddress(row))
		}
		return err
	})
	return all, err
}

// ReplaceAddressInput is an address instead of the version of it that the
// caller has seen.
type ReplaceAddressInput struct {
	AddressInput
	IfVersion int64 `json:"if_version"`
	NewAddress
}

// ReplaceAddress changes an address. The default one stays it until another
// becomes it.
func (s *Service) ReplaceAddress(ctx context.Context, in ReplaceAddressInput) (Address, error) {
	if err := in.check(); err != nil {
		return Address{}, err
	}
	var changed userdb.Address
	err := s.withAddresses(ctx, in.UserID, func(tx pgx.Tx, at time.Time) error {
		before, err := query(tx).GetAddress(ctx, in.AddressID, in.UserID)
		switch {
		case pg.NotFound(err):
			return ErrAddressNotFound
		case err != nil:
			return err
		case before.Version != in.IfVersion:
			return ErrAddressStale.With("current_version", before.Version)
		}
		if err := makeRoom(ctx, tx, in.UserID, in.AddressID, in.Default, at); err != nil {
			return err
		}
		changed, err = query(tx).UpdateAddress(ctx, userdb.UpdateAddressParams{
			ID: in.AddressID, UserID: in.UserID, Version: in.IfVersion, Label: in.Label, Name: in.Name, Line1: in.Line1, Line2: in.Line2,
			City: in.City, PostalCode: in.PostalCode, Country: in.Country, IsDefault: in.Default || before.IsDefault, At: at,
		})
		return err
	})
	if err != nil {
		return Address{}, err
	}
	return fromAddress(changed), nil
}

// DeleteAddress deletes an address. When it was the default, the oldest of the
// others becomes it.
func (s *Service) DeleteAddress(ctx context.Context, in AddressInput) (struct{}, error) {
	return struct{}{}, s.withAddresses(ctx, in.UserID, func(tx pgx.Tx, at time.Time) error {
		n, err := query(tx).DeleteAddress(ctx, in.AddressID, in.UserID)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrAddressNotFound
		}
		return query(tx).UpdateOldestAddressDefault(ctx, at, in.UserID)
	})
}

// withAddresses runs fn while nobody else changes the account's addresses.
func (s *Service) withAddresses(ctx context.Context, account uuid.UUID, fn func(tx pgx.Tx, at time.Time) error) error {
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lock(ctx, tx, account); err != nil {
			return err
		}
		return fn(tx, s.clock())
	})
	if err != nil {
		return fmt.Errorf("addresses of %s: %w", account, err)
	}
	return nil
}

// makeRoom takes the default away from the others when address is to be it.
func makeRoom(ctx context.Context, tx pgx.Tx, account, address uuid.UUID, isDefault bool, at time.Time) error {
	if !isDefault {
		return nil
	}
	return query(tx).UpdateAddressesNotDefault(ctx, at, account, address)
}

var countryPattern = regexp.MustCompile(`^[A-Z]{2}$`)

// check refuses what the table would, for callers without a schema.
func (a NewAddress) check() error {
	for _, part := range []struct {
		text     string
		min, max int
	}{{a.Label, 0, 50}, {a.Name, 1, 200}, {a.Line1, 1, 200}, {a.Line2, 0, 200}, {a.City, 1, 100}, {a.PostalCode, 1, 20}} {
		n := utf8.RuneCountInString(part.text)
		if n < part.min || n > part.max || (part.min > 0 && strings.TrimSpace(part.text) == "") ||
			!utf8.ValidString(part.text) || strings.ContainsFunc(part.text, unicode.IsControl) {
			return ErrAddressInvalid
		}
	}
	if !countryPattern.MatchString(a.Country) {
		return ErrAddressInvalid
	}
	return nil
}
