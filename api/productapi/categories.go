package productapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/id"
)

const shelves = "Categories"

// CategoryPath names a category.
type CategoryPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the category." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2f"`
}

// CategoryTree is all categories.
type CategoryTree struct {
	Data []product.Category `json:"data" nullable:"false" doc:"The categories at the top, each with those inside it."`
}

type treeOutput struct{ Body CategoryTree }

type categoryOutput struct {
	ETag string `header:"ETag" doc:"Version of the category, for If-Match." example:"\"1\""`
	Body product.Category
}

type plantedOutput struct {
	Location string `header:"Location" doc:"Where the category is." example:"/api/v1/categories/01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2f"`
	ETag     string `header:"ETag" doc:"Version of the category, for If-Match." example:"\"1\""`
	Body     product.Category
}

// A category contains categories: an example of its own keeps it from nesting for ever.
var (
	exampleCategory = map[string]any{
		"id": "01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2f", "parent_id": "01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d30",
		"slug": "mugs", "name": "Mugs", "position": 1, "children": []any{}, "version": 1,
		"created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z",
	}
	exampleTree = map[string]any{"data": []any{map[string]any{
		"id": "01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d30", "slug": "kitchen", "name": "Kitchen", "position": 0,
		"children": []any{exampleCategory}, "version": 1, "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z",
	}}}
)

func categories(a *httpapi.API, svc *product.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-categories", Method: http.MethodGet, Path: "/v1/categories", Tag: shelves,
		Summary:         "Show the tree of categories",
		Description:     "All of it: a shop has at most 1,000 categories, at most 6 deep.",
		ResponseExample: exampleTree,
	}, func(ctx context.Context, _ *struct{}) (*treeOutput, error) {
		all, err := svc.ListCategories(ctx, product.ListCategoriesInput{})
		if err != nil {
			return nil, err
		}
		return &treeOutput{Body: CategoryTree{Data: all.Categories}}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "create-category", Method: http.MethodPost, Path: "/v1/categories", Tag: shelves, Status: http.StatusCreated,
		Summary: "Add a category",
		Access:  httpapi.Admin, Key: httpapi.OptionalKey, ResponseExample: exampleCategory,
		Errors: []*fault.Error{product.ErrBadCategory, product.ErrUnknownCategory, product.ErrSlugTaken},
	}, func(ctx context.Context, in *struct{ Body product.NewCategory }) (*plantedOutput, error) {
		made, err := svc.CreateCategory(ctx, product.CreateCategoryInput{CategoryID: id.New(), NewCategory: in.Body})
		if err != nil {
			return nil, err
		}
		return &plantedOutput{Location: "/api/v1/categories/" + made.ID.String(), ETag: httpapi.ETag(made.Version), Body: made}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "read-category", Method: http.MethodGet, Path: "/v1/categories/{id}", Tag: shelves,
		Summary: "Read a category with those inside it", ResponseExample: exampleCategory,
		Errors: []*fault.Error{product.ErrCategoryNotFound},
	}, func(ctx context.Context, in *CategoryPath) (*categoryOutput, error) {
		return shelf(svc.ReadCategory(ctx, product.ReadCategoryInput{CategoryID: in.ID}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "replace-category", Method: http.MethodPut, Path: "/v1/categories/{id}", Tag: shelves,
		Summary:     "Rename or move a category",
		Description: "What is in it goes with it. Without parent_id it moves to the top.",
		Access:      httpapi.Admin, IfMatch: true, ResponseExample: exampleCategory,
		Errors: []*fault.Error{
			product.ErrCategoryNotFound, product.ErrCategoryStale, product.ErrBadCategory, product.ErrUnknownCategory,
			product.ErrCategoryCircle, product.ErrSlugTaken,
		},
	}, func(ctx context.Context, in *struct {
		CategoryPath
		Body product.NewCategory
	},
	) (*categoryOutput, error) {
		return shelf(svc.ReplaceCategory(ctx, product.ReplaceCategoryInput{
			CategoryID: in.ID, IfVersion: httpapi.IfMatch(ctx), NewCategory: in.Body,
		}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "delete-category", Method: http.MethodDelete, Path: "/v1/categories/{id}", Tag: shelves, Status: http.StatusNoContent,
		Summary:     "Remove an empty category",
		Description: "Products and categories in it, archived products too, must be elsewhere first.",
		Access:      httpapi.Admin, IfMatch: true,
		Errors: []*fault.Error{product.ErrCategoryNotFound, product.ErrCategoryStale, product.ErrCategoryInUse},
	}, func(ctx context.Context, in *CategoryPath) (*struct{}, error) {
		_, err := svc.DeleteCategory(ctx, product.DeleteCategoryInput{CategoryID: in.ID, IfVersion: httpapi.IfMatch(ctx)})
		if err != nil {
			return nil, err
		}
		return &struct{}{}, nil
	})
}

func shelf(c product.Category, err error) (*categoryOutput, error) {
	if err != nil {
		return nil, err
	}
	return &categoryOutput{ETag: httpapi.ETag(c.Version), Body: c}, nil
}
