package product_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kassa/activities/product"
	"kassa/internal/cloudevent"
	"kassa/internal/id"
	"kassa/internal/money"
)

func price(t testing.TB, s *product.Service, variant uuid.UUID) int64 {
	quote, err := s.QuoteLines(t.Context(), ask(line(variant, 1)))
	require.NoError(t, err)
	return quote.Subtotal.Amount
}

func TestAPriceIsNewAsSoonAsTheChangeIsAnswered(t *testing.T) {
	s := open(t)
	mug := s.sells("Mug", eur(1))
	require.Equal(t, int64(1), price(t, s.Service, mug.ID))
	s.reprice(mug, eur(2))
	require.Equal(t, int64(2), price(t, s.Service, mug.ID))
}

// TestNoQuoteIsOlderThanTheLastAnsweredChange lets loads and changes overlap: a
// load that began before a commit must not be kept after it.
func TestNoQuoteIsOlderThanTheLastAnsweredChange(t *testing.T) {
	s := open(t)
	mug := s.sells("Mug", eur(1))
	var answered atomic.Int64 // the newest price that an administrator was told; -1 ends the readers
	answered.Store(1)
	in := ask(line(mug.ID, 1))
	var readers errgroup.Group
	for range 2 {
		readers.Go(func() error {
			for least := answered.Load(); least > 0; least = answered.Load() {
				quote, err := s.QuoteLines(t.Context(), in)
				if err != nil {
					return err
				}
				if got := quote.Subtotal.Amount; got < least {
					return fmt.Errorf("quoted %d after %d was answered", got, least)
				}
				runtime.Gosched()
			}
			return nil
		})
	}
	for amount := int64(2); amount <= 50; amount++ {
		mug = s.reprice(mug, eur(amount))
		answered.Store(amount)
	}
	answered.Store(-1)
	require.NoError(t, readers.Wait())
	require.Equal(t, int64(50), price(t, s.Service, mug.ID))
}

func TestAnotherInstanceForgetsWhenItHears(t *testing.T) {
	s := open(t)
	other := product.New(s.pool)
	mug := s.sells("Mug", eur(1))
	require.Equal(t, int64(1), price(t, other, mug.ID))
	s.reprice(mug, eur(2))
	require.Equal(t, int64(1), price(t, other, mug.ID), "it has not heard yet")

	var document []byte
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT event FROM outbox WHERE type = 'product.updated'").Scan(&document))
	var event cloudevent.Event
	require.NoError(t, json.Unmarshal(document, &event))
	product.Hear(other)(event)
	require.Equal(t, int64(2), price(t, other, mug.ID))

	s.reprice(product.Product{ID: mug.ID, Version: 2}, eur(3))
	event.Data = json.RawMessage(`"unreadable"`)
	product.Hear(other)(event)
	require.Equal(t, int64(3), price(t, other, mug.ID), "an event that cannot be read forgets everything")
}

func TestWhatDoesNotExistIsNotRemembered(t *testing.T) {
	s := open(t)
	mug := id.New()
	_, err := s.QuoteLines(t.Context(), ask(line(mug, 1)))
	require.ErrorIs(t, err, product.ErrUnknownVariant)

	other := shop{Service: product.New(s.pool), pool: s.pool, t: t} // made elsewhere, and this instance hears nothing
	_, err = other.CreateProduct(t.Context(), product.CreateProductInput{ProductID: mug, NewProduct: product.NewProduct{
		Name: "Mug", Variants: []product.NewVariant{{SKU: "MUG", Prices: []money.Money{eur(1)}}},
	}})
	require.NoError(t, err)

	require.Equal(t, int64(1), price(t, s.Service, mug))
}

func BenchmarkQuoteLines(b *testing.B) {
	s := open(b)
	var lines []product.QuoteLine
	for range 10 {
		lines = append(lines, line(s.sells("Mug", eur(1899)).ID, 2))
	}
	for _, n := range []int{1, 3, 10} {
		b.Run(fmt.Sprintf("%d lines", n), func(b *testing.B) {
			in := ask(lines[:n]...)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.QuoteLines(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("1 line, not cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cold := product.New(s.pool)
			if _, err := cold.QuoteLines(b.Context(), ask(lines[0])); err != nil {
				b.Fatal(err)
			}
		}
	})
}
