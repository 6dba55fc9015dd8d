package cart

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/cartdb"
)

// MaxSaved is how many items a customer can put aside.
const MaxSaved = 500

// SavedItem is a variant that a customer put aside.
type SavedItem struct {
	ID        uuid.UUID `json:"id"`
	VariantID uuid.UUID `json:"variant_id"`
	SavedAt   time.Time `json:"saved_at"`
}

// SaveItemInput puts a variant aside.
type SaveItemInput struct {
	UserID    uuid.UUID `json:"user_id"`
	VariantID uuid.UUID `json:"variant_id"`
}

// SaveItem puts a variant aside. One that is there already stays as it is.
func (s *Service) SaveItem(ctx context.Context, in SaveItemInput) (SavedItem, error) {
	var saved SavedItem
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := cartdb.New(tx)
		count, err := db.CountSavedItems(ctx, in.UserID)
		if err != nil {
			return fmt.Errorf("count saved items: %w", err)
		}
		if count < MaxSaved {
			err = db.InsertSavedItem(ctx, cartdb.InsertSavedItemParams{ID: id.New(), UserID: in.UserID, VariantID: in.VariantID, CreatedAt: now()})
			if err != nil {
				return fmt.Errorf("insert saved item: %w", err)
			}
		}
		row, err := db.GetSavedItemOfVariant(ctx, in.UserID, in.VariantID)
		if pg.NotFound(err) {
			return ErrSavedItemsFull
		}
		saved = savedItem(row)
		return err
	})
	return saved, err
}

// ListSavedItemsInput asks for a page of what a customer put aside, newest first.
type ListSavedItemsInput struct {
	UserID uuid.UUID  `json:"user_id"`
	Before *uuid.UUID `json:"before,omitempty"` // older than this one; nil from the newest
	Limit  int        `json:"limit"`            // 1 to 100
}

// SavedItems is one page of saved items.
type SavedItems struct {
	Items []SavedItem `json:"items"`
	More  bool        `json:"more"` // whether there are more after the last
}

// ListSavedItems shows what a customer put aside.
func (s *Service) ListSavedItems(ctx context.Context, in ListSavedItemsInput) (SavedItems, error) {
	page := SavedItems{Items: []SavedItem{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := cartdb.New(conn).ListSavedItems(ctx, in.UserID, in.Before, int32(in.Limit)+1)
		if err != nil {
			return fmt.Errorf("list saved items: %w", err)
		}
		if len(rows) > in.Limit {
			rows, page.More = rows[:in.Limit], true
		}
		for _, row := range rows {
			page.Items = append(page.Items, savedItem(row))
		}
		return nil
	})
	return page, err
}

// ReadSavedItemInput names something that a customer put aside.
type ReadSavedItemInput struct {
	UserID uuid.UUID `json:"user_id"`
	ItemID uuid.UUID `json:"item_id"`
}

// ReadSavedItem is one saved item; somebody else's is ErrSavedItemMissing.
func (s *Service) ReadSavedItem(ctx context.Context, in ReadSavedItemInput) (SavedItem, error) {
	var saved SavedItem
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err := cartdb.New(conn).GetSavedItem(ctx, in.UserID, in.ItemID)
		if pg.NotFound(err) {
			return ErrSavedItemMissing
		}
		saved = savedItem(row)
		return err
	})
	return saved, err
}

// RemoveSavedItemInput names something that a customer put aside.
type RemoveSavedItemInput struct {
	UserID uuid.UUID `json:"user_id"`
	ItemID uuid.UUID `json:"item_id"`
}

// RemovedItem says what was removed.
type RemovedItem struct {
	ItemID uuid.UUID `json:"item_id"`
}

// RemoveSavedItem forgets a saved item.
func (s *Service) RemoveSavedItem(ctx context.Context, in RemoveSavedItemInput) (RemovedItem, error) {
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		gone, err := cartdb.New(conn).DeleteSavedItem(ctx, in.UserID, in.ItemID)
		if err == nil && gone == 0 {
			return ErrSavedItemMissing
		}
		return err
	})
	return RemovedItem{ItemID: in.ItemID}, err
}

// MoveSavedItemInput moves a saved item into the cart.
type MoveSavedItemInput struct {
	UserID    uuid.UUID   `json:"user_id"`
	ItemID    uuid.UUID   `json:"item_id"`
	Quantity  int64       `json:"quantity"`   // pieces that come
	UnitPrice money.Money `json:"unit_price"` // what the customer was shown; its currency is a new cart's
}

// MoveSavedItem puts a saved item into the cart, both in one transaction. It is
// then no longer saved, so a repeat is ErrSavedItemMissing.
func (s *Service) MoveSavedItem(ctx context.Context, in MoveSavedItemInput) (Cart, error) {
	return s.changeCart(ctx, Owner{UserID: in.UserID}, 0, in.UnitPrice.Currency, func(e *edit) error {
		row, err := e.db.GetSavedItem(ctx, in.UserID, in.ItemID)
		if pg.NotFound(err) {
			return ErrSavedItemMissing
		}
		if err != nil {
			return fmt.Errorf("read saved item %s: %w", in.ItemID, err)
		}
		if gone, err := e.db.DeleteSavedItem(ctx, in.UserID, in.ItemID); err != nil || gone == 0 {
			return fmt.Errorf("delete saved item %s: %w", in.ItemID, orMissing(err))
		}
		return e.put(ctx, row.VariantID, e.quantity(row.VariantID)+in.Quantity, e.seen(in.UnitPrice))
	})
}

func orMissing(err error) error {
	if err == nil {
		return ErrSavedItemMissing
	}
	return err
}

func savedItem(row cartdb.SavedItem) SavedItem {
	return SavedItem{ID: row.ID, VariantID: row.VariantID, SavedAt: row.CreatedAt.UTC()}
}
