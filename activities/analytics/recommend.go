package analytics

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/sql/analyticsdb"
)

const maxRecommended = 50

// Why a product is recommended.
const (
	BoughtTogether = "bought_together"
	Popular        = "popular"
)

// Recommendation is a product that somebody may want, and why.
type Recommendation struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid" doc:"The product." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Reason    string    `json:"reason" enum:"bought_together,popular" doc:"bought_together: others ordered it with the same things. popular: many ordered it lately." example:"bought_together"`
	Orders    int64     `json:"orders" doc:"In so many orders." example:"12"`
}

// Recommendations are products, the best guess first.
type Recommendations struct {
	Products []Recommendation `json:"products"`
}

// ListRecommendationsInput asks for a user.
type ListRecommendationsInput struct {
	UserID uuid.UUID `json:"user_id"`
	Limit  int       `json:"limit"` // products, at most 50
}

// ListRecommendations answers what others ordered together with what the user
// bought or looked at, and fills up with what is popular. What they have bought
// is not recommended again.
func (s *Service) ListRecommendations(ctx context.Context, in ListRecommendationsInput) (Recommendations, error) {
	var out Recommendations
	err := s.ask(ctx, func(db *analyticsdb.Queries) error {
		interests, err := db.ListInterests(ctx, in.UserID, now().Add(-30*day))
		if err != nil {
			return err
		}
		var products, bought []uuid.UUID
		for _, interest := range interests {
			products = append(products, interest.ProductID)
			if interest.Bought {
				bought = append(bought, interest.ProductID)
			}
		}
		out, err = recommend(ctx, db, products, bought, limit(in.Limit, maxRecommended))
		return err
	})
	if err != nil {
		return out, fmt.Errorf("recommend to user %s: %w", in.UserID, err)
	}
	return out, nil
}

// ListRelatedInput asks for a product.
type ListRelatedInput struct {
	ProductID uuid.UUID `json:"product_id"`
	Limit     int       `json:"limit"` // products, at most 50
}

// ListRelatedProducts answers what others ordered together with a product, and
// fills up with what is popular. Of a product that nobody knows only that is known.
func (s *Service) ListRelatedProducts(ctx context.Context, in ListRelatedInput) (Recommendations, error) {
	var out Recommendations
	err := s.ask(ctx, func(db *analyticsdb.Queries) (err error) {
		itself := []uuid.UUID{in.ProductID}
		out, err = recommend(ctx, db, itself, itself, limit(in.Limit, maxRecommended))
		return err
	})
	if err != nil {
		return out, fmt.Errorf("list what is related to product %s: %w", in.ProductID, err)
	}
	return out, nil
}

// recommend finds up to most products that go with others, without the unwanted.
func recommend(ctx context.Context, db *analyticsdb.Queries, with, unwanted []uuid.UUID, most int32) (Recommendations, error) {
	out := Recommendations{Products: []Recommendation{}}
	taken := map[uuid.UUID]bool{}
	for _, product := range unwanted {
		taken[product] = true
	}
	if len(with) > 0 {
		together, err := db.ListBoughtTogether(ctx, with, most)
		if err != nil {
			return out, err
		}
		for _, row := range together {
			taken[row.ProductID] = true
			out.Products = append(out.Products, Recommendation{ProductID: row.ProductID, Reason: BoughtTogether, Orders: row.Orders})
		}
	}
	missing := int(most) - len(out.Products)
	if missing <= 0 {
		return out, nil
	}
	popular, err := db.ListPopular(ctx, now().Add(-30*day), most+int32(min(len(taken), 1000))) //nolint:gosec // bounded
	if err != nil {
		return out, err
	}
	for _, row := range popular {
		if !taken[row.ProductID] && missing > 0 {
			out.Products = append(out.Products, Recommendation{ProductID: row.ProductID, Reason: Popular, Orders: row.Orders})
			missing--
		}
	}
	return out, nil
}
