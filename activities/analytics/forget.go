package analytics

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/sql/analyticsdb"
)

// ForgetVisitorInput names an account that is being erased.
type ForgetVisitorInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// ForgottenVisitor counts what was taken away.
type ForgottenVisitor struct {
	Events int64 `json:"events"` // behaviour, deleted
	Visits int64 `json:"visits"` // days with a visit, deleted
	Sales  int64 `json:"sales"`  // orders that stay, and are nobody's now
}

// ForgetVisitor deletes what a user did, and leaves of their orders only what
// they brought. Repeated, it finds nothing more.
func (s *Service) ForgetVisitor(ctx context.Context, in ForgetVisitorInput) (ForgottenVisitor, error) {
	var out ForgottenVisitor
	err := s.ask(ctx, func(db *analyticsdb.Queries) error {
		row, err := db.ForgetUser(ctx, in.UserID, now())
		out = ForgottenVisitor(row)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("forget visitor %s: %w", in.UserID, err)
	}
	return out, nil
}

const sweepEvery = 10 * time.Minute

// Housekeep deletes behaviour that is old and unlinks what was told in the very
// moment of an erasure, until ctx ends. What fails is told to report and tried again.
func Housekeep(ctx context.Context, s *Service, report func(error)) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := sweep(ctx, s); err != nil && ctx.Err() == nil {
			report(fmt.Errorf("sweep: %w", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func sweep(ctx context.Context, s *Service) error {
	return s.ask(ctx, func(db *analyticsdb.Queries) error {
		if _, err := db.UpdateForgottenSales(ctx); err != nil {
			return err
		}
		for {
			deleted, err := db.DeleteOldBehaviour(ctx, now().Add(-keepEvents))
			if err != nil || deleted == 0 {
				return err
			}
		}
	})
}
