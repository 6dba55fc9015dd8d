package user

import (
	"fmt"
	"time"

	"kassa/internal/pg"
	"kassa/sql/userdb"
)

func fromRow(row userdb.User) User {
	return User{
		ID:        row.ID,
		Email:     row.Email,
		Name:      row.Name,
		Phone:     orEmpty(row.Phone),
		Role:      Role(row.Role),
		Verified:  row.EmailVerifiedAt != nil,
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

func fromPreferences(row userdb.Preference) Preferences {
	return Preferences{
		Wishes: Wishes{
			Locale:        Locale(row.Locale),
			Currency:      row.Currency,
			Notifications: Channels{Email: row.Email, SMS: row.Sms, Push: row.Push},
		},
		Version: row.Version,
	}
}

func fromAddress(row userdb.Address) Address {
	return Address{
		ID: row.ID,
		NewAddress: NewAddress{
			Label: row.Label, Default: row.IsDefault,
			Name: row.Name, Line1: row.Line1, Line2: row.Line2, City: row.City, PostalCode: row.PostalCode, Country: row.Country,
		},
		Version:   row.Version,
		CreatedAt: row.CreatedAt.UTC(),
		UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func fromKey(row userdb.ApiKey) APIKey {
	return APIKey{
		ID: row.ID, OwnerID: row.UserID, Name: row.Name, Hint: row.Hint, Role: Role(row.Role), Scopes: row.Scopes,
		CreatedAt: row.CreatedAt.UTC(), ExpiresAt: utc(row.ExpiresAt), LastUsedAt: utc(row.LastUsedAt), RevokedAt: utc(row.RevokedAt),
	}
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	t := at.UTC()
	return &t
}
