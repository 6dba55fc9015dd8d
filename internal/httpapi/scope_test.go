package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
)

func TestAKeyNeedsTheScopeOfTheOperation(t *testing.T) {
	issuer := identitytest.New(t)
	api := httpapi.New(httpapi.Options{Service: "kilns", Verifier: issuer.Verifier()})
	for _, op := range []httpapi.Operation{
		{ID: "list-kilns", Method: http.MethodGet, Path: "/v1/kilns", Tag: "Big kilns", Access: httpapi.Support},
		{ID: "light-kiln", Method: http.MethodPost, Path: "/v1/kilns", Tag: "Big kilns", Access: httpapi.Admin},
		{ID: "see-smoke", Method: http.MethodGet, Path: "/v1/smoke", Tag: "Big kilns"},
		{ID: "give-keys", Method: http.MethodPost, Path: "/v1/keys", Tag: "Big kilns", Access: httpapi.Admin, PeopleOnly: true},
		{ID: "do-something", Method: http.MethodGet, Path: "/v1/something", Access: httpapi.Customer},
	} {
		httpapi.Register(api, op, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	}
	require.Equal(t, "big-kilns:read", api.OpenAPI().Paths["/v1/kilns"].Get.Extensions["x-scope"])
	require.Equal(t, "big-kilns:write", api.OpenAPI().Paths["/v1/kilns"].Post.Extensions["x-scope"])
	require.Empty(t, api.OpenAPI().Paths["/v1/keys"].Post.Extensions["x-scope"])

	asks := func(method, path string, role identity.Role, scopes ...string) int {
		who := identity.Principal{UserID: uuid.New(), Role: role, SessionID: uuid.New(), Scopes: scopes}
		token, err := identity.Sign(identitytest.KID, issuer.Private, who, time.Now(), time.Minute)
		require.NoError(t, err)
		r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		api.Handler().ServeHTTP(w, r)
		return w.Code
	}
	for name, c := range map[string]struct {
		method, path string
		role         identity.Role
		scopes       []string
		want         int
	}{
		"a person needs none":          {"GET", "/v1/kilns", identity.Admin, nil, 204},
		"reading":                      {"GET", "/v1/kilns", identity.Admin, []string{"big-kilns:read"}, 204},
		"writing":                      {"POST", "/v1/kilns", identity.Admin, []string{"big-kilns:write"}, 204},
		"reading is not writing":       {"POST", "/v1/kilns", identity.Admin, []string{"big-kilns:read"}, 403},
		"writing is not reading":       {"GET", "/v1/kilns", identity.Admin, []string{"big-kilns:write"}, 403},
		"something else":               {"GET", "/v1/kilns", identity.Admin, []string{"kilns:read"}, 403},
		"the role counts as well":      {"POST", "/v1/kilns", identity.Support, []string{"big-kilns:write"}, 403},
		"anybody's":                    {"GET", "/v1/smoke", identity.Customer, []string{"orders:read"}, 204},
		"people only":                  {"POST", "/v1/keys", identity.Admin, []string{"big-kilns:write"}, 403},
		"people only, a person":        {"POST", "/v1/keys", identity.Admin, nil, 204},
		"of no area, a key for all":    {"GET", "/v1/something", identity.Admin, []string{"big-kilns:read"}, 403},
		"of no area, and a person":     {"GET", "/v1/something", identity.Customer, nil, 204},
		"a key that is for nothing":    {"GET", "/v1/kilns", identity.Admin, []string{}, 403},
		"a key for nothing, anybody's": {"GET", "/v1/smoke", identity.Admin, []string{}, 204},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, asks(c.method, c.path, c.role, c.scopes...)) })
	}
}
