package product_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pgtest"
	"kassa/sql/productdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is a service with a database of its own.
type shop struct {
	*product.Service
	pool *pgxpool.Pool
	t    testing.TB
}

func open(t testing.TB) shop {
	pool := pgtest.New(t, productdb.Migrations())
	require.NoError(t, pool.Ping(t.Context()), "the first connection of a busy machine may take long")
	return shop{Service: product.New(pool), pool: pool, t: t}
}

// sells makes a product that is its own only variant.
func (s shop) sells(name string, prices ...money.Money) product.Product {
	s.t.Helper()
	made, err := s.CreateProduct(s.t.Context(), product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
		Name: name, Variants: []product.NewVariant{{SKU: name + "-" + uuid.NewString()[:8], Prices: prices}},
	}})
	require.NoError(s.t, err)
	return made
}

// reprice replaces the only price of a product that is its own only variant.
func (s shop) reprice(p product.Product, price money.Money) product.Product {
	s.t.Helper()
	p, err := s.UpdateProduct(s.t.Context(), product.UpdateProductInput{
		ProductID: p.ID, IfVersion: p.Version,
		ProductChange: product.ProductChange{Prices: []product.VariantPrices{{VariantID: p.ID, Prices: []money.Money{price}}}},
	})
	require.NoError(s.t, err)
	return p
}

// told lists the types of the events about a product, oldest first.
func (s shop) told(subject uuid.UUID) (types []string) {
	s.t.Helper()
	rows, err := s.pool.Query(s.t.Context(), "SELECT type FROM outbox WHERE subject = $1 ORDER BY sequence", subject.String())
	require.NoError(s.t, err)
	for rows.Next() {
		var typ string
		require.NoError(s.t, rows.Scan(&typ))
		types = append(types, typ)
	}
	require.NoError(s.t, rows.Err())
	return types
}

// pointers are the places that a refusal names.
func pointers(err error) (all []string) {
	wrong, _ := fault.Of(err).Details["errors"].([]product.LineError)
	for _, each := range wrong {
		all = append(all, each.Pointer)
	}
	return all
}

func eur(amount int64) money.Money { return money.New(amount, "EUR") }
