package product_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kassa/activities/product"
)

// countings sees statements off, and keeps those that count everything until
// everybody who searches is there.
type countings struct {
	begun    atomic.Int64
	everyone func() bool
}

func (c *countings) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if strings.Contains(data.SQL, "name: CountFacets") {
		c.begun.Add(1)
		for deadline := time.Now().Add(10 * time.Second); !c.everyone() && time.Now().Before(deadline); {
			<-time.After(time.Millisecond)
		}
	}
	return ctx
}

func (*countings) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestEverythingIsCountedOnceForAllWhoAsk(t *testing.T) {
	const customers = 8
	s := open(t)
	s.sells("Mug", eur(1999))
	traced := &countings{}
	cfg := s.pool.Config()
	cfg.MaxConns, cfg.ConnConfig.Tracer = customers, traced
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	defer pool.Close()
	var connected []*pgxpool.Conn // a search does not wait for long
	for range customers {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		connected = append(connected, conn)
	}
	for _, conn := range connected {
		conn.Release()
	}
	traced.everyone = func() bool { return pool.Stat().AcquiredConns() == customers }
	shop := product.New(pool)
	var searching errgroup.Group
	for range customers {
		searching.Go(func() error {
			found, err := shop.SearchProducts(t.Context(), product.SearchProductsInput{})
			if err == nil && found.Total != 1 {
				t.Errorf("found %d products", found.Total)
			}
			return err
		})
	}
	require.NoError(t, searching.Wait())
	require.Equal(t, int64(1), traced.begun.Load())
}
