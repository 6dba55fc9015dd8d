package shopper

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kassa/api/client"
	"kassa/internal/id"
)

// Shop is a shop's public door, and its admin.
type Shop struct {
	api   *client.ClientWithResponses
	admin *Customer
}

// Item is something the shop sells.
type Item struct {
	VariantID uuid.UUID
	ProductID uuid.UUID
	SKU       string
	Price     client.Money
}

// Article describes a product with one variant, to be put on the shelf.
type Article struct {
	SKU, Name, Description string
	Price                  client.Money
	Stock                  int64 // pieces
}

// Transport is how a crowd reaches the shop: it keeps a connection for each.
func Transport() http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 256
	return transport
}

// Open signs the admin in at the gateway. Everything that is said to the shop
// goes through transport.
func Open(ctx context.Context, gateway, adminEmail, adminPassword string, transport http.RoundTripper) (*Shop, error) {
	patient := &http.Client{Transport: transport, Timeout: 40 * time.Second}
	api, err := client.NewClientWithResponses(gateway, client.WithHTTPClient(patient))
	if err != nil {
		return nil, fmt.Errorf("gateway %s: %w", gateway, err)
	}
	s := &Shop{api: api}
	s.admin, err = s.SignIn(ctx, adminEmail, adminPassword)
	return s, err
}

// SignIn makes somebody with an account a customer.
func (s *Shop) SignIn(ctx context.Context, email, password string) (*Customer, error) {
	response, err := s.api.LoginUserWithResponse(ctx, client.Credentials{Email: email, Password: password})
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if response.JSON200 == nil {
		return nil, fmt.Errorf("sign in: %w", refused(response.StatusCode(), response.Body))
	}
	c := &Customer{Email: email, api: s.api}
	c.keep(*response.JSON200)
	return c, nil
}

// Welcome registers somebody new and signs them in.
func (s *Shop) Welcome(ctx context.Context, name string) (*Customer, error) {
	email := fmt.Sprintf("shopper-%s@example.com", id.New())
	response, err := s.api.RegisterUserWithResponse(ctx, nil, client.RegisterUserInput{Email: email, Name: name, Password: Password})
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	if response.JSON201 == nil {
		return nil, fmt.Errorf("register: %w", refused(response.StatusCode(), response.Body))
	}
	return s.SignIn(ctx, email, Password)
}

// Stock puts an article on the shelf.
func (s *Shop) Stock(ctx context.Context, a Article) (Item, error) {
	token, err := s.admin.Token(ctx)
	if err != nil {
		return Item{}, err
	}
	created, err := s.api.CreateProductWithResponse(ctx, nil, client.NewProduct{
		Name: a.Name, Description: &a.Description, Variants: []client.NewVariant{{Sku: a.SKU, Prices: []client.Money{a.Price}}},
	}, client.WithToken(token))
	if err != nil {
		return Item{}, fmt.Errorf("create product %s: %w", a.SKU, err)
	}
	if created.JSON201 == nil {
		return Item{}, fmt.Errorf("create product %s: %w", a.SKU, refused(created.StatusCode(), created.Body))
	}
	item := Item{VariantID: created.JSON201.Variants[0].Id, ProductID: created.JSON201.Id, SKU: a.SKU, Price: a.Price}
	// The inventory of a new product is at version 1, without any stock.
	counted, err := s.api.SetStockWithResponse(ctx, item.ProductID, &client.SetStockParams{IfMatch: `"1"`},
		client.StockCounts{Variants: []client.StockCount{{VariantId: item.VariantID, OnHand: a.Stock}}}, client.WithToken(token))
	if err != nil {
		return Item{}, fmt.Errorf("count stock of %s: %w", a.SKU, err)
	}
	if counted.JSON200 == nil {
		return Item{}, fmt.Errorf("count stock of %s: %w", a.SKU, refused(counted.StatusCode(), counted.Body))
	}
	return item, nil
}

// Level is how many pieces of the item are on hand, and how many of them are free.
func (s *Shop) Level(ctx context.Context, item Item) (client.StockLevel, error) {
	response, err := s.api.ReadStockWithResponse(ctx, item.ProductID)
	if err != nil {
		return client.StockLevel{}, err
	}
	if response.JSON200 == nil || len(response.JSON200.Variants) == 0 {
		return client.StockLevel{}, refused(response.StatusCode(), response.Body)
	}
	return response.JSON200.Variants[0], nil
}

// One is a wish for one piece of the item.
func One(item Item) Wish { return Some(item, 1) }

// Some is a wish for some pieces of the item.
func Some(item Item, quantity int64) Wish {
	return Wish{Lines: []client.CheckoutLine{{VariantId: item.VariantID, Quantity: quantity}}}
}

// Admin is who runs the shop.
func (s *Shop) Admin() *Customer { return s.admin }
