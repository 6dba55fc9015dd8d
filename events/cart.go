package events

import (
	"time"

	"github.com/google/uuid"

	"kassa/internal/cloudevent"
)

// What the cart service tells.
const (
	CartAbandoned = "cart.abandoned" // subject: cart id; once per version of a cart
)

// AbandonedCart is the payload of cart.abandoned: a customer has left a cart with
// something in it.
type AbandonedCart struct {
	CartID uuid.UUID `json:"cart_id"`
	UserID uuid.UUID `json:"user_id"`
}

// NewCartAbandoned says that a cart lies untouched.
func NewCartAbandoned(at time.Time, version int64, cart AbandonedCart) cloudevent.Event {
	return New("cart", CartAbandoned, cart.CartID, version, at, cart)
}
