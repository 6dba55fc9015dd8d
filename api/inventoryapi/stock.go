package inventoryapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/inventory"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
)

const tag = "Inventory"

// Register adds the operations of the inventory service to a. svc may be nil
// when only the document is wanted.
func Register(a *httpapi.API, svc *inventory.Service) {
	stock(a, svc)
	movements(a, svc)
	reservations(a, svc)
	byHand(a, svc)
}

// ProductPath names a product. It is exported because Huma leaves out the
// parameters of an embedded type that is not.
type ProductPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the product." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
}

type inventoryOutput struct {
	ETag string `header:"ETag" doc:"Version of the inventory, for If-Match." example:"\"2\""`
	Body inventory.Inventory
}

// StockCounts is what somebody counted of a product.
type StockCounts struct {
	Variants []inventory.StockCount `json:"variants" minItems:"1" maxItems:"100" nullable:"false" doc:"Each variant once; the product's other variants stay as they are."`
}

func stock(a *httpapi.API, svc *inventory.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "read-stock", Method: http.MethodGet, Path: "/v1/products/{id}/inventory", Tag: tag,
		Summary: "Read what there is of a product",
		Description: "The inventory of a product without stock is empty, at version 1. " +
			"The ETag counts changes of on_hand; reservations change reserved and available under the same ETag.",
	}, func(ctx context.Context, in *ProductPath) (*inventoryOutput, error) {
		return shown(svc.ReadStock(ctx, inventory.ReadStockInput{ProductID: in.ID}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "set-stock", Method: http.MethodPut, Path: "/v1/products/{id}/inventory", Tag: tag,
		Summary:     "Set what is on hand",
		Description: "Records a count of the variants named. A variant comes into being with its first count; the difference to the last count is a movement.",
		Access:      httpapi.Admin, IfMatch: true,
		Errors: []*fault.Error{inventory.ErrStockStale, inventory.ErrBadStock, inventory.ErrBelowReserved, inventory.ErrOtherProduct},
	}, func(ctx context.Context, in *struct {
		ProductPath
		Body StockCounts
	},
	) (*inventoryOutput, error) {
		return shown(svc.SetStock(ctx, inventory.SetStockInput{
			ProductID: in.ID, IfVersion: httpapi.IfMatch(ctx), Variants: in.Body.Variants, ActorID: actor(ctx),
		}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "adjust-stock", Method: http.MethodPost, Path: "/v1/products/{id}/inventory/adjust", Tag: tag,
		Summary:     "Adjust what is on hand by a difference",
		Description: "Units that are promised to orders cannot be taken away.",
		Access:      httpapi.Admin, Key: httpapi.OptionalKey,
		Errors: []*fault.Error{inventory.ErrNoStock, inventory.ErrBadAdjustment, inventory.ErrBadStock, inventory.ErrBelowReserved, inventory.ErrAdjustmentUsed},
	}, func(ctx context.Context, in *struct {
		ProductPath
		Body inventory.Adjustment
	},
	) (*inventoryOutput, error) {
		return shown(svc.AdjustStock(ctx, inventory.AdjustStockInput{
			ProductID: in.ID, AdjustmentID: keyed(ctx, "adjust-stock"), ActorID: actor(ctx), Adjustment: in.Body,
		}))
	})
}

func shown(i inventory.Inventory, err error) (*inventoryOutput, error) {
	if err != nil {
		return nil, err
	}
	return &inventoryOutput{ETag: httpapi.ETag(i.Version), Body: i}, nil
}

func actor(ctx context.Context) uuid.UUID {
	p, _ := identity.From(ctx)
	return p.UserID
}

// keyed is the id that makes a keyed operation count once, even when the process
// died before it could store its answer under the key.
func keyed(ctx context.Context, operation string) uuid.UUID {
	if key := httpapi.IdempotencyKey(ctx); key != "" {
		return uuid.NewSHA1(actor(ctx), []byte(operation+" "+key))
	}
	return id.New()
}
