package shopper

import (
	"context"
	"fmt"
	"net/http"

	"kassa/api/client"
	"kassa/internal/id"
)

// Guest is somebody who has a cart and no account.
type Guest struct {
	api  *client.ClientWithResponses
	name string // of the cart: X-Cart-Token; "" until there is one
}

// Guest is somebody new.
func (s *Shop) Guest() *Guest { return &Guest{api: s.api} }

// Put puts pieces into the guest's cart.
func (g *Guest) Put(ctx context.Context, item Item, quantity int64) (client.Cart, error) {
	params := &client.AddCartItemParams{}
	if g.name != "" {
		params.XCartToken = &g.name
	}
	r, err := g.api.AddCartItemWithResponse(ctx, params, client.NewItem{VariantId: item.VariantID, Quantity: &quantity})
	if err != nil {
		return client.Cart{}, err
	}
	if name := r.HTTPResponse.Header.Get("X-Cart-Token"); name != "" {
		g.name = name
	}
	return answered("put into the cart", r.JSON200, r.StatusCode(), r.Body)
}

// Merge takes a guest's cart over, and adds up what is in both.
func (c *Customer) Merge(ctx context.Context, g *Guest) (client.Cart, error) {
	token, err := c.Token(ctx)
	if err != nil {
		return client.Cart{}, err
	}
	how := client.MergeRequestStrategy("sum")
	r, err := c.api.MergeCartsWithResponse(ctx, &client.MergeCartsParams{XCartToken: &g.name}, client.MergeRequest{Strategy: &how}, client.WithToken(token))
	if err != nil {
		return client.Cart{}, err
	}
	return answered("merge carts", r.JSON200, r.StatusCode(), r.Body)
}

// Enter enters a coupon into the customer's cart.
func (c *Customer) Enter(ctx context.Context, code string) (client.Cart, error) {
	token, err := c.Token(ctx)
	if err != nil {
		return client.Cart{}, err
	}
	r, err := c.api.ApplyCouponWithResponse(ctx, &client.ApplyCouponParams{}, client.CouponEntry{Code: code}, client.WithToken(token))
	if err != nil {
		return client.Cart{}, err
	}
	return answered("enter a coupon", r.JSON200, r.StatusCode(), r.Body)
}

// Dashboard is what the customer sees first.
func (c *Customer) Dashboard(ctx context.Context) (client.Dashboard, error) {
	token, err := c.Token(ctx)
	if err != nil {
		return client.Dashboard{}, err
	}
	r, err := c.api.ReadDashboardWithResponse(ctx, c.ID, client.WithToken(token))
	if err != nil {
		return client.Dashboard{}, err
	}
	return answered("read the dashboard", r.JSON200, r.StatusCode(), r.Body)
}

// Coupon makes a coupon that takes off a share, in hundredths of a percent.
func (s *Shop) Coupon(ctx context.Context, code string, basisPoints, uses int64) error {
	token, err := s.admin.Token(ctx)
	if err != nil {
		return err
	}
	key := id.New().String()
	r, err := s.api.CreateCouponWithResponse(ctx, &client.CreateCouponParams{IdempotencyKey: &key},
		client.CouponTerms{Code: code, Kind: "percent", BasisPoints: &basisPoints, MaxUses: &uses}, client.WithToken(token))
	if err != nil {
		return err
	}
	if r.StatusCode() != http.StatusCreated {
		return fmt.Errorf("make a coupon: %w", refused(r.StatusCode(), r.Body))
	}
	return nil
}

// answered is a value that was answered, or the refusal.
func answered[T any](doing string, value *T, status int, body []byte) (T, error) {
	if value == nil {
		var none T
		return none, fmt.Errorf("%s: %w", doing, refused(status, body))
	}
	return *value, nil
}
