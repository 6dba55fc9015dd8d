package e2e

import (
	"cmp"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/sandbox/shopper"
)

var update = flag.Bool("update", false, "write the golden files")

// accessTable is the committed matrix. It is part of the documentation.
const accessTable = "../../docs/access.md"

// callers are the columns of the matrix. Somebody whose token is no good comes
// last, and the owner of a thing is the customer.
var callers = []string{"Anonymous", "Customer", "Another customer", "Support", "Admin", "Expired token", "Signed out"}

// TestAccessIsAsTheTableSays asks every operation of the document as every kind
// of caller, and compares who gets past the door with the committed table.
func TestAccessIsAsTheTableSays(t *testing.T) {
	observed := matrix(t)
	if *update {
		require.NoError(t, os.WriteFile(accessTable, []byte(accessDocument(observed)), 0o644))
	}
	committed, err := os.ReadFile(accessTable)
	require.NoError(t, err)
	require.Equal(t, string(committed), accessDocument(observed), "who may call what has changed; if it is meant: go test ./workers/e2e -run Access -update, and review the table")
}

// matrix is what each caller met with: a row per operation.
func matrix(t *testing.T) [][]string {
	t.Helper()
	owner := customer(t)
	tokens, things := accessTokens(t, owner), owned(t, owner)
	var rows [][]string
	for _, op := range operations(t) {
		row := []string{"`" + op.name + "`", op.method + " " + op.path}
		for _, caller := range callers {
			row = append(row, meets(t, op, caller, tokens[caller], things))
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return rows
}

// meets is what a caller meets with: yes, or the status of the refusal. Who gets
// in is stopped by a query parameter that no operation has, so nothing happens.
// Only "another customer" really asks, for what belongs to the customer: "own"
// says that the operation names nothing, so everybody gets what is theirs.
func meets(t *testing.T, op operation, caller, token string, things map[string]string) string {
	t.Helper()
	a := op.ask(t)
	a.token = token
	a.path = op.path
	for named, value := range things {
		before, _, _ := strings.Cut(named, "{")
		a.path = strings.ReplaceAll(a.path, named, before+value)
	}
	a.path = placeholder.ReplaceAllStringFunc(a.path, func(string) string { return id.New().String() })
	foreign := caller == "Another customer" && op.access == "customer"
	switch {
	case foreign && !strings.Contains(op.path, "{"):
		return "own"
	case !foreign:
		a = a.asking("no_such_parameter=1")
	}
	r := a.gateway(t)
	switch r.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprint(r.status)
	case http.StatusNotFound:
		require.True(t, foreign, "%s %s as %s: %s", op.name, a.path, caller, r.body)
		return "404"
	}
	if !foreign {
		require.Equal(t, http.StatusUnprocessableEntity, r.status, "%s as %s: %s", op.name, caller, r.body)
	}
	return "yes"
}

// accessTokens are the callers' credentials.
func accessTokens(t *testing.T, owner *shopper.Customer) map[string]string {
	t.Helper()
	other, gone := customer(t), customer(t)
	refresh, err := gone.Refresh(t.Context())
	require.NoError(t, err)
	signedOut := tokenOf(t, gone)
	signOut(t, gone, refresh)
	return map[string]string{
		"Anonymous":        "",
		"Customer":         tokenOf(t, owner),
		"Another customer": tokenOf(t, other),
		"Support":          signed(t, identity.Principal{UserID: id.New(), Role: identity.Support}, time.Now()),
		"Admin":            tokenOf(t, shop.Admin()),
		"Expired token":    signed(t, identity.Principal{UserID: owner.ID, Role: identity.Admin}, time.Now().Add(-time.Hour)),
		"Signed out":       signedOut,
	}
}

// signOut ends the customer's session and waits until every service knows.
func signOut(t *testing.T, c *shopper.Customer, refresh string) {
	t.Helper()
	token := tokenOf(t, c)
	r := ask{method: http.MethodPost, path: "/api/v1/users/logout", token: token, body: `{"refresh_token":"` + refresh + `"}`}.gateway(t)
	require.Equal(t, http.StatusNoContent, r.status, r.body)
	for _, path := range []string{"users/" + c.ID.String(), "orders/" + c.ID.String(), "payments/" + c.ID.String(), "cart", "recommendations", "notifications", "products", "products/" + c.ID.String() + "/inventory"} {
		require.Eventually(t, func() bool {
			return ask{method: http.MethodGet, path: "/api/v1/" + path, token: token}.gateway(t).status == http.StatusUnauthorized
		}, soon, often, path)
	}
}

// owned are ids of what belongs to the customer, by the paths that name them.
// Everything else that a path can name is made up.
func owned(t *testing.T, c *shopper.Customer) map[string]string {
	t.Helper()
	s := newStory(t)
	token := tokenOf(t, c)
	item := stocked(t, 10)
	order := bought(t, c, shopper.One(item))
	address := s.do(token, "add-address", `{"name":"Grace","line1":"Street 1","city":"Berlin","postal_code":"10119","country":"DE"}`, c.ID.String())
	saved := s.do(token, "save-item", `{"variant_id":"`+item.VariantID.String()+`"}`)
	return map[string]string{
		"/users/{id}": c.ID.String(), "{address_id}": text(t, address, "id"), "{user_id}": c.ID.String(),
		"/orders/{id}": order.Id.String(), "/payments/{id}": order.PaymentId.String(), "/saved-items/{id}": text(t, saved, "id"),
	}
}

func accessDocument(rows [][]string) string {
	var b strings.Builder
	b.WriteString(accessIntroduction)
	header := append([]string{"Operation", "Request"}, callers...)
	b.WriteString("| " + strings.Join(header, " | ") + " |\n|" + strings.Repeat("---|", len(header)) + "\n")
	for _, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}

const accessIntroduction = `# Who may call what

Written by ` + "`go test ./workers/e2e -run Access -update`" + `, which asks every operation as every kind of caller, and compared by the
end-to-end tests ever after. An operation that is not here fails them.

*yes*: gets in. *own*: the operation names nothing, so everybody sees what is theirs. *404*: somebody else's thing does not
exist. *401*: who are you? *403*: not with this role. A bad token is refused even where none is needed, except where one
signs in. *Customer* is the owner of what the path names; *Support* and *Admin* are staff.

`
