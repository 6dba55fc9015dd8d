package user

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/pg"
	"kassa/sql/userdb"
)

const (
	keyPrefix  = "kassa_"    // lets scanners of source code find a key that leaked
	hintLength = 12          // characters of a key that are shown, prefix included
	keyLife    = time.Minute // of the access token that a key is exchanged for
)

// APIKey is what is known of a key by which a program acts in its owner's name.
type APIKey struct {
	ID         uuid.UUID  `json:"id" format:"uuid" doc:"Id of the key." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2f"`
	OwnerID    uuid.UUID  `json:"owner_id" format:"uuid" doc:"In whose name it acts." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d"`
	Name       string     `json:"name" doc:"What it is for." example:"Warehouse"`
	Hint       string     `json:"hint" doc:"How the key begins." example:"kassa_q2o1Zl"`
	Role       Role       `json:"role" enum:"customer,support,admin" doc:"The role it acts in." example:"support"`
	Scopes     []string   `json:"scopes" doc:"What it may do." example:"[\"orders:read\",\"inventory:write\"]"`
	CreatedAt  time.Time  `json:"created_at" doc:"When it was made." example:"2026-01-05T09:30:00Z"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"When it stops being good; absent for never." example:"2027-01-05T09:30:00Z"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"When it was last used, to the minute; absent for never." example:"2026-03-14T09:26:00Z"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty" doc:"When it was withdrawn; absent while it is good." example:"2026-04-01T12:00:00Z"`
}

// NewAPIKey is a key to be made.
type NewAPIKey struct {
	Name      string     `json:"name" minLength:"1" maxLength:"100" doc:"What it is for." example:"Warehouse"`
	Role      Role       `json:"role,omitempty" enum:"customer,support,admin" doc:"The role it acts in, at most your own, which it is when left out." example:"support"`
	Scopes    []string   `json:"scopes" minItems:"1" maxItems:"50" uniqueItems:"true" doc:"What it may do: the x-scope of each operation that it is for. Writing does not include reading." example:"[\"orders:read\",\"inventory:write\"]"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it shall stop being good; left out for never." example:"2027-01-05T09:30:00Z"`
}

// CreateAPIKeyInput is a key to be made in its owner's name.
type CreateAPIKeyInput struct {
	OwnerID uuid.UUID `json:"owner_id"`
	NewAPIKey
}

// MadeAPIKey is a new key with its text, which is shown this once.
type MadeAPIKey struct {
	APIKey
	Key string `json:"key" doc:"The key, to send as X-API-Key. It is not kept and cannot be shown again." example:"kassa_q2o1Zl0vXw5m8tYb3n6QeR9sUvWxYz0123456789AbC"`
}

var scopePattern = regexp.MustCompile(`^[a-z][a-z-]{0,40}:(read|write)$`)

// CreateAPIKey makes a key.
func (s *Service) CreateAPIKey(ctx context.Context, in CreateAPIKeyInput) (MadeAPIKey, error) {
	at := s.clock()
	name, err := normalName(in.Name)
	if err != nil || len(in.Scopes) < 1 || len(in.Scopes) > 50 || (in.ExpiresAt != nil && !in.ExpiresAt.After(at)) ||
		slices.ContainsFunc(in.Scopes, func(scope string) bool { return !scopePattern.MatchString(scope) }) {
		return MadeAPIKey{}, ErrKeyInvalid
	}
	key := keyPrefix + rawToken()
	made := MadeAPIKey{Key: key, APIKey: APIKey{
		ID: id.New(), OwnerID: in.OwnerID, Name: name, Hint: key[:hintLength], Role: in.Role, Scopes: in.Scopes, CreatedAt: at, ExpiresAt: utc(in.ExpiresAt),
	}}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		owner, err := query(tx).LockUserShared(ctx, in.OwnerID)
		if err != nil {
			return found(err)
		}
		if made.Role == "" {
			made.Role = Role(owner.Role)
		}
		if !slices.Contains(roles, made.Role) || least(made.Role, Role(owner.Role)) != made.Role {
			return ErrKeyInvalid
		}
		err = query(tx).InsertAPIKey(ctx, userdb.InsertAPIKeyParams{
			ID: made.ID, UserID: made.OwnerID, Name: name, Hint: made.Hint, Hash: hashOf(key), Role: string(made.Role),
			Scopes: made.Scopes, CreatedAt: at, ExpiresAt: made.ExpiresAt,
		})
		if err != nil {
			return fmt.Errorf("insert API key: %w", err)
		}
		return nil
	})
	if err != nil {
		return MadeAPIKey{}, err
	}
	return made, nil
}

// ListAPIKeysInput selects keys, newest first.
type ListAPIKeysInput struct {
	Before *uuid.UUID `json:"before,omitempty"` // continue after this key; nil starts
	Limit  int        `json:"limit"`            // at most 1000, which 0 means too
}

// APIKeys is one page of keys.
type APIKeys struct {
	Keys []APIKey `json:"keys"`
	More bool     `json:"more"` // whether there are more after the last
}

// ListAPIKeys shows all keys, withdrawn ones too.
func (s *Service) ListAPIKeys(ctx context.Context, in ListAPIKeysInput) (APIKeys, error) {
	if in.Limit <= 0 || in.Limit > 1000 {
		in.Limit = 1000
	}
	page := APIKeys{Keys: []APIKey{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := query(conn).ListAPIKeys(ctx, in.Before, int32(in.Limit)+1) //nolint:gosec // at most 1001
		if err != nil {
			return fmt.Errorf("list API keys: %w", err)
		}
		if page.More = len(rows) > in.Limit; page.More {
			rows = rows[:in.Limit]
		}
		for _, row := range rows {
			page.Keys = append(page.Keys, fromKey(row))
		}
		return nil
	})
	return page, err
}

// RevokeAPIKeyInput names a key.
type RevokeAPIKeyInput struct {
	KeyID uuid.UUID `json:"key_id"`
}

// RevokeAPIKey withdraws a key and the tokens that it was exchanged for. A
// repeat changes nothing.
func (s *Service) RevokeAPIKey(ctx context.Context, in RevokeAPIKeyInput) (APIKey, error) {
	at := s.clock()
	var key APIKey
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := query(tx).UpdateAPIKeyRevoked(ctx, &at, in.KeyID)
		if pg.NotFound(err) {
			return ErrKeyNotFound
		}
		if err != nil {
			return fmt.Errorf("revoke API key: %w", err)
		}
		key = fromKey(row)
		if !key.RevokedAt.Equal(at) {
			return nil // it was before
		}
		return revokeSessions(ctx, tx, row.UserID, at, row.ID)
	})
	return key, err
}

// VerifyAPIKeyInput is a key as a program sent it.
type VerifyAPIKeyInput struct {
	Key string `json:"key"`
}

// KeyToken is the access token that a key is worth for a minute.
type KeyToken struct {
	AccessToken string    `json:"access_token"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// VerifyAPIKey exchanges a key for an access token with its scopes, for the
// gateway. The token has the role of the key, or of its owner when that is less.
func (s *Service) VerifyAPIKey(ctx context.Context, in VerifyAPIKeyInput) (KeyToken, error) {
	at := s.clock()
	var key userdb.GetAPIKeyByHashRow
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		key, err = query(tx).GetAPIKeyByHash(ctx, hashOf(in.Key))
		if pg.NotFound(err) || (err == nil && (key.RevokedAt != nil || (key.ExpiresAt != nil && !at.Before(*key.ExpiresAt)))) {
			return ErrBadKey
		}
		if err != nil {
			return fmt.Errorf("get API key: %w", err)
		}
		minuteAgo := at.Add(-time.Minute)
		if key.LastUsedAt != nil && key.LastUsedAt.After(minuteAgo) {
			return nil
		}
		if err = query(tx).UpdateAPIKeyUsed(ctx, &at, key.ID, &minuteAgo); err != nil {
			return fmt.Errorf("note use of API key: %w", err)
		}
		return nil
	})
	if err != nil {
		return KeyToken{}, err
	}
	who := bearer{user: key.UserID, role: least(Role(key.Role), Role(key.OwnerRole)), session: key.ID, scopes: key.Scopes}
	token, err := s.keys.sign(who, at, keyLife)
	if err != nil {
		return KeyToken{}, err
	}
	return KeyToken{AccessToken: token, ExpiresAt: at.Add(keyLife)}, nil
}
