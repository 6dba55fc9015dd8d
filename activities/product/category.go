package product

import (
	"context"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// Limits of the tree.
const (
	MaxCategories = 1000
	MaxDepth      = 6 // categories from the top to the innermost
)

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Category is a shelf of the shop, with those inside it.
type Category struct {
	ID        uuid.UUID  `json:"id" format:"uuid" example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2f"`
	ParentID  *uuid.UUID `json:"parent_id,omitempty" format:"uuid" doc:"The category it is in; absent at the top." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d30"`
	Slug      string     `json:"slug" doc:"Its name in addresses, unique in the shop." example:"mugs"`
	Name      string     `json:"name" example:"Mugs"`
	Position  int64      `json:"position" doc:"Its place among its siblings, smallest first; equal ones by name." example:"1"`
	Children  []Category `json:"children" nullable:"false" doc:"The categories in it, in order."`
	Version   int64      `json:"version" doc:"Counts the changes; the ETag." example:"1"`
	CreatedAt time.Time  `json:"created_at" example:"2026-01-15T09:30:00Z"`
	UpdatedAt time.Time  `json:"updated_at" example:"2026-01-15T09:30:00Z"`
}

// NewCategory is a category to be made, or what one shall be.
type NewCategory struct {
	ParentID *uuid.UUID `json:"parent_id,omitempty" format:"uuid" doc:"The category it is in; absent for the top."`
	Slug     string     `json:"slug" minLength:"1" maxLength:"64" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" doc:"Its name in addresses, unique in the shop." example:"mugs"`
	Name     string     `json:"name" minLength:"1" maxLength:"100" example:"Mugs"`
	Position int64      `json:"position,omitempty" minimum:"0" maximum:"1000000" doc:"Its place among its siblings, smallest first." example:"1"`
}

// ListCategoriesInput asks for the whole tree.
type ListCategoriesInput struct{}

// Categories is the tree: the categories at the top, with their children.
type Categories struct {
	Categories []Category `json:"categories"`
}

// ListCategories answers the tree.
func (s *Service) ListCategories(ctx context.Context, _ ListCategoriesInput) (Categories, error) {
	var all Categories
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		tree, err := readTree(ctx, productdb.New(conn))
		all.Categories = tree.below(nil)
		return err
	})
	return all, err
}

// ReadCategoryInput names a category.
type ReadCategoryInput struct {
	CategoryID uuid.UUID `json:"category_id" format:"uuid"`
}

// ReadCategory answers a category with those inside it.
func (s *Service) ReadCategory(ctx context.Context, in ReadCategoryInput) (Category, error) {
	var found Category
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		tree, err := readTree(ctx, productdb.New(conn))
		if err != nil {
			return err
		}
		found, err = tree.get(in.CategoryID)
		return err
	})
	return found, err
}

// CreateCategoryInput makes a category once per CategoryID.
type CreateCategoryInput struct {
	CategoryID uuid.UUID `json:"category_id" format:"uuid"`
	NewCategory
}

// CreateCategory adds a category. A repeat with the same id answers the one that
// the first made.
func (s *Service) CreateCategory(ctx context.Context, in CreateCategoryInput) (Category, error) {
	return s.plant(ctx, in.CategoryID, func(db *productdb.Queries, tree tree) error {
		if _, made := tree.rows[in.CategoryID]; made {
			return nil
		}
		if len(tree.rows) >= MaxCategories {
			return ErrBadCategory.With("errors", []LineError{{Pointer: "#", Code: ErrBadCategory.Reason, Message: "There are 1,000 categories already."}})
		}
		if err := in.check(tree, in.CategoryID); err != nil {
			return err
		}
		_, err := db.InsertCategory(ctx, productdb.InsertCategoryParams{
			ID: in.CategoryID, ParentID: in.ParentID, Slug: in.Slug, Name: in.Name, Position: int32(in.Position), CreatedAt: now(),
		})
		return err
	})
}

// ReplaceCategoryInput makes a category what NewCategory says, if it has not
// changed since the caller read it.
type ReplaceCategoryInput struct {
	CategoryID uuid.UUID `json:"category_id" format:"uuid"`
	IfVersion  int64     `json:"if_version"`
	NewCategory
}

// ReplaceCategory renames a category or moves it, with all that is in it.
func (s *Service) ReplaceCategory(ctx context.Context, in ReplaceCategoryInput) (Category, error) {
	return s.plant(ctx, in.CategoryID, func(db *productdb.Queries, tree tree) error {
		if err := tree.is(in.CategoryID, in.IfVersion); err != nil {
			return err
		}
		if err := in.check(tree, in.CategoryID); err != nil {
			return err
		}
		return db.UpdateCategory(ctx, productdb.UpdateCategoryParams{
			ID: in.CategoryID, ParentID: in.ParentID, Slug: in.Slug, Name: in.Name, Position: int32(in.Position), UpdatedAt: now(),
		})
	})
}

// DeleteCategoryInput removes a category that has not changed since the caller read it.
type DeleteCategoryInput struct {
	CategoryID uuid.UUID `json:"category_id" format:"uuid"`
	IfVersion  int64     `json:"if_version"`
}

// DeleteCategory removes a category that is empty: ErrCategoryInUse otherwise.
func (s *Service) DeleteCategory(ctx context.Context, in DeleteCategoryInput) (Category, error) {
	var gone Category
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := productdb.New(tx)
		tree, err := lockTree(ctx, db)
		if err != nil {
			return err
		}
		if gone, err = tree.get(in.CategoryID); err != nil {
			return err
		}
		if err := tree.is(in.CategoryID, in.IfVersion); err != nil {
			return err
		}
		deleted, err := db.DeleteCategory(ctx, in.CategoryID)
		if err == nil && deleted == 0 || pg.Constraint(err) == "products_category" {
			return ErrCategoryInUse
		}
		return err
	})
	s.trees.Invalidate(struct{}{})
	return gone, err
}

// plant changes the tree and answers the category named.
func (s *Service) plant(ctx context.Context, categoryID uuid.UUID, change func(*productdb.Queries, tree) error) (Category, error) {
	var changed Category
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := productdb.New(tx)
		tree, err := lockTree(ctx, db)
		if err != nil {
			return err
		}
		if err := change(db, tree); err != nil {
			if pg.Constraint(err) == "categories_slug" {
				return ErrSlugTaken.Because(err)
			}
			return err
		}
		if tree, err = readTree(ctx, db); err != nil {
			return err
		}
		changed, err = tree.get(categoryID)
		return err
	})
	s.trees.Invalidate(struct{}{})
	return changed, err
}

// check says what is wrong with a category that is about to be written.
func (n NewCategory) check(tree tree, categoryID uuid.UUID) error {
	var wrong []LineError
	if !slugForm.MatchString(n.Slug) || len(n.Slug) > 64 {
		wrong = append(wrong, LineError{"#/slug", ErrBadCategory.Reason, "A slug has 1 to 64 small letters and digits, with hyphens between them."})
	}
	if length := utf8.RuneCountInString(n.Name); length < 1 || length > 100 {
		wrong = append(wrong, LineError{"#/name", ErrBadCategory.Reason, "A name has 1 to 100 characters."})
	}
	if n.Position < 0 || n.Position > 1_000_000 {
		wrong = append(wrong, LineError{"#/position", ErrBadCategory.Reason, "A position is from 0 to 1,000,000."})
	}
	if len(wrong) > 0 {
		return ErrBadCategory.With("errors", wrong)
	}
	depth := tree.height(categoryID)
	for parent := n.ParentID; parent != nil; depth++ {
		row, known := tree.rows[*parent]
		switch {
		case !known:
			return ErrUnknownCategory.With("errors", []LineError{at("#/parent_id", ErrUnknownCategory)})
		case *parent == categoryID:
			return ErrCategoryCircle.With("errors", []LineError{at("#/parent_id", ErrCategoryCircle)})
		}
		parent = row.ParentID
	}
	if depth > MaxDepth {
		return ErrBadCategory.With("errors", []LineError{{"#/parent_id", ErrBadCategory.Reason, fmt.Sprintf("Categories are at most %d deep.", MaxDepth)}})
	}
	return nil
}
