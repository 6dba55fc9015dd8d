package product

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/sql/productdb"
)

// tree is all categories: a thousand at most, read as a whole.
type tree struct {
	rows     map[uuid.UUID]productdb.Category
	children map[uuid.UUID][]uuid.UUID // in order; those of the zero id are at the top
	slugs    map[string]uuid.UUID
}

// lockTree reads the tree and keeps others from changing it until the end of
// the transaction.
func lockTree(ctx context.Context, db *productdb.Queries) (tree, error) {
	if err := db.LockCategories(ctx); err != nil {
		return tree{}, fmt.Errorf("lock categories: %w", err)
	}
	return readTree(ctx, db)
}

func readTree(ctx context.Context, db *productdb.Queries) (tree, error) {
	rows, err := db.ListCategories(ctx)
	if err != nil {
		return tree{}, fmt.Errorf("list categories: %w", err)
	}
	t := tree{
		rows:     make(map[uuid.UUID]productdb.Category, len(rows)),
		children: make(map[uuid.UUID][]uuid.UUID, len(rows)),
		slugs:    make(map[string]uuid.UUID, len(rows)),
	}
	for _, row := range rows {
		t.rows[row.ID], t.slugs[row.Slug] = row, row.ID
		parent := uuid.Nil
		if row.ParentID != nil {
			parent = *row.ParentID
		}
		t.children[parent] = append(t.children[parent], row.ID)
	}
	return t, nil
}

// below are the categories in one, or those at the top for nil.
func (t tree) below(parent *uuid.UUID) []Category {
	inside := uuid.Nil
	if parent != nil {
		inside = *parent
	}
	list := make([]Category, 0, len(t.children[inside]))
	for _, child := range t.children[inside] {
		list = append(list, t.category(child))
	}
	return list
}

func (t tree) category(categoryID uuid.UUID) Category {
	row := t.rows[categoryID]
	return Category{
		ID: row.ID, ParentID: row.ParentID, Slug: row.Slug, Name: row.Name, Position: int64(row.Position), Children: t.below(&row.ID),
		Version: row.Version, CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func (t tree) get(categoryID uuid.UUID) (Category, error) {
	if _, known := t.rows[categoryID]; !known {
		return Category{}, ErrCategoryNotFound
	}
	return t.category(categoryID), nil
}

// is refuses a change that is based on another version.
func (t tree) is(categoryID uuid.UUID, version int64) error {
	row, known := t.rows[categoryID]
	if !known {
		return ErrCategoryNotFound
	}
	if row.Version != version {
		return ErrCategoryStale.With("current_version", row.Version)
	}
	return nil
}

// height is how many levels a category and what is in it have; 1 for one
// without children, also when it is new.
func (t tree) height(categoryID uuid.UUID) int {
	highest := 0
	for _, child := range t.children[categoryID] {
		highest = max(highest, t.height(child))
	}
	return highest + 1
}

// within is a category and all that are in it.
func (t tree) within(categoryID uuid.UUID) []uuid.UUID {
	all := []uuid.UUID{categoryID}
	for _, child := range t.children[categoryID] {
		all = append(all, t.within(child)...)
	}
	return all
}

// find reads a category's id or slug.
func (t tree) find(name string) (uuid.UUID, error) {
	if categoryID, err := uuid.Parse(name); err == nil {
		if _, known := t.rows[categoryID]; known {
			return categoryID, nil
		}
	}
	if categoryID, known := t.slugs[name]; known {
		return categoryID, nil
	}
	return uuid.Nil, ErrUnknownCategory.With("errors", []LineError{at("query.category", ErrUnknownCategory)})
}

// subtree answers the categories that a filter names, with those inside; nil,
// which means any, for "".
func subtree(ctx context.Context, db *productdb.Queries, name string) ([]uuid.UUID, error) {
	if name == "" {
		return nil, nil
	}
	tree, err := readTree(ctx, db)
	if err != nil {
		return nil, err
	}
	categoryID, err := tree.find(name)
	if err != nil {
		return nil, err
	}
	return tree.within(categoryID), nil
}
