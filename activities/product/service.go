package product

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/maypok86/otter/v2"

	"kassa/sql/productdb"
)

// Queue is the task queue of the product service.
const Queue = "product"

// Service is the product service's operations over its own database.
type Service struct {
	pool      *pgxpool.Pool
	sellables *otter.Cache[uuid.UUID, sellable]
	counts    *otter.Cache[asked, []productdb.CountFacetsRow]
	trees     *otter.Cache[struct{}, tree]
}

// New makes the service on its database.
func New(pool *pgxpool.Pool) *Service {
	return &Service{pool: pool, counts: newCounts(), trees: newShelves(), sellables: otter.Must(&otter.Options[uuid.UUID, sellable]{
		MaximumSize:      100_000, // variants, some 300 bytes each
		ExpiryCalculator: otter.ExpiryWriting[uuid.UUID, sellable](time.Hour),
	})}
}

// now is the present in the precision that the database keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
