package user

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/userdb"
)

// Locale is a language in which the shop writes.
type Locale string

// The locales.
const (
	English Locale = "en"
	German  Locale = "de"
)

// What a new account begins with.
const (
	defaultLocale   = string(English)
	defaultCurrency = "EUR"
)

// Channels are the ways by which news of orders may come. What an account
// needs, like the link to a new password, is always mailed.
type Channels struct {
	Email bool `json:"email" doc:"By e-mail." example:"true"`
	SMS   bool `json:"sms" doc:"By SMS, to the phone of the profile." example:"false"`
	Push  bool `json:"push" doc:"To browsers that were subscribed." example:"false"`
}

// Wishes are how a person wants the shop to be.
type Wishes struct {
	Locale        Locale   `json:"locale" enum:"en,de" doc:"Language of what the shop writes." example:"en"`
	Currency      string   `json:"currency" pattern:"^[A-Z]{3}$" doc:"Currency to show prices in, ISO 4217." example:"EUR"`
	Notifications Channels `json:"notifications" doc:"How news of orders may come."`
}

// Preferences are a person's wishes, with their version.
type Preferences struct {
	Wishes
	Version int64 `json:"version" doc:"Counts changes, from 1; the number in the ETag." example:"1"`
}

// ReadPreferencesInput names a user.
type ReadPreferencesInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// ReadPreferences finds how a user wants the shop to be.
func (s *Service) ReadPreferences(ctx context.Context, in ReadPreferencesInput) (Preferences, error) {
	var row userdb.Preference
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		row, err = query(conn).GetPreferences(ctx, in.UserID)
		return found(err)
	})
	if err != nil {
		return Preferences{}, err
	}
	return fromPreferences(row), nil
}

// ReplacePreferencesInput are wishes instead of the version of them that the
// caller has seen.
type ReplacePreferencesInput struct {
	UserID    uuid.UUID `json:"user_id"`
	IfVersion int64     `json:"if_version"`
	Wishes
}

// ReplacePreferences sets all of a user's preferences.
func (s *Service) ReplacePreferences(ctx context.Context, in ReplacePreferencesInput) (Preferences, error) {
	if _, err := money.Exponent(in.Currency); err != nil {
		return Preferences{}, ErrCurrencyUnknown
	}
	var row userdb.Preference
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		row, err = query(tx).UpdatePreferences(ctx, userdb.UpdatePreferencesParams{
			UserID: in.UserID, Version: in.IfVersion, Locale: string(in.Locale), Currency: in.Currency,
			Email: in.Notifications.Email, Sms: in.Notifications.SMS, Push: in.Notifications.Push,
		})
		if !pg.NotFound(err) {
			return err
		}
		if row, err = query(tx).GetPreferences(ctx, in.UserID); err != nil {
			return found(err)
		}
		return ErrPreferencesStale.With("current_version", row.Version)
	})
	if err != nil {
		return Preferences{}, fmt.Errorf("preferences of %s: %w", in.UserID, err)
	}
	return fromPreferences(row), nil
}
