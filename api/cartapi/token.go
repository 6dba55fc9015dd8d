package cartapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"kassa/activities/cart"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/identity"
)

const tokenHeader = "X-Cart-Token"

// ErrBadToken is an X-Cart-Token that we did not give out, or none where one is needed.
var ErrBadToken = fault.New(fault.Invalid, "bad_cart_token", "X-Cart-Token is missing, or not one of ours.")

// Tokens signs the ids of guests' carts: <id>.<signature>. Whoever holds one may
// read and change the cart, so it is as secret as a session.
type Tokens struct{ key []byte }

// NewTokens makes Tokens that hold for every process with the same secret.
func NewTokens(secret string) Tokens { return Tokens{key: []byte(secret)} }

// Sign makes the token of a guest's cart.
func (t Tokens) Sign(cartID uuid.UUID) string {
	return cartID.String() + "." + base64.RawURLEncoding.EncodeToString(t.sum(cartID))
}

// Verify reads the id of the cart out of a token, or fails with ErrBadToken.
func (t Tokens) Verify(token string) (uuid.UUID, error) {
	name, signed, _ := strings.Cut(token, ".")
	cartID, err := id.Parse(name)
	if err != nil {
		return uuid.Nil, ErrBadToken
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(signed)
	if err != nil || !hmac.Equal(signature, t.sum(cartID)) {
		return uuid.Nil, ErrBadToken
	}
	return cartID, nil
}

func (t Tokens) sum(cartID uuid.UUID) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte("kassa cart"))
	mac.Write(cartID[:])
	return mac.Sum(nil)
}

// KeyOwner names the guest who asks, so that guests' idempotency keys are apart
// from each other. One without a cart cannot be told from the others: their key
// is ignored, and a repeat makes another cart that nobody knows of.
func (t Tokens) KeyOwner(r *http.Request) string {
	cartID, err := t.Verify(r.Header.Get(tokenHeader))
	if err != nil {
		return ""
	}
	return "cart:" + cartID.String()
}

// Guest is the header that names a guest's cart. It is exported because Huma
// leaves out the parameters of an embedded type that is not.
type Guest struct {
	Token string `header:"X-Cart-Token" maxLength:"200" doc:"Names a guest's cart, as it was answered. Whoever is signed in has a cart of their own, and needs none." example:"01993c60-1f2b-7a44-8c11-2b7d9e0f3a55.c2lnbmF0dXJl"`
}

// owner is whose cart the request means: that of whoever is signed in, else the
// guest's.
func (d *Desk) owner(ctx context.Context, guest Guest) (cart.Owner, error) {
	if p, signedIn := identity.From(ctx); signedIn {
		return cart.Owner{UserID: p.UserID}, nil
	}
	if guest.Token == "" {
		return cart.Owner{}, nil
	}
	cartID, err := d.tokens.Verify(guest.Token)
	return cart.Owner{CartID: cartID}, err
}
