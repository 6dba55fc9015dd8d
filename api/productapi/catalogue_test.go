package productapi_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/identity"
)

func TestVariantsAreAddedReplacedAndRemoved(t *testing.T) {
	s := open(t)
	path := "/v1/products/" + s.created("MUG") + "/variants"
	blue := `{"sku":"MUG-BLUE","options":[{"name":"colour","value":"blue"}],"weight_grams":450,"prices":[{"amount":1899,"currency":"EUR"}]}`
	s.refused(s.call(identity.Admin, "POST", path, blue), 422, "bad_product", "#/variants/0/name", "#/variants/1/options")

	list := s.call("", "GET", path, "")
	require.Equal(t, 200, list.status, list.raw)
	require.Equal(t, `"1"`, list.header.Get("ETag"))
	first := path + "/" + list.body["data"].([]any)[0].(map[string]any)["id"].(string)
	red := `{"sku":"MUG-RED","options":[{"name":"colour","value":"red"}],"prices":[{"amount":1899,"currency":"EUR"}]}`
	s.refused(s.call(identity.Admin, "PUT", first, red), 428, "if_match_required")
	replaced := s.call(identity.Admin, "PUT", first, red, "If-Match", `"1"`)
	require.Equal(t, 200, replaced.status, replaced.raw)
	require.Equal(t, `"2"`, replaced.header.Get("ETag"))
	require.Equal(t, "red", replaced.body["name"])

	added := s.call(identity.Admin, "POST", path, blue, "Idempotency-Key", "blue")
	require.Equal(t, 201, added.status, added.raw)
	require.Equal(t, "/api"+path+"/"+added.body["id"].(string), added.header.Get("Location"))
	require.Equal(t, `"3"`, added.header.Get("ETag"))
	require.Equal(t, added.raw, s.call(identity.Admin, "POST", path, blue, "Idempotency-Key", "blue").raw)
	s.refused(s.call(identity.Admin, "POST", path, blue), 422, "bad_product")

	stale := s.call(identity.Admin, "DELETE", first, "", "If-Match", `"2"`)
	s.refused(stale, 412, "product_changed")
	require.InDelta(t, 3, stale.body["current_version"], 0)
	gone := s.call(identity.Admin, "DELETE", first, "", "If-Match", `"3"`)
	require.Equal(t, 204, gone.status, gone.raw)
	require.Equal(t, `"4"`, gone.header.Get("ETag"))
	s.refused(s.call(identity.Admin, "DELETE", first, "", "If-Match", `"4"`), 404, "variant_not_found")
	s.refused(s.call(identity.Admin, "DELETE", path+"/"+added.body["id"].(string), "", "If-Match", `"4"`), 409, "last_variant")
}

func TestAProductIsReplacedAndArchived(t *testing.T) {
	s := open(t)
	path := "/v1/products/" + s.created("MUG")
	body := `{"name":"Cup","images":[{"url":"https://images.example.com/cup.jpg"}],"variants":[{"sku":"MUG","prices":[{"amount":1,"currency":"EUR"}]}]}`
	replaced := s.call(identity.Admin, "PUT", path, body, "If-Match", `"1"`)
	require.Equal(t, 200, replaced.status, replaced.raw)
	require.Equal(t, "Cup", replaced.body["name"])
	require.Equal(t, replaced.body, s.call("", "GET", path, "").body)
	s.refused(s.call(identity.Admin, "PUT", path, `{"name":"Cup","category_id":"`+uuid.NewString()+`","variants":[{"sku":"MUG","prices":[]}]}`, "If-Match", `"2"`),
		422, "unknown_category", "#/category_id")

	archived := s.call(identity.Admin, "DELETE", path, "", "If-Match", `"2"`)
	require.Equal(t, 204, archived.status, archived.raw)
	require.Equal(t, `"3"`, archived.header.Get("ETag"))
	s.refused(s.call("", "GET", path, ""), 404, "product_not_found")
	s.refused(s.call("", "GET", path+"/variants", ""), 404, "product_not_found")
}

func TestCategoriesFromCreationToRemoval(t *testing.T) {
	s := open(t)
	made := s.call(identity.Admin, "POST", "/v1/categories", `{"slug":"kitchen","name":"Kitchen"}`)
	require.Equal(t, 201, made.status, made.raw)
	id := made.body["id"].(string)
	path := "/v1/categories/" + id
	require.Equal(t, "/api"+path, made.header.Get("Location"))
	mugs := s.call(identity.Admin, "POST", "/v1/categories", `{"slug":"mugs","name":"Mugs","parent_id":"`+id+`"}`)
	require.Equal(t, 201, mugs.status, mugs.raw)

	tree := s.call("", "GET", "/v1/categories", "").body["data"].([]any)
	require.Len(t, tree, 1)
	require.Equal(t, []any{mugs.body}, tree[0].(map[string]any)["children"])
	require.Equal(t, 200, s.call("", "GET", path, "").status)

	s.refused(s.call(identity.Admin, "POST", "/v1/categories", `{"slug":"kitchen","name":"Kitchen"}`), 409, "slug_taken")
	s.refused(s.call(identity.Admin, "PUT", path, `{"slug":"kitchen","name":"Kitchen","parent_id":"`+mugs.body["id"].(string)+`"}`, "If-Match", `"1"`), 422, "category_circle", "#/parent_id")
	renamed := s.call(identity.Admin, "PUT", path, `{"slug":"cooking","name":"Cooking"}`, "If-Match", `"1"`)
	require.Equal(t, 200, renamed.status, renamed.raw)
	require.Equal(t, `"2"`, renamed.header.Get("ETag"))
	s.refused(s.call(identity.Admin, "DELETE", path, "", "If-Match", `"2"`), 409, "category_in_use")
	require.Equal(t, 204, s.call(identity.Admin, "DELETE", "/v1/categories/"+mugs.body["id"].(string), "", "If-Match", `"1"`).status)
	require.Equal(t, 204, s.call(identity.Admin, "DELETE", path, "", "If-Match", `"2"`).status)
	s.refused(s.call("", "GET", path, ""), 404, "category_not_found")

	for _, role := range []identity.Role{identity.Customer, identity.Support} {
		s.refused(s.call(role, "POST", "/v1/categories", `{"slug":"x","name":"X"}`), 403, "forbidden")
	}
}

func TestProductsAreListedByFilters(t *testing.T) {
	s := open(t)
	category := s.call(identity.Admin, "POST", "/v1/categories", `{"slug":"mugs","name":"Mugs"}`).body["id"].(string)
	id := s.created("MUG")
	s.created("CUP")
	require.Equal(t, 200, s.call(identity.Admin, "PATCH", "/v1/products/"+id, `{"category_id":"`+category+`"}`, "If-Match", `"1"`).status)
	for query, want := range map[string]int{
		"category=mugs": 1, "category=" + category: 1, "min_price=1900": 0, "max_price=1899": 2, "max_price=1899&currency=USD": 0,
		"updated_since=2999-01-01T00:00:00Z": 0, "updated_since=2001-01-01T00:00:00Z": 2,
	} {
		page := s.call("", "GET", "/v1/products?"+query, "")
		require.Equal(t, 200, page.status, page.raw)
		require.Len(t, page.body["data"], want, query)
	}
	s.refused(s.call("", "GET", "/v1/products?category=nowhere", ""), 422, "unknown_category", "query.category")
	s.refused(s.call("", "GET", "/v1/products?updated_since=yesterday", ""), 422, "validation_failed", "query.updated_since")
}
