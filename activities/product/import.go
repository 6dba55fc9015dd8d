package product

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// Limits of an import.
const (
	MaxImport = 1000 // lines of one import
	atOnce    = 200  // new products in one transaction
)

// CatalogueLine is a product as the catalogue is exported and imported. It is
// known by its SKUs: a line whose SKUs nobody has makes a product, another one
// changes the product that has them.
type CatalogueLine struct {
	ID          *uuid.UUID         `json:"id,omitempty"`       // of a product to be made; nil gives it one
	Category    string             `json:"category,omitempty"` // slug; "" for none
	Name        string             `json:"name"`
	Description string             `json:"description,omitempty"`
	Status      string             `json:"status,omitempty"` // "" means active, or what it is
	Images      []Image            `json:"images,omitempty"`
	Variants    []CatalogueVariant `json:"variants"`
}

// CatalogueVariant is a variant of a CatalogueLine.
type CatalogueVariant struct {
	ID *uuid.UUID `json:"id,omitempty"` // of a variant to be made; nil gives it one
	NewVariant
}

// ImportProductsInput is a part of a catalogue.
type ImportProductsInput struct {
	Lines []CatalogueLine `json:"lines"` // at most MaxImport
}

// What can become of a line.
const (
	Created   = "created"
	Updated   = "updated"
	Unchanged = "unchanged" // the product is like this already
	Failed    = "failed"
)

// ImportedLine is what became of a line.
type ImportedLine struct {
	ProductID *uuid.UUID   `json:"product_id,omitempty" format:"uuid" doc:"The product; absent when there is none." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Outcome   string       `json:"outcome" enum:"created,updated,unchanged,failed" doc:"unchanged: the product is like this already." example:"created"`
	Fault     *fault.Error `json:"-"` // why it failed
}

// Imported is what became of the lines, in their order.
type Imported struct {
	Lines []ImportedLine `json:"lines"`
}

// ImportProducts makes and changes products. Each line is all or nothing, and
// none keeps another from its effect; the same import once more changes nothing.
func (s *Service) ImportProducts(ctx context.Context, in ImportProductsInput) (Imported, error) {
	if len(in.Lines) > MaxImport {
		return Imported{}, ErrBadImport
	}
	i := importing{service: s, in: in.Lines, out: make([]ImportedLine, len(in.Lines))}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		i.shelves, err = readTree(ctx, productdb.New(conn))
		return err
	})
	for start := 0; err == nil && start < len(in.Lines); {
		start, err = i.some(ctx, start)
	}
	return Imported{Lines: i.out}, err
}

// importing is an import under way.
type importing struct {
	service *Service
	shelves tree
	in      []CatalogueLine
	out     []ImportedLine
}

// some imports lines from start on and answers where it stopped: before a line
// that names what an earlier one may make.
func (i *importing) some(ctx context.Context, start int) (end int, err error) {
	var skus []string
	var ids []uuid.UUID
	for end = start; end < len(i.in) && end < start+atOnce; end++ {
		line := i.in[end]
		if line.ID != nil && slices.Contains(ids, *line.ID) || slices.ContainsFunc(line.skus(), func(sku string) bool { return slices.Contains(skus, sku) }) {
			break
		}
		skus = append(skus, line.skus()...)
		if line.ID != nil {
			ids = append(ids, *line.ID)
		}
	}
	owners, err := i.owners(ctx, skus, ids)
	if err != nil {
		return end, err
	}
	var fresh []int
	for n := start; n < end; n++ {
		line := i.in[n]
		owner, err := line.owner(owners)
		switch {
		case err != nil:
			i.out[n] = failed(err)
		case owner == uuid.Nil:
			fresh = append(fresh, n)
		default:
			if err := i.update(ctx, n, owner); err != nil {
				return end, err
			}
		}
	}
	return end, i.create(ctx, fresh)
}

func (l CatalogueLine) skus() []string {
	all := make([]string, len(l.Variants))
	for i, v := range l.Variants {
		all[i] = v.SKU
	}
	return all
}

// owners maps SKUs, and ids as text, to the products that have them.
func (i *importing) owners(ctx context.Context, skus []string, ids []uuid.UUID) (map[string]uuid.UUID, error) {
	owners := map[string]uuid.UUID{}
	err := pg.Conn(ctx, i.service.pool, func(conn *pgx.Conn) error {
		db := productdb.New(conn)
		rows, err := db.ListSKUs(ctx, skus)
		if err != nil {
			return fmt.Errorf("list SKUs: %w", err)
		}
		for _, row := range rows {
			owners[row.Sku] = row.ProductID
		}
		known, err := db.ListKnownProducts(ctx, ids)
		for _, productID := range known {
			owners[productID.String()] = productID
		}
		return err
	})
	return owners, err
}

// owner is the product that the line is about, zero for a new one.
func (l CatalogueLine) owner(owners map[string]uuid.UUID) (uuid.UUID, error) {
	names := l.skus()
	if l.ID != nil {
		names = append(names, l.ID.String())
	}
	owner := uuid.Nil
	for _, name := range names {
		product, known := owners[name]
		if known && owner != uuid.Nil && owner != product {
			return uuid.Nil, ErrImportAmbiguous
		}
		if known {
			owner = product
		}
	}
	return owner, nil
}

// update makes the product what line n says.
func (i *importing) update(ctx context.Context, n int, productID uuid.UUID) error {
	wanted, err := i.wanted(i.in[n])
	if err != nil {
		i.out[n] = failed(err)
		return nil
	}
	outcome := Updated
	_, err = i.service.change(ctx, productID, func(p *Product) error {
		before := *p
		wanted.Status = cmp.Or(i.in[n].Status, p.Status)
		p.become(wanted)
		i.in[n].nameNew(&before, p)
		if p.looksLike(&before) {
			outcome = Unchanged
			return errUnchanged
		}
		return nil
	})
	return i.came(n, productID, outcome, err)
}

// create makes products of lines: all in one transaction, or else one by one,
// so that one that cannot be made does not keep the others away.
func (i *importing) create(ctx context.Context, lines []int) error {
	var products []Product
	var numbers []int
	for _, n := range lines {
		p, err := i.product(i.in[n])
		if err != nil {
			i.out[n] = failed(err)
			continue
		}
		products, numbers = append(products, p), append(numbers, n)
	}
	err := i.insert(ctx, products)
	if err == nil {
		for k, n := range numbers {
			i.out[n] = ImportedLine{ProductID: &products[k].ID, Outcome: Created}
		}
		return nil
	}
	if !definite(err) {
		return err
	}
	for k, n := range numbers {
		if err := i.came(n, products[k].ID, Created, i.insert(ctx, products[k:k+1])); err != nil {
			return err
		}
	}
	return nil
}

func (i *importing) insert(ctx context.Context, products []Product) error {
	if len(products) == 0 {
		return nil
	}
	return pg.InTx(ctx, i.service.pool, func(tx pgx.Tx) error {
		if err := insertProducts(ctx, productdb.New(tx), products); err != nil {
			return err
		}
		told := make([]cloudevent.Event, len(products))
		for k := range products {
			told[k] = events.NewProductCreated(products[k].CreatedAt, products[k].changed())
		}
		return outbox.Append(ctx, tx, told...)
	})
}

// came notes what became of line n. An error that another try may mend ends the import.
func (i *importing) came(n int, productID uuid.UUID, outcome string, err error) error {
	switch {
	case err == nil:
		i.out[n] = ImportedLine{ProductID: &productID, Outcome: outcome}
	case definite(err):
		i.out[n] = failed(err)
	default:
		return err
	}
	return nil
}

// definite reports whether err says no to the line, rather than not now.
func definite(err error) bool {
	var known *fault.Error
	return errors.As(err, &known) && !known.Code.Retryable()
}

func failed(err error) ImportedLine { return ImportedLine{Outcome: Failed, Fault: fault.Of(err)} }

// wanted is the line as a NewProduct.
func (i *importing) wanted(l CatalogueLine) (NewProduct, error) {
	n := NewProduct{Name: l.Name, Description: l.Description, Status: l.Status, Images: l.Images}
	for _, v := range l.Variants {
		n.Variants = append(n.Variants, v.NewVariant)
	}
	if l.Category != "" {
		category, known := i.shelves.slugs[l.Category]
		if !known {
			return n, ErrUnknownCategory.With("errors", []LineError{at("#/category", ErrUnknownCategory)})
		}
		n.CategoryID = &category
	}
	return n, nil
}

// product is the product that the line makes.
func (i *importing) product(l CatalogueLine) (Product, error) {
	wanted, err := i.wanted(l)
	if err != nil {
		return Product{}, err
	}
	in := CreateProductInput{ProductID: id.New(), NewProduct: wanted}
	if l.ID != nil {
		in.ProductID = *l.ID
	}
	p, err := in.product()
	if err == nil {
		l.nameNew(&Product{}, &p)
	}
	return p, err
}

// nameNew gives variants that before does not have the ids that the line names.
func (l CatalogueLine) nameNew(before, p *Product) {
	for k, v := range l.Variants {
		if v.ID != nil && before.variant(p.Variants[k].ID) == nil {
			p.Variants[k].ID = *v.ID
		}
	}
}

// looksLike reports whether p is q, whatever their versions.
func (p *Product) looksLike(q *Product) bool {
	sameCategory := p.CategoryID == q.CategoryID || p.CategoryID != nil && q.CategoryID != nil && *p.CategoryID == *q.CategoryID
	return sameCategory && p.Name == q.Name && p.Description == q.Description && p.Status == q.Status && slices.Equal(p.Images, q.Images) &&
		slices.EqualFunc(p.Variants, q.Variants, func(v, w Variant) bool { return v.looksLike(w) && slices.Equal(v.Prices, w.Prices) })
}
