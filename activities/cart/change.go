package cart

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/cartdb"
)

// edit is a cart while it is being changed: locked, and what it will be.
type edit struct {
	Cart
	db *cartdb.Queries
	at time.Time
}

// errSame ends an edit that changes nothing: the version stays.
var errSame = errors.New("the cart stays as it is")

// changeCart changes a cart in a transaction of its own. ifVersion is the
// version that the change is based on; 0 changes any. A cart that does not exist
// is made when currency is given, and else treated as the empty one it is.
func (s *Service) changeCart(ctx context.Context, owner Owner, ifVersion int64, currency string, change func(e *edit) error) (Cart, error) {
	after := unused()
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := cartdb.New(tx)
		e := &edit{Cart: unused(), db: db, at: now()}
		row, err := owner.lock(ctx, db)
		if pg.NotFound(err) && currency != "" {
			row, err = owner.begin(ctx, db, currency, e.at)
		}
		switch {
		case pg.NotFound(err):
		case err != nil:
			return err
		default:
			if e.Cart, err = withLines(ctx, db, row); err != nil {
				return err
			}
		}
		if ifVersion != 0 && ifVersion != e.Version {
			return ErrCartStale.With("current_version", e.Version)
		}
		after, err = e.run(ctx, change)
		return err
	})
	return after, err
}

// run makes the change and counts it.
func (e *edit) run(ctx context.Context, change func(e *edit) error) (Cart, error) {
	switch err := change(e); {
	case errors.Is(err, errSame), err == nil && e.ID == nil:
		return e.Cart, nil
	case err != nil:
		return Cart{}, err
	}
	version, err := e.db.UpdateCart(ctx, cartdb.UpdateCartParams{
		ID: *e.ID, Currency: e.Currency, Country: orNil(e.Country), ShippingOption: e.ShippingOption, Coupon: orNil(e.Coupon), UpdatedAt: e.at,
	})
	if err != nil {
		return Cart{}, fmt.Errorf("update cart %s: %w", *e.ID, err)
	}
	e.Version, e.UpdatedAt = version, &e.at
	return e.Cart, nil
}

// begin makes the owner's cart. Of two who make a customer's at once, one finds the other's.
func (o Owner) begin(ctx context.Context, db *cartdb.Queries, currency string, at time.Time) (cartdb.Cart, error) {
	row := cartdb.InsertCartParams{ID: id.New(), UserID: orNil(o.UserID), Currency: currency, At: at}
	if err := db.InsertCart(ctx, row); err != nil {
		return cartdb.Cart{}, fmt.Errorf("insert cart: %w", err)
	}
	if o.UserID == uuid.Nil {
		o.CartID = row.ID
	}
	return o.lock(ctx, db)
}

// put sets the quantity of a variant's line, making one when there is none.
func (e *edit) put(ctx context.Context, variant uuid.UUID, quantity int64, seen *int64) error {
	if quantity < 1 || quantity > MaxQuantity {
		return ErrBadCartItem
	}
	line, known := e.find(func(l Line) bool { return l.VariantID == variant })
	if !known {
		if len(e.Lines) >= MaxLines {
			return ErrCartFull
		}
		e.Lines = append(e.Lines, Line{ID: id.New(), VariantID: variant, AddedAt: e.at})
		line = &e.Lines[len(e.Lines)-1]
	}
	line.Quantity, line.SeenPrice = quantity, seen
	err := e.db.UpsertCartLine(ctx, cartdb.UpsertCartLineParams{
		ID: line.ID, CartID: *e.ID, VariantID: variant, Quantity: quantity, SeenPrice: seen, AddedAt: line.AddedAt,
	})
	if err != nil {
		return fmt.Errorf("put %s into cart %s: %w", variant, *e.ID, err)
	}
	return nil
}

func (e *edit) find(is func(Line) bool) (*Line, bool) {
	for i := range e.Lines {
		if is(e.Lines[i]) {
			return &e.Lines[i], true
		}
	}
	return nil, false
}

// quantity is how much of a variant is in the cart.
func (e *edit) quantity(variant uuid.UUID) int64 {
	if line, known := e.find(func(l Line) bool { return l.VariantID == variant }); known {
		return line.Quantity
	}
	return 0
}

// seen is the price as the line keeps it; nil when it is of another currency.
func (e *edit) seen(price money.Money) *int64 {
	if price.Currency != e.Currency {
		return nil
	}
	return &price.Amount
}

// clear takes everything out, the coupon too.
func (e *edit) clear(ctx context.Context) error {
	if len(e.Lines) == 0 && e.Coupon == "" {
		return errSame
	}
	if _, err := e.db.DeleteCartLines(ctx, *e.ID); err != nil {
		return fmt.Errorf("empty cart %s: %w", *e.ID, err)
	}
	e.Lines, e.Coupon = []Line{}, ""
	return nil
}
