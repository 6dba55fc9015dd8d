package cart

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Queue is the task queue of the cart service.
const Queue = "cart"

// Service is the cart service's operations over its own database.
type Service struct {
	pool *pgxpool.Pool
}

// New makes the service on its database.
func New(pool *pgxpool.Pool) *Service { return &Service{pool: pool} }

// now is the present in the precision that the database keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
