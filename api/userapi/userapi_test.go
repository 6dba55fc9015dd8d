package userapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/api/userapi"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/pgtest"
	"kassa/sql/userdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service behind a real HTTP server.
type shop struct {
	t    *testing.T
	url  string
	svc  *user.Service
	pool *pgxpool.Pool

	revoked *identity.Revocations
	erasing []uuid.UUID // whose erasure was begun
	engine  error       // why none can begin
}

func open(t *testing.T) *shop {
	t.Helper()
	keys, err := user.ParseKeyring("test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	require.NoError(t, err)
	pool := pgtest.New(t, userdb.Migrations())
	svc := user.New(pool, user.Options{Keys: keys, MailSecret: "a secret of the test"})
	revoked := identity.NewRevocations()
	api := httpapi.New(httpapi.Options{
		Service:  "user",
		Verifier: identity.NewVerifier("", identity.WithKeys(keys.PublicKeys()), revoked.Option()),
		Pool:     pool,

		FingerprintSecret: "a secret of the test",
	})
	s := &shop{t: t, svc: svc, pool: pool, revoked: revoked}
	userapi.Register(api, svc, func(_ context.Context, id uuid.UUID) error {
		s.erasing = append(s.erasing, id)
		return s.engine
	})
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// answer is a response with its body read as JSON; nil when it has none.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

type headers map[string]string

func (s *shop) call(method, path, body string, h headers) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range h {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	if len(raw) > 0 {
		require.NoError(s.t, json.Unmarshal(raw, &a.body), a.raw)
	}
	return a
}

// signedIn registers and signs in; the headers carry the token.
func (s *shop) signedIn(email string) (id string, h headers, refresh string) {
	s.t.Helper()
	made := s.call("POST", "/v1/users/register", `{"email":"`+email+`","password":"correct horse","name":"Ada"}`, nil)
	require.Equal(s.t, 201, made.status, made.raw)
	in := s.call("POST", "/v1/users/login", `{"email":"`+email+`","password":"correct horse"}`, nil)
	require.Equal(s.t, 200, in.status, in.raw)
	require.Equal(s.t, made.body["id"], in.body["user_id"])
	return made.body["id"].(string), headers{"Authorization": "Bearer " + in.body["access_token"].(string)}, in.body["refresh_token"].(string)
}

func (h headers) and(name, value string) headers {
	c := maps.Clone(h)
	c[name] = value
	return c
}

func (s *shop) refused(a answer, status int, code string) {
	s.t.Helper()
	require.Equal(s.t, status, a.status, a.raw)
	require.Equal(s.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(s.t, code, a.body["code"], a.raw)
	require.EqualValues(s.t, status, a.body["status"])
	require.NotContains(s.t, a.raw, "horse", "nothing of what was sent")
}

func TestDocumentNeedsNoService(t *testing.T) {
	api := httpapi.New(httpapi.Options{Service: "user", Prefix: "/api"})
	userapi.Register(api, nil, nil)
	var paths []string
	for path := range api.OpenAPI().Paths {
		paths = append(paths, path)
	}
	require.ElementsMatch(t, []string{
		"/api/.well-known/jwks.json", "/api/v1/users/register", "/api/v1/users/login", "/api/v1/users/refresh",
		"/api/v1/users/logout", "/api/v1/users/{id}", "/api/v1/users", "/api/v1/users/{id}/role",
		"/api/v1/users/password/forgot", "/api/v1/users/password/reset", "/api/v1/users/password/change",
		"/api/v1/users/email/verify", "/api/v1/users/email/verification",
		"/api/v1/users/{id}/preferences", "/api/v1/users/{id}/addresses", "/api/v1/users/{id}/addresses/{address_id}",
		"/api/v1/api-keys", "/api/v1/api-keys/{id}",
	}, paths)
}

func TestAccountFromRegistrationToChange(t *testing.T) {
	s := open(t)
	made := s.call("POST", "/v1/users/register", `{"email":"Ada@Example.com","password":"correct horse","name":"Ada"}`, nil)
	require.Equal(t, 201, made.status, made.raw)
	id := made.body["id"].(string)
	require.Equal(t, "/api/v1/users/"+id, made.header.Get("Location"))
	require.Equal(t, `"1"`, made.header.Get("ETag"))
	require.Equal(t, "ada@example.com", made.body["email"])
	require.Equal(t, "customer", made.body["role"])

	in := s.call("POST", "/v1/users/login", `{"email":"ada@example.com","password":"correct horse"}`, nil)
	require.Equal(t, 200, in.status, in.raw)
	ada := headers{"Authorization": "Bearer " + in.body["access_token"].(string)}

	read := s.call("GET", "/v1/users/"+id, "", ada)
	require.Equal(t, 200, read.status, read.raw)
	require.Equal(t, made.body, read.body)
	require.Equal(t, `"1"`, read.header.Get("ETag"))

	s.refused(s.call("PATCH", "/v1/users/"+id, `{"name":"Ada L."}`, ada), 428, "if_match_required")
	changed := s.call("PATCH", "/v1/users/"+id, `{"name":"Ada L."}`, ada.and("If-Match", `"1"`))
	require.Equal(t, 200, changed.status, changed.raw)
	require.Equal(t, "Ada L.", changed.body["name"])
	require.Equal(t, `"2"`, changed.header.Get("ETag"))
	stale := s.call("PATCH", "/v1/users/"+id, `{"name":"Ada M."}`, ada.and("If-Match", `"1"`))
	s.refused(stale, 412, "user_changed")
	require.InDelta(t, 2, stale.body["current_version"], 0)
	s.refused(s.call("PATCH", "/v1/users/"+id, `{}`, ada.and("If-Match", `"2"`)), 422, "nothing_to_change")
	s.refused(s.call("PATCH", "/v1/users/"+id, `{"role":"admin"}`, ada.and("If-Match", `"2"`)), 422, "validation_failed")
}

func TestRegistrationIsRefusedAsAProblem(t *testing.T) {
	s := open(t)
	s.signedIn("ada@example.com")
	for _, c := range []struct {
		body   string
		status int
		code   string
	}{
		{`{"email":"ada@example.com","password":"correct horse","name":"A"}`, 409, "email_taken"},
		{`{"email":"not an address","password":"correct horse","name":"A"}`, 422, "email_invalid"},
		{`{"email":"b@example.com","password":"password1","name":"A"}`, 422, "password_too_common"},
		{`{"email":"b@example.com","password":"horse","name":"A"}`, 422, "validation_failed"},
		{`{"email":"b@example.com","password":"correct horse"}`, 422, "validation_failed"},
		{`{"email":"b@example.com","password":"correct horse","name":"A","role":"admin"}`, 422, "validation_failed"},
		{`{"email":"b@example.com","password":"correct horse","name":"A","Name":"B"}`, 422, "validation_failed"},
		{`{"email":"b@example.com","password":"correct horse","name":"A","name":"B"}`, 400, "malformed_body"},
		{`{"email":"b@example.com","password":"correct horse","name":7}`, 422, "validation_failed"},
		{`["horse"]`, 422, "validation_failed"},
		{`{"email":`, 400, "malformed_body"},
	} {
		s.refused(s.call("POST", "/v1/users/register", c.body, nil), c.status, c.code)
	}
	var n int
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM users").Scan(&n))
	require.Equal(t, 1, n)
}

func TestRegistrationWithAKeyHappensOnce(t *testing.T) {
	s := open(t)
	key := headers{"Idempotency-Key": "k-1"}
	body := `{"email":"ada@example.com","password":"correct horse","name":"Ada"}`
	first := s.call("POST", "/v1/users/register", body, key)
	again := s.call("POST", "/v1/users/register", body, key)
	require.Equal(t, 201, again.status, again.raw)
	require.Equal(t, first.raw, again.raw)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	s.refused(s.call("POST", "/v1/users/register", strings.Replace(body, "ada@", "bob@", 1), key), 422, "idempotency_key_reused")

	var fingerprint []byte
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT fingerprint FROM idempotency_keys").Scan(&fingerprint))
	guess := sha256.Sum256([]byte("POST\x00/v1/users/register\x00\x00" + body))
	require.NotEqual(t, guess[:], fingerprint, "who has the table must not be able to try passwords without the secret")
}

func TestOnlyTheOwnerAndStaffSeeAnAccount(t *testing.T) {
	s := open(t)
	ada, adas, _ := s.signedIn("ada@example.com")
	_, bobs, _ := s.signedIn("bob@example.com")
	require.NoError(t, user.EnsureAdmin(t.Context(), s.svc, "root@example.com", "a long secret"))
	in := s.call("POST", "/v1/users/login", `{"email":"root@example.com","password":"a long secret"}`, nil)
	roots := headers{"Authorization": "Bearer " + in.body["access_token"].(string)}

	require.Equal(t, 200, s.call("GET", "/v1/users/"+ada, "", adas).status)
	require.Equal(t, 200, s.call("GET", "/v1/users/"+ada, "", roots).status)
	s.refused(s.call("GET", "/v1/users/"+ada, "", bobs), 404, "user_not_found")
	s.refused(s.call("PATCH", "/v1/users/"+ada, `{"name":"Bob"}`, bobs.and("If-Match", `"1"`)), 404, "user_not_found")
	s.refused(s.call("GET", "/v1/users/0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11", "", roots), 404, "user_not_found")
	none := s.call("GET", "/v1/users/"+ada, "", nil)
	s.refused(none, 401, "unauthenticated")
	require.Contains(t, none.header.Get("WWW-Authenticate"), "Bearer")
	s.refused(s.call("GET", "/v1/users/1", "", adas), 422, "validation_failed")
}

func TestSessionOverHTTP(t *testing.T) {
	s := open(t)
	_, adas, refresh := s.signedIn("ada@example.com")
	exchange := func(token string, h headers) answer {
		return s.call("POST", "/v1/users/refresh", `{"refresh_token":"`+token+`"}`, h)
	}
	next := exchange(refresh, headers{"Authorization": "Bearer expired.or.worse"})
	require.Equal(t, 200, next.status, "an old access token must not be in the way: "+next.raw)
	require.Equal(t, next.body["refresh_token"], exchange(refresh, nil).body["refresh_token"])
	refresh = next.body["refresh_token"].(string)

	s.refused(s.call("POST", "/v1/users/logout", `{"refresh_token":"`+refresh+`"}`, nil), 401, "unauthenticated")
	out := s.call("POST", "/v1/users/logout", `{"refresh_token":"`+refresh+`"}`, adas)
	require.Equal(t, 204, out.status, out.raw)
	require.Empty(t, out.raw)
	ended := exchange(refresh, nil)
	s.refused(ended, 401, "bad_refresh_token")
	require.Contains(t, ended.header.Get("WWW-Authenticate"), "Bearer")
}

func TestGuessingIsLimitedPerAddress(t *testing.T) {
	s := open(t)
	s.signedIn("ada@example.com")
	guess := func(from string) answer {
		return s.call("POST", "/v1/users/login", `{"email":"ada@example.com","password":"wrong horse"}`, headers{"X-Forwarded-For": from})
	}
	for range 5 {
		s.refused(guess("203.0.113.1"), 401, "bad_credentials")
	}
	limited := guess("198.51.100.1, 203.0.113.1") // the gateway's word is the last
	s.refused(limited, 429, "too_many_attempts")
	require.NotEmpty(t, limited.header.Get("Retry-After"))
	require.Equal(t, true, limited.body["retryable"])
	s.refused(guess("203.0.113.2"), 401, "bad_credentials")

	for i := range 5 {
		s.refused(guess("2001:db8:1:2::"+string(rune('a'+i))), 401, "bad_credentials")
	}
	s.refused(guess("2001:db8:1:2:ffff::1"), 429, "too_many_attempts")
}

func TestPublishedKeysVerifyIssuedTokens(t *testing.T) {
	s := open(t)
	ada, adas, _ := s.signedIn("ada@example.com")
	set := s.call("GET", "/.well-known/jwks.json", "", nil)
	require.Equal(t, 200, set.status)
	require.Equal(t, "public, max-age=60", set.header.Get("Cache-Control"))
	require.NotContains(t, set.raw, `"d"`)

	principal, err := identity.NewVerifier(s.url+"/.well-known/jwks.json").Verify(t.Context(), strings.TrimPrefix(adas["Authorization"], "Bearer "))
	require.NoError(t, err)
	require.Equal(t, ada, principal.UserID.String())
	require.Equal(t, identity.Customer, principal.Role)
	require.NotZero(t, principal.SessionID)
}
