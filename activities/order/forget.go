package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/sql/orderdb"
)

// ForgetCustomerInput names a person who is to be forgotten.
type ForgetCustomerInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// Forgotten counts what was forgotten of a person's orders.
type Forgotten struct {
	Orders int64 `json:"orders"` // whose address is gone now
	Open   int64 `json:"open"`   // that still need it, to be delivered or refused; ask again later
}

// ForgetCustomer takes name and address out of a person's orders, as soon as
// they do not need them any more. What was bought and paid stays: the books
// need it, and without name and address it is nobody's.
func (s *Service) ForgetCustomer(ctx context.Context, in ForgetCustomerInput) (Forgotten, error) {
	var out Forgotten
	err := s.read(ctx, func(q *orderdb.Queries) error {
		at := now()
		row, err := q.ForgetCustomer(ctx, in.UserID, &at)
		if out = (Forgotten{Orders: row.Forgotten, Open: row.Open}); err != nil {
			return err
		}
		return q.DeleteAnswersTo(ctx, in.UserID)
	})
	if err != nil {
		return out, fmt.Errorf("forget customer %s: %w", in.UserID, err)
	}
	return out, nil
}
