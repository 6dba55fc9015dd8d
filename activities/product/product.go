package product

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/money"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// What a product can be.
const (
	Draft    = "draft"
	Active   = "active"
	Archived = "archived"
)

// Product is what the shop shows.
type Product struct {
	ID          uuid.UUID  `json:"id" format:"uuid" example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Name        string     `json:"name" example:"Mug"`
	Description string     `json:"description" doc:"Text for customers, or empty." example:"Holds 0.3 l."`
	Status      string     `json:"status" enum:"draft,active,archived" doc:"draft: not yet shown. active: shown and sold. archived: no longer." example:"active"`
	CategoryID  *uuid.UUID `json:"category_id,omitempty" format:"uuid" doc:"The category it is in; absent for none." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2f"`
	Images      []Image    `json:"images" nullable:"false" doc:"Pictures, the main one first."`
	Variants    []Variant  `json:"variants" nullable:"false" doc:"What can be bought. The only variant of a product without options has the product's id."`
	Version     int64      `json:"version" doc:"Counts the changes; the ETag." example:"1"`
	CreatedAt   time.Time  `json:"created_at" example:"2026-01-15T09:30:00Z"`
	UpdatedAt   time.Time  `json:"updated_at" example:"2026-01-15T09:30:00Z"`
}

// Image is a picture that is kept elsewhere.
type Image struct {
	URL string `json:"url" format:"uri" maxLength:"2000" doc:"Where it is, by https or http." example:"https://images.example.com/mug-red.jpg"`
	Alt string `json:"alt,omitempty" maxLength:"300" doc:"What it shows, for those who do not see it." example:"A red mug"`
}

// Variant is what can be bought.
type Variant struct {
	ID          uuid.UUID     `json:"id" format:"uuid" example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	SKU         string        `json:"sku" doc:"Stock keeping unit, unique in the shop." example:"MUG-RED"`
	Name        string        `json:"name" doc:"What tells it from its siblings; empty for an only variant." example:"red"`
	Options     []Option      `json:"options" nullable:"false" doc:"What there is to choose; the same names in all variants of a product."`
	WeightGrams int64         `json:"weight_grams" doc:"What one unit weighs with its packaging, in grams; 0 when it is not known, which ships as the lightest." example:"450"`
	Prices      []money.Money `json:"prices" nullable:"false" doc:"Price of one unit, one per currency, by its code. It includes the tax where the country's prices do."`
}

// Option is one choice that a variant stands for.
type Option struct {
	Name  string `json:"name" minLength:"1" maxLength:"50" example:"colour"`
	Value string `json:"value" minLength:"1" maxLength:"100" example:"red"`
}

// NewProduct is a product to be made, or what one shall be.
type NewProduct struct {
	Name        string       `json:"name" minLength:"1" maxLength:"200" example:"Mug"`
	Description string       `json:"description,omitempty" maxLength:"10000" doc:"Text for customers." example:"Holds 0.3 l."`
	Status      string       `json:"status,omitempty" enum:"draft,active,archived" default:"active" doc:"draft: not yet shown. active: shown and sold." example:"active"`
	CategoryID  *uuid.UUID   `json:"category_id,omitempty" format:"uuid" doc:"The category it is in; none when absent."`
	Images      []Image      `json:"images,omitempty" maxItems:"20" doc:"Pictures, the main one first."`
	Variants    []NewVariant `json:"variants" minItems:"1" maxItems:"100" nullable:"false" doc:"What can be bought. A single one takes the product's id."`
}

// NewVariant is a variant to be made, or what one shall be.
type NewVariant struct {
	SKU         string        `json:"sku" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" doc:"Stock keeping unit, unique in the shop." example:"MUG-RED"`
	Name        string        `json:"name,omitempty" maxLength:"200" doc:"What tells it from its siblings. Without one it is called after the values of its options; one of several needs either." example:"red"`
	Options     []Option      `json:"options,omitempty" maxItems:"5" doc:"What there is to choose; the same names, in the same order, in all variants of a product."`
	WeightGrams int64         `json:"weight_grams,omitempty" minimum:"0" maximum:"1000000" doc:"What one unit weighs with its packaging, in grams; 0 when it is not known." example:"450"`
	Prices      []money.Money `json:"prices" maxItems:"40" nullable:"false" doc:"Price of one unit, one per currency. It includes the tax where the country's prices do."`
}

// CreateProductInput makes a product once per ProductID.
type CreateProductInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
	NewProduct
}

// CreateProduct adds a product to the catalogue. A repeat with the same id
// answers the product that the first one made.
func (s *Service) CreateProduct(ctx context.Context, in CreateProductInput) (Product, error) {
	product, err := in.product()
	if err != nil {
		return Product{}, err
	}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		added, err := insertProduct(ctx, productdb.New(tx), product)
		if err != nil {
			return err
		}
		if !added {
			product, err = readProduct(ctx, productdb.New(tx), product.ID)
			return err
		}
		return outbox.Append(ctx, tx, events.NewProductCreated(product.CreatedAt, product.changed()))
	})
	return product, err
}

// ReadProductInput names a product.
type ReadProductInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
}

// ReadProduct answers a product, whatever its status.
func (s *Service) ReadProduct(ctx context.Context, in ReadProductInput) (Product, error) {
	var product Product
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		product, err = readProduct(ctx, productdb.New(conn), in.ProductID)
		return err
	})
	return product, err
}

// ListProductsInput selects products, oldest first. What is left empty selects
// nothing out.
type ListProductsInput struct {
	Status       string     `json:"status,omitempty"`
	Category     string     `json:"category,omitempty"`      // id or slug; those below it count too
	Currency     string     `json:"currency,omitempty"`      // of the prices; "" means EUR
	MinPrice     *int64     `json:"min_price,omitempty"`     // of any variant, in minor units
	MaxPrice     *int64     `json:"max_price,omitempty"`     //
	UpdatedSince *time.Time `json:"updated_since,omitempty"` //
	After        uuid.UUID  `json:"after"`                   // continue after this product; zero starts
	Limit        int        `json:"limit"`                   // at most 100, which 0 means too
}

// Products is one page of products.
type Products struct {
	Products []Product `json:"products"`
	More     bool      `json:"more"` // whether there are more after the last
}

// ListProducts leafs through the catalogue.
func (s *Service) ListProducts(ctx context.Context, in ListProductsInput) (Products, error) {
	if in.Limit <= 0 || in.Limit > 100 {
		in.Limit = 100
	}
	page := Products{Products: []Product{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := productdb.New(planned{conn})
		within, err := subtree(ctx, db, in.Category)
		if err != nil {
			return err
		}
		rows, err := db.ListProducts(ctx, productdb.ListProductsParams{
			After: in.After, Status: in.Status, Categories: within, UpdatedSince: in.UpdatedSince,
			Currency: cmp.Or(in.Currency, defaultCurrency), MinPrice: in.MinPrice, MaxPrice: in.MaxPrice, MaxRows: int32(in.Limit) + 1,
		})
		if err != nil {
			return fmt.Errorf("list products: %w", err)
		}
		if page.More = len(rows) > in.Limit; page.More {
			rows = rows[:in.Limit]
		}
		page.Products, err = allWithVariants(ctx, db, rows)
		return err
	})
	return page, err
}

// defaultCurrency is that of prices for which nobody has named one.
const defaultCurrency = "EUR"

// planned is a connection whose statements are planned for the values they come
// with: a filter that is not asked for costs nothing, where a plan for any
// values would pay for all of them.
type planned struct{ *pgx.Conn }

// Query is for the generated queries.
func (p planned) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return p.Conn.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}

// QueryRow is for the generated queries that answer one row.
func (p planned) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return p.Conn.QueryRow(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}
