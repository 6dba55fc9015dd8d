package user

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/outbox"
	"kassa/internal/pg"
)

// EraseUserInput names a user.
type EraseUserInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// Erasable says that an account may be erased.
type Erasable struct {
	UserID uuid.UUID `json:"user_id"`
}

// CheckErasable refuses an account that does not exist any more, or is the last
// admin's.
func (s *Service) CheckErasable(ctx context.Context, in EraseUserInput) (Erasable, error) {
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := notTheLastAdmin(ctx, tx, in.UserID); err != nil {
			return err
		}
		_, err := query(tx).GetUser(ctx, in.UserID)
		return found(err)
	})
	return Erasable(in), err
}

// CloseAccount keeps everybody out of an account whose erasure has begun:
// nobody can sign in, every session has ended, every token and key is withdrawn.
// A repeat changes nothing, nor does it after the erasure.
func (s *Service) CloseAccount(ctx context.Context, in EraseUserInput) (Erasable, error) {
	return Erasable(in), pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := query(tx).LockUser(ctx, in.UserID)
		if err != nil {
			return found(err)
		}
		if row.ErasedAt != nil || row.ErasureRequestedAt != nil {
			return nil
		}
		at := s.clock() // not before the row was held: see revokeTokens
		if err := query(tx).UpdateUserErasureRequested(ctx, &at, in.UserID); err != nil {
			return fmt.Errorf("close account: %w", err)
		}
		ended, err := endSessions(ctx, tx, in.UserID, uuid.Nil, endedByErasure, at)
		if err != nil {
			return err
		}
		if err := revokeSessions(ctx, tx, in.UserID, at, ended...); err != nil {
			return err
		}
		return revokeTokens(ctx, tx, row, at)
	})
}

// ListErasingInput selects accounts by how long their erasure has been going on.
type ListErasingInput struct {
	Before time.Time `json:"before"` // it was asked for before then
}

// Erasures are accounts that are being erased.
type Erasures struct {
	Users []uuid.UUID `json:"users"` // at most 100, the longest waiting first
}

// ListErasing finds erasures that should have ended, to begin them again: their
// saga may be lost.
func (s *Service) ListErasing(ctx context.Context, in ListErasingInput) (Erasures, error) {
	var found Erasures
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		found.Users, err = query(conn).ListUsersErasing(ctx, &in.Before)
		return err
	})
	return found, err
}

// ErasedUser is what an erasure deleted; zeros when there was nothing left.
type ErasedUser struct {
	UserID    uuid.UUID `json:"user_id"`
	ErasedAt  time.Time `json:"erased_at"`
	Addresses int64     `json:"addresses"`
	APIKeys   int64     `json:"api_keys"`
}

// EraseUser deletes everything personal of an account, and leaves an empty row
// for what refers to it. It is the last step of the saga Erase. A repeat changes
// nothing; of an account that never was there is nothing to erase.
func (s *Service) EraseUser(ctx context.Context, in EraseUserInput) (ErasedUser, error) {
	erased := ErasedUser{UserID: in.UserID}
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := query(tx).LockUser(ctx, in.UserID)
		if pg.NotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("lock user: %w", err)
		}
		if row.ErasedAt != nil {
			erased.ErasedAt = row.ErasedAt.UTC()
			return nil
		}
		at := s.clock() // not before the row was held: see revokeTokens
		erased.ErasedAt = at
		if row, err = query(tx).UpdateUserErased(ctx, &at, in.UserID); err != nil {
			return fmt.Errorf("erase user: %w", err)
		}
		if err := s.forget(ctx, tx, &erased); err != nil {
			return fmt.Errorf("erase user: %w", err)
		}
		if err := revokeTokens(ctx, tx, row, at); err != nil {
			return err
		}
		data := events.UserGone{UserID: in.UserID}
		return outbox.Append(ctx, tx, events.New("user", events.UserErased, in.UserID, row.Version, at, data))
	})
	return erased, err
}

// forget deletes what hangs on the account, and its traces in what is kept for
// other reasons.
func (s *Service) forget(ctx context.Context, tx pgx.Tx, erased *ErasedUser) (err error) {
	q := query(tx)
	if erased.Addresses, err = q.DeleteAddresses(ctx, erased.UserID); err != nil {
		return err
	}
	if erased.APIKeys, err = q.DeleteAPIKeys(ctx, erased.UserID); err != nil {
		return err
	}
	for _, step := range []func(context.Context, uuid.UUID) error{q.DeleteSessions, q.DeleteMailRequests, q.ResetPreferences, q.DeleteAnswersTo} {
		if err := step(ctx, erased.UserID); err != nil {
			return err
		}
	}
	if err := q.DeleteIdempotencyKeysOfUser(ctx, erased.UserID.String(), erased.UserID); err != nil {
		return err
	}
	return q.UpdateOutboxNameless(ctx, erased.UserID.String())
}
