package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/inventorydb"
)

const levelOut = "out" // the column told when nothing is available

// TellStockLevelsInput bounds one look.
type TellStockLevelsInput struct {
	Limit int `json:"limit"` // variants; at most 500, which 0 means too
}

// ToldLevels says how many variants have another level than was last told.
type ToldLevels struct {
	Variants int `json:"variants"`
}

// TellStockLevels looks for variants whose available units have become few, none
// or some again, and tells inventory.low and inventory.back_in_stock. It is not
// part of a reservation, so that no checkout pays for it; several processes may
// look at once.
func (s *Service) TellStockLevels(ctx context.Context, in TellStockLevelsInput) (ToldLevels, error) {
	if in.Limit <= 0 || in.Limit > 500 {
		in.Limit = 500
	}
	var told ToldLevels
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := inventorydb.New(tx).LockStockToTell(ctx, int32(in.Limit))
		if err != nil {
			return fmt.Errorf("look for stock levels: %w", err)
		}
		at := now()
		for _, row := range rows {
			if err := tellLevel(ctx, tx, row, at); err != nil {
				return err
			}
		}
		told.Variants = len(rows)
		return nil
	})
	return told, err
}

// tellLevel remembers the level. That there are plenty again is no news.
func tellLevel(ctx context.Context, tx pgx.Tx, row inventorydb.LockStockToTellRow, at time.Time) error {
	stock := events.StockAvailable{VariantID: row.VariantID, ProductID: row.ProductID, Available: row.Available}
	back := row.Told == levelOut
	news := back || row.Level != "in"
	version := row.Version
	if news {
		version++
	}
	if err := inventorydb.New(tx).UpdateTold(ctx, row.Level, version, row.VariantID); err != nil {
		return fmt.Errorf("remember the level of %s: %w", row.VariantID, err)
	}
	switch {
	case back:
		return outbox.Append(ctx, tx, events.NewInventoryBackInStock(at, version, stock))
	case news:
		return outbox.Append(ctx, tx, events.NewInventoryLow(at, version, stock))
	}
	return nil
}

const lookEvery = 2 * time.Second // for levels to tell

// WatchStockLevels calls TellStockLevels every two seconds until ctx ends. What
// fails is told to report and tried again.
func WatchStockLevels(ctx context.Context, s *Service, report func(error)) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if _, err := s.TellStockLevels(ctx, TellStockLevelsInput{}); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// ReadAvailabilityInput names variants.
type ReadAvailabilityInput struct {
	Variants []uuid.UUID `json:"variants"` // 100 at most
}

// Availability is how much can be bought of some variants.
type Availability struct {
	Available map[uuid.UUID]int64 `json:"available"` // units; 0 for a variant without stock
}

// ReadAvailability answers how many units of the variants can be bought. Nothing
// is promised.
func (s *Service) ReadAvailability(ctx context.Context, in ReadAvailabilityInput) (Availability, error) {
	if len(in.Variants) > MaxLines {
		return Availability{}, ErrBadStockLines
	}
	found := Availability{Available: make(map[uuid.UUID]int64, len(in.Variants))}
	for _, variant := range in.Variants {
		found.Available[variant] = 0
	}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := inventorydb.New(conn).ListAvailable(ctx, in.Variants)
		if err != nil {
			return fmt.Errorf("list available units: %w", err)
		}
		for _, row := range rows {
			found.Available[row.VariantID] = row.Available
		}
		return nil
	})
	return found, err
}
