package product

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/maypok86/otter/v2"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// loadWithin bounds a load, which several callers may wait for.
const loadWithin = 2 * time.Second

// sellable is a variant as a quote sees it. The zero value is one that does not exist.
type sellable struct {
	productID uuid.UUID
	sku       string
	name      string // of product and variant
	active    bool
	grams     int64         // weight of one unit
	prices    []money.Money // of one unit; a handful at most
}

// price is that of one unit, or why there is none.
func (v sellable) price(currency string) (money.Money, *fault.Error) {
	switch {
	case v.productID == uuid.Nil:
		return money.Money{}, ErrUnknownVariant
	case !v.active:
		return money.Money{}, ErrNotForSale
	}
	for _, price := range v.prices {
		if price.Currency == currency {
			return price, nil
		}
	}
	return money.Money{}, ErrNoPrice
}

// lookup answers a sellable for each line, from the cache where it can and the
// rest with one query.
func (s *Service) lookup(ctx context.Context, lines []QuoteLine) ([]sellable, error) {
	sold := make([]sellable, len(lines))
	var missing []uuid.UUID
	for i, line := range lines {
		known, ok := s.sellables.GetIfPresent(line.VariantID)
		if !ok {
			missing = append(missing, line.VariantID)
		}
		sold[i] = known
	}
	if len(missing) == 0 {
		return sold, nil
	}
	loaded, err := s.sellables.BulkGet(ctx, missing, otter.BulkLoaderFunc[uuid.UUID, sellable](s.loadSellables))
	if err != nil {
		return nil, pg.Fault(fmt.Errorf("load variants: %w", err))
	}
	for i, line := range lines {
		if v, ok := loaded[line.VariantID]; ok {
			sold[i] = v
		}
	}
	return sold, nil
}

// loadSellables leaves out what does not exist, so that it is not cached. It
// does not end with the caller that happened to come first.
func (s *Service) loadSellables(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]sellable, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadWithin)
	defer cancel()
	var found map[uuid.UUID]sellable
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := productdb.New(conn).ListSellables(ctx, ids)
		if err != nil {
			return fmt.Errorf("list sellables: %w", err)
		}
		found = sellables(rows)
		return nil
	})
	return found, err
}

// Hear makes s forget what product.created, product.updated and
// product.archived say has changed, in the listener that every instance has.
func Hear(s *Service) func(cloudevent.Event) {
	return func(event cloudevent.Event) {
		changed, err := events.Decode[events.ProductChanged](event)
		if err != nil {
			s.sellables.InvalidateAll() // it says that something changed, if not what
			return
		}
		s.forget(changed)
	}
}

// Miss makes s forget everything, when it may have missed what Hear would have told.
func Miss(s *Service) func() { return s.sellables.InvalidateAll }

func (s *Service) forget(changed events.ProductChanged) {
	for _, variant := range changed.Variants {
		s.sellables.Invalidate(variant.VariantID)
	}
	for _, variant := range changed.Removed {
		s.sellables.Invalidate(variant)
	}
}
