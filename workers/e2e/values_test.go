package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/id"
)

// purchase is the body of a checkout, as text that tests can spoil.
const purchase = `{"lines":[{"variant_id":"VARIANT","quantity":QUANTITY}],` +
	`"shipping_address":{"name":"Ada","line1":"Street 1","city":"Berlin","postal_code":"10119","country":"DE"},"payment_method":"pm_card_visa"EXTRA}`

// spoiled is a purchase of one piece, but for what pairs of old and new replace.
func spoiled(variant uuid.UUID, pairs ...string) string {
	usual := []string{"VARIANT", variant.String(), "QUANTITY", "1", "EXTRA", ""}
	return strings.NewReplacer(usual...).Replace(strings.NewReplacer(pairs...).Replace(purchase))
}

func TestPurchasesAreCheckedBeforeAnythingMoves(t *testing.T) {
	item, c := stocked(t, 5), customer(t)
	checkout := func(pairs ...string) ask {
		return ask{
			method: http.MethodPost, path: "/api/v1/checkout", token: tokenOf(t, c), body: spoiled(item.VariantID, pairs...),
			header: map[string]string{"Idempotency-Key": uuid.NewString()},
		}
	}
	table := []bad{
		{"no lines", checkout(`{"variant_id":"VARIANT","quantity":QUANTITY}`, ""), 422, 0},
		{"null for lines, which is none, and an empty cart", checkout(`[{"variant_id":"VARIANT","quantity":QUANTITY}]`, "null"), 409, 422},
		{"101 lines", checkout(`{"variant_id":"VARIANT","quantity":QUANTITY}`, strings.Repeat(`{"variant_id":"`+item.VariantID.String()+`","quantity":1},`, 100)+`{"variant_id":"VARIANT","quantity":1}`), 422, 0},
		{"an unknown variant", checkout("VARIANT", id.New().String()), 422, 0},
		{"no variant", checkout(`"variant_id":"VARIANT",`, ""), 422, 0},
		{"a variant that is no id", checkout("VARIANT", canary), 422, 400},
		{"no payment method", checkout(`,"payment_method":"pm_card_visa"`, ""), 422, 0},
		{"an empty payment method", checkout("pm_card_visa", ""), 422, 0},
		{"a payment method for a database", checkout("pm_card_visa", "x'; DROP TABLE orders; --"+canary), 422, 0},
		{"a payment method for a shell", checkout("pm_card_visa", "$("+canary+")"), 422, 0},
		{"a capture unknown", checkout("EXTRA", `,"capture":"`+canary+`"`), 422, 0},
		{"a shipping option unknown", checkout("EXTRA", `,"shipping_option":"`+canary+`"`), 422, 0},
		{"a user id of one's own", checkout("EXTRA", `,"user_id":"`+id.New().String()+`"`), 422, 0},
		{"a total of one's own", checkout("EXTRA", `,"total":{"amount":1,"currency":"EUR"}`), 422, 0},
		{"another total", checkout("EXTRA", `,"expected_total":{"amount":1,"currency":"EUR"}`), 409, 0},
		{"a total below nothing", checkout("EXTRA", `,"expected_total":{"amount":-1,"currency":"EUR"}`), 409, 422},
		{"a total too large", checkout("EXTRA", `,"expected_total":{"amount":9223372036854775808,"currency":"EUR"}`), 422, 400},
		{"a total in parts", checkout("EXTRA", `,"expected_total":{"amount":23.98,"currency":"EUR"}`), 422, 400},
		{"a total in no currency", checkout("EXTRA", `,"expected_total":{"amount":2398,"currency":"XYZ"}`), 422, 0},
		{"a total in a currency without a price", checkout("EXTRA", `,"expected_total":{"amount":2398,"currency":"JPY"}`), 422, 409},
		{"a country that is none", checkout(`"country":"DE"`, `"country":"Germany"`), 422, 0},
		{"no name", checkout(`"name":"Ada",`, ""), 422, 0},
		{"an empty name", checkout("Ada", ""), 422, 0},
		{"a name of 64 KiB", checkout("Ada", strings.Repeat(canary, 5041)), 422, 0},
		{"a name with a NUL", checkout("Ada", `A\u0000`+canary), 400, 422},
		{"a name with an escape", checkout("Ada", `A\u001b[2J`+canary), 400, 422},
	}
	for _, quantity := range []string{"0", "-1", "1000000000", "10001", "1.5", "9223372036854775808", "-9223372036854775809", "1e30", `"2"`, "true", "null", "[1]"} {
		table = append(table, bad{"a quantity of " + quantity, checkout("QUANTITY", quantity), 422, 400})
	}
	for _, quantity := range []string{"NaN", "0x10", "01", "+1", "1_0"} {
		table = append(table, bad{"a quantity of " + quantity, checkout("QUANTITY", quantity), 400, 0})
	}
	refuse(t, table)
	require.EqualValues(t, 5, free(t, item))
}

func TestTheShopsGoodsAreChecked(t *testing.T) {
	item := stocked(t, 5)
	admin := func(method, path, body string) ask {
		return ask{method: method, path: path, body: body, token: tokenOf(t, shop.Admin()), header: map[string]string{"If-Match": `"2"`, "Idempotency-Key": uuid.NewString()}}
	}
	product := "/api/v1/products/" + item.ProductID.String()
	refuse(t, []bad{
		{"a product without a name", admin("POST", "/api/v1/products", `{"name":"","variants":[{"sku":"`+canary+`","prices":[{"amount":1,"currency":"EUR"}]}]}`), 422, 0},
		{"a product without variants", admin("POST", "/api/v1/products", `{"name":"`+canary+`","variants":[]}`), 422, 0},
		{"a price below nothing", admin("POST", "/api/v1/products", `{"name":"`+canary+`","variants":[{"sku":"A","prices":[{"amount":-1,"currency":"EUR"}]}]}`), 422, 0},
		{"a price in no currency", admin("POST", "/api/v1/products", `{"name":"`+canary+`","variants":[{"sku":"A","prices":[{"amount":1,"currency":"eur"}]}]}`), 422, 0},
		{"a SKU that is taken", admin("POST", "/api/v1/products", `{"name":"`+canary+`","variants":[{"sku":"`+item.SKU+`","prices":[{"amount":1,"currency":"EUR"}]}]}`), 409, 0},
		{"stock below nothing", admin("PUT", product+"/inventory", fmt.Sprintf(`{"variants":[{"variant_id":"%s","on_hand":-1}]}`, item.VariantID)), 422, 0},
		{"stock without end", admin("PUT", product+"/inventory", fmt.Sprintf(`{"variants":[{"variant_id":"%s","on_hand":9223372036854775807}]}`, item.VariantID)), 422, 0},
		{"less stock than there is", admin("POST", product+"/inventory/adjust", fmt.Sprintf(`{"variant_id":"%s","delta":-6,"reason":"%s"}`, item.VariantID, canary)), 409, 422},
		{"a version long gone", admin("PUT", product+"/inventory", fmt.Sprintf(`{"variants":[{"variant_id":"%s","on_hand":1}]}`, item.VariantID)).with("If-Match", `"1"`), 412, 0},
		{"a quote for nothing", ask{method: "POST", path: "/api/v1/quotes", body: `{"lines":[],"currency":"EUR"}`}, 422, 0},
		{"a quote for a thing unknown", ask{method: "POST", path: "/api/v1/quotes", body: `{"lines":[{"variant_id":"` + id.New().String() + `","quantity":1}],"currency":"EUR"}`}, 422, 0},
	})
}

func TestAccountsAreChecked(t *testing.T) {
	c := customer(t)
	register := func(email, name, password string) ask {
		return ask{method: "POST", path: "/api/v1/users/register", body: fmt.Sprintf(`{"email":%q,"name":%q,"password":%q}`, email, name, password)}
	}
	login := func(email, password string) ask {
		return ask{method: "POST", path: "/api/v1/users/login", body: fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)}
	}
	refuse(t, []bad{
		{"an address that is none", register(canary, "Ada", "correct horse battery"), 422, 0},
		{"an address with a line break", register("a@example.com\nbcc: b@example.com", "Ada", "correct horse battery"), 422, 400},
		{"a password too short", register(canary+"@example.com", "Ada", canary[:7]), 422, 0},
		{"a password too common", register(canary+"@example.com", "Ada", "password1"), 422, 0},
		{"a password too long", register(canary+"@example.com", "Ada", strings.Repeat("x", 129)), 422, 0},
		{"a role of one's own", register(canary+"@example.com", "Ada", "correct horse battery").saying(`{"email":"a@example.com","name":"Ada","password":"correct horse battery","role":"admin"}`), 422, 0},
		{"an address that is taken", register(c.Email, "Ada", "correct horse battery"), 409, 0},
		{"a wrong password", login(c.Email, canary+canary), 401, 0},
		{"an unknown account", login(canary+"@example.com", canary+canary), 401, 0},
		{"a refresh token made up", ask{method: "POST", path: "/api/v1/users/refresh", body: `{"refresh_token":"` + canary + canary + `"}`}, 401, 422},
	})
}
