package cartapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/cart"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

const tag = "Cart"

// Register adds the operations of the cart service to a. carts and desk may be
// nil when only the document is wanted.
func Register(a *httpapi.API, carts *cart.Service, desk *Desk) {
	readCart(a, desk)
	changeCart(a, desk)
	items(a, desk)
	enteredCoupon(a, desk)
	savedItems(a, carts, desk)
	coupons(a, carts)
}

type cartOutput struct {
	ETag  string `header:"ETag" doc:"Version of the cart, for If-Match." example:"\"3\""`
	Token string `header:"X-Cart-Token" doc:"Names a guest's cart in further requests. Whoever holds it may read and change the cart."`
	Body  Cart
}

// answer shows a cart that was read or changed.
func (d *Desk) answer(ctx context.Context, owner cart.Owner, c cart.Cart, err error) (*cartOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &cartOutput{ETag: httpapi.ETag(c.Version), Body: d.show(ctx, owner, c)}
	if owner.UserID == uuid.Nil && c.ID != nil {
		out.Token = d.tokens.Sign(*c.ID)
	}
	return out, nil
}

// of runs an operation on the cart that the request means, and shows it.
func (d *Desk) of(ctx context.Context, guest Guest, do func(owner cart.Owner) (cart.Cart, error)) (*cartOutput, error) {
	owner, err := d.owner(ctx, guest)
	if err != nil {
		return nil, err
	}
	c, err := do(owner)
	return d.answer(ctx, owner, c, err)
}

func readCart(a *httpapi.API, d *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "read-cart", Method: http.MethodGet, Path: "/v1/cart", Tag: tag,
		Summary: "Read the cart",
		Description: "The cart of whoever is signed in, else the one that X-Cart-Token names; everybody has one, empty until it is used. " +
			"Every line is priced anew: what has changed since the customer last touched it is in its changes, and what keeps the cart from being bought in warnings.",
		Errors: []*fault.Error{ErrBadToken},
	}, func(ctx context.Context, in *struct{ Guest }) (*cartOutput, error) {
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) {
			return d.carts.ReadCart(ctx, cart.ReadCartInput{Owner: owner})
		})
	})
	shippingOptions(a, d)
}

// CartChange is what can be said about a cart beside its lines.
type CartChange struct {
	Currency       *string `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"ISO 4217 code that the cart is priced in." example:"EUR"`
	Country        *string `json:"country,omitempty" pattern:"^[A-Z]{2}$" doc:"Where it would go, ISO 3166-1 alpha-2: shipping and tax depend on it." example:"DE"`
	ShippingOption *string `json:"shipping_option,omitempty" enum:"standard,express" doc:"How it would be shipped." example:"express"`
}

func changeCart(a *httpapi.API, d *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "change-cart", Method: http.MethodPatch, Path: "/v1/cart", Tag: tag, IfMatch: true,
		Summary:     "Set currency, country or way of shipping",
		Description: "What is not named stays as it is. A guest's cart that has never been used comes into being by it.",
		Errors:      []*fault.Error{ErrBadToken, cart.ErrCartStale, cart.ErrBadCart},
	}, func(ctx context.Context, in *struct {
		Guest
		Body CartChange
	},
	) (*cartOutput, error) {
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) {
			return d.carts.ChangeCart(ctx, cart.ChangeCartInput{
				Owner: owner, IfVersion: httpapi.IfMatch(ctx),
				Currency: in.Body.Currency, Country: in.Body.Country, ShippingOption: in.Body.ShippingOption,
			})
		})
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "clear-cart", Method: http.MethodDelete, Path: "/v1/cart", Tag: tag, IfMatch: true,
		Summary: "Take everything out of the cart, the coupon too",
		Errors:  []*fault.Error{ErrBadToken, cart.ErrCartStale},
	}, func(ctx context.Context, in *struct{ Guest }) (*cartOutput, error) {
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) {
			return d.carts.ClearCart(ctx, cart.ClearCartInput{Owner: owner, IfVersion: httpapi.IfMatch(ctx)})
		})
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "merge-carts", Method: http.MethodPost, Path: "/v1/cart/merge", Tag: tag, Access: httpapi.Customer, Key: httpapi.OptionalKey,
		Summary: "Bring a guest's cart into the account's",
		Description: "For after signing in: X-Cart-Token names the guest's cart, which is deleted. A repeat finds nothing to merge and answers the account's cart. " +
			"A line ends at 10,000 pieces.",
		Errors: []*fault.Error{ErrBadToken, cart.ErrBadMerge, cart.ErrCartFull},
	}, func(ctx context.Context, in *struct {
		Guest
		Body MergeRequest
	},
	) (*cartOutput, error) {
		guest, err := d.tokens.Verify(in.Token)
		if err != nil {
			return nil, err
		}
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) {
			return d.carts.MergeCarts(ctx, cart.MergeCartsInput{UserID: owner.UserID, GuestCartID: guest, Strategy: in.Body.Strategy})
		})
	})
}

// MergeRequest says what becomes of two carts.
type MergeRequest struct {
	Strategy string `json:"strategy,omitempty" enum:"sum,keep_account,keep_guest" default:"sum" doc:"sum: quantities are added up. keep_account: the guest's cart is dropped. keep_guest: the account's lines are dropped." example:"sum"`
}

// ItemPath names a line. It is exported because Huma leaves out the parameters
// of an embedded type that is not.
type ItemPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the line." example:"01993c60-2a11-7b20-9c4e-6d1f2a3b4c5d"`
}

// NewItem is something to put into the cart.
type NewItem struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Quantity  int64     `json:"quantity,omitempty" minimum:"1" maximum:"10000" default:"1" doc:"Pieces that come, to those that are there." example:"2"`
}

// ItemQuantity is how many pieces of a line there shall be.
type ItemQuantity struct {
	Quantity int64 `json:"quantity" minimum:"1" maximum:"10000" doc:"Pieces." example:"2"`
}

// errNotSold are the refusals of the product service.
var errNotSold = []*fault.Error{
	fault.New(fault.Invalid, "unknown_variant", "Some items do not exist."),
	fault.New(fault.Invalid, "not_for_sale", "Some items are not for sale."),
	fault.New(fault.Invalid, "no_price", "Some items have no price in this currency."),
}

func items(a *httpapi.API, d *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "add-cart-item", Method: http.MethodPost, Path: "/v1/cart/items", Tag: tag, Key: httpapi.OptionalKey,
		Summary: "Put something into the cart",
		Description: "Pieces of a variant that is there already are added to it. A guest without X-Cart-Token gets a new cart, and its token with the answer; " +
			"the Idempotency-Key of such a request is ignored.",
		Errors: append([]*fault.Error{ErrBadToken, cart.ErrBadCartItem, cart.ErrCartFull}, errNotSold...),
	}, func(ctx context.Context, in *struct {
		Guest
		Body NewItem
	},
	) (*cartOutput, error) {
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) {
			before, err := d.carts.ReadCart(ctx, cart.ReadCartInput{Owner: owner})
			if err != nil {
				return cart.Cart{}, err
			}
			price, err := d.price(ctx, in.Body.VariantID, in.Body.Quantity, before.Currency)
			if err != nil {
				return cart.Cart{}, err
			}
			return d.carts.AddCartItem(ctx, cart.AddCartItemInput{Owner: owner, VariantID: in.Body.VariantID, Quantity: in.Body.Quantity, UnitPrice: price})
		})
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "change-cart-item", Method: http.MethodPatch, Path: "/v1/cart/items/{id}", Tag: tag, IfMatch: true,
		Summary:     "Set how many pieces there are",
		Description: "It also says that the customer knows what the line costs now: its changes are gone from the answer on.",
		Errors:      []*fault.Error{ErrBadToken, cart.ErrCartStale, cart.ErrCartItemMissing, cart.ErrBadCartItem},
	}, func(ctx context.Context, in *struct {
		Guest
		ItemPath
		Body ItemQuantity
	},
	) (*cartOutput, error) {
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) { return d.changeItem(ctx, owner, in.ID, in.Body.Quantity) })
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "remove-cart-item", Method: http.MethodDelete, Path: "/v1/cart/items/{id}", Tag: tag, IfMatch: true,
		Summary: "Take a line out of the cart",
		Errors:  []*fault.Error{ErrBadToken, cart.ErrCartStale, cart.ErrCartItemMissing},
	}, func(ctx context.Context, in *struct {
		Guest
		ItemPath
	},
	) (*cartOutput, error) {
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) {
			return d.carts.RemoveCartItem(ctx, cart.RemoveCartItemInput{Owner: owner, IfVersion: httpapi.IfMatch(ctx), ItemID: in.ID})
		})
	})
}

// changeItem lets a line be made smaller even when it cannot be bought any more.
func (d *Desk) changeItem(ctx context.Context, owner cart.Owner, item uuid.UUID, quantity int64) (cart.Cart, error) {
	change := cart.ChangeCartItemInput{Owner: owner, IfVersion: httpapi.IfMatch(ctx), ItemID: item, Quantity: quantity}
	before, err := d.carts.ReadCart(ctx, cart.ReadCartInput{Owner: owner})
	if err != nil {
		return cart.Cart{}, err
	}
	for _, line := range before.Lines {
		if line.ID != item {
			continue
		}
		if price, err := d.price(ctx, line.VariantID, quantity, before.Currency); err == nil {
			change.UnitPrice = &price
		}
	}
	return d.carts.ChangeCartItem(ctx, change)
}

// CouponEntry is a coupon that somebody types.
type CouponEntry struct {
	Code string `json:"code" minLength:"1" maxLength:"40" doc:"The code, in any case." example:"WELCOME10"`
}

func enteredCoupon(a *httpapi.API, d *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "apply-coupon", Method: http.MethodPost, Path: "/v1/cart/coupon", Tag: tag,
		Summary: "Enter a coupon",
		Description: "In the place of any other. It must be one that could be used now; whether the cart reaches its minimum, the cart tells in its warnings. " +
			"A use of it is taken when the cart is checked out.",
		Errors: []*fault.Error{ErrBadToken, cart.ErrCouponUnknown, cart.ErrCouponNotYet, cart.ErrCouponExpired, cart.ErrCouponCurrency, cart.ErrCouponExhausted},
	}, func(ctx context.Context, in *struct {
		Guest
		Body CouponEntry
	},
	) (*cartOutput, error) {
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) {
			return d.carts.ApplyCoupon(ctx, cart.ApplyCouponInput{Owner: owner, Code: in.Body.Code})
		})
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "remove-coupon", Method: http.MethodDelete, Path: "/v1/cart/coupon", Tag: tag, IfMatch: true,
		Summary: "Take the coupon out of the cart",
		Errors:  []*fault.Error{ErrBadToken, cart.ErrCartStale},
	}, func(ctx context.Context, in *struct{ Guest }) (*cartOutput, error) {
		return d.of(ctx, in.Guest, func(owner cart.Owner) (cart.Cart, error) {
			return d.carts.RemoveCoupon(ctx, cart.RemoveCouponInput{Owner: owner, IfVersion: httpapi.IfMatch(ctx)})
		})
	})
}

func customer(ctx context.Context) uuid.UUID {
	p, _ := identity.From(ctx)
	return p.UserID
}
