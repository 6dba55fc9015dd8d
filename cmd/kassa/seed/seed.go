// Package seed fills the shelves of a shop through its public API, as an admin
// would: a committed catalogue, or any number of made-up products. It can be
// repeated: what is there stays.
package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"kassa/sandbox/shopper"
)

const (
	perImport = 500 // products, to stay below 1 MiB
	counters  = 4   // people who count stock at once
)

// Options say where the shop is and who fills it.
type Options struct {
	Gateway  string // base URL
	Email    string // of an admin
	Password string

	Transport http.RoundTripper                     // nil means the usual one
	Progress  func(what string, done, of int)       // called as things are done; nil for not at all
	Made      func(created, updated, unchanged int) // called at the end; nil for not at all
}

// Catalogue puts the committed catalogue on the shelves, with its stock.
func Catalogue(ctx context.Context, o Options) error {
	articles, err := catalogue()
	if err != nil {
		return err
	}
	return fill(ctx, o, len(articles), func(n int) article { return articles[n] })
}

// Synthetic puts n made-up products on the shelves, each with so many units. It
// is fast without stock, which is counted product by product.
func Synthetic(ctx context.Context, o Options, n int, stock int64) error {
	return fill(ctx, o, n, func(n int) article { return synthetic(n, stock) })
}

// seeding is a seed under way.
type seeding struct {
	Options
	admin                       *shopper.Customer
	client                      *http.Client
	created, updated, unchanged int
}

func fill(ctx context.Context, o Options, n int, make func(int) article) error {
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	shop, err := shopper.Open(ctx, o.Gateway, o.Email, o.Password, o.Transport)
	if err != nil {
		return err
	}
	s := &seeding{Options: o, admin: shop.Admin(), client: &http.Client{Transport: o.Transport}}
	if err := s.categories(ctx); err != nil {
		return err
	}
	for done := 0; done < n; done = min(done+perImport, n) {
		s.Progress("products", done, n)
		var part []article
		for i := done; i < min(done+perImport, n); i++ {
			part = append(part, make(i))
		}
		if err := s.bring(ctx, part); err != nil {
			return err
		}
	}
	s.Progress("products", n, n)
	if o.Made != nil {
		o.Made(s.created, s.updated, s.unchanged)
	}
	return nil
}

// bring imports articles and counts their stock.
func (s *seeding) bring(ctx context.Context, part []article) error {
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for _, a := range part {
		if err := lines.Encode(a); err != nil {
			return err
		}
	}
	var report struct {
		Created, Updated, Unchanged int
		Lines                       []struct {
			Line      int
			ProductID uuid.UUID `json:"product_id"`
			Outcome   string
			Message   string
		}
	}
	if _, err := s.call(ctx, http.MethodPost, "/api/v1/products/import", "application/x-ndjson", body.Bytes(), nil, &report); err != nil {
		return err
	}
	s.created, s.updated, s.unchanged = s.created+report.Created, s.updated+report.Updated, s.unchanged+report.Unchanged
	counting, ctx := errgroup.WithContext(ctx)
	counting.SetLimit(counters)
	for i, line := range report.Lines {
		if line.Outcome == "failed" {
			return fmt.Errorf("%s: %s", part[i].Variants[0].SKU, line.Message)
		}
		counting.Go(func() error { return s.count(ctx, line.ProductID, part[i]) })
	}
	return counting.Wait()
}

// count sets the stock of a product that has never been counted.
func (s *seeding) count(ctx context.Context, productID uuid.UUID, a article) error {
	if len(a.stock) == 1 && a.stock[a.Variants[0].SKU] == 0 {
		return nil
	}
	path := "/api/v1/products/" + productID.String()
	var variants struct {
		Data []struct {
			ID  uuid.UUID `json:"id"`
			SKU string    `json:"sku"`
		}
	}
	if _, err := s.call(ctx, http.MethodGet, path+"/variants", "", nil, nil, &variants); err != nil {
		return err
	}
	var counts struct {
		Variants []map[string]any `json:"variants"`
	}
	for _, v := range variants.Data {
		if units, known := a.stock[v.SKU]; known {
			counts.Variants = append(counts.Variants, map[string]any{"variant_id": v.ID, "on_hand": units})
		}
	}
	body, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	// An inventory without any count is at version 1; another one is not ours to change.
	status, err := s.call(ctx, http.MethodPut, path+"/inventory", "application/json", body, http.Header{"If-Match": {`"1"`}}, nil)
	if status == http.StatusPreconditionFailed {
		return nil
	}
	return err
}

// categories makes those that are missing, the upper ones first.
func (s *seeding) categories(ctx context.Context) error {
	type category struct {
		ID       uuid.UUID  `json:"id"`
		Slug     string     `json:"slug"`
		Children []category `json:"children"`
	}
	var tree struct{ Data []category }
	if _, err := s.call(ctx, http.MethodGet, "/api/v1/categories", "", nil, nil, &tree); err != nil {
		return err
	}
	known := map[string]uuid.UUID{}
	var learn func([]category)
	learn = func(list []category) {
		for _, c := range list {
			known[c.Slug] = c.ID
			learn(c.Children)
		}
	}
	learn(tree.Data)
	for i, shelf := range shelves {
		s.Progress("categories", i+1, len(shelves))
		if _, made := known[shelf[0]]; made {
			continue
		}
		wanted := map[string]any{"slug": shelf[0], "name": shelf[1], "position": i}
		if shelf[2] != "" {
			wanted["parent_id"] = known[shelf[2]]
		}
		body, err := json.Marshal(wanted)
		if err != nil {
			return err
		}
		var made category
		if _, err := s.call(ctx, http.MethodPost, "/api/v1/categories", "application/json", body, nil, &made); err != nil {
			return err
		}
		known[shelf[0]] = made.ID
	}
	return nil
}
