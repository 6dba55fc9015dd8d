package userapi_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/api/userapi"
	"kassa/internal/cloudevent"
	"kassa/internal/fault"
	"kassa/internal/identity"
)

const nobody = "0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11"

// root is an admin's id and headers.
func (s *shop) root() (id string, h headers) {
	s.t.Helper()
	require.NoError(s.t, user.EnsureAdmin(s.t.Context(), s.svc, "root@example.com", "a long secret"))
	in := s.call("POST", "/v1/users/login", `{"email":"root@example.com","password":"a long secret"}`, nil)
	require.Equal(s.t, 200, in.status, in.raw)
	return in.body["user_id"].(string), headers{"Authorization": "Bearer " + in.body["access_token"].(string)}
}

// deliver lets the process hear what was told, as the bus does.
func (s *shop) deliver() {
	s.t.Helper()
	rows, err := s.pool.Query(s.t.Context(), "SELECT event FROM outbox WHERE type = $1 ORDER BY position", identity.SessionsRevoked)
	require.NoError(s.t, err)
	defer rows.Close()
	for rows.Next() {
		var document []byte
		var event cloudevent.Event
		require.NoError(s.t, rows.Scan(&document))
		require.NoError(s.t, json.Unmarshal(document, &event))
		s.revoked.Hear(event)
	}
	require.NoError(s.t, rows.Err())
}

// mailed is the token of the last mail that was asked for.
func (s *shop) mailed() string {
	s.t.Helper()
	var request uuid.UUID
	require.NoError(s.t, s.pool.QueryRow(s.t.Context(), "SELECT id FROM mail_requests ORDER BY id DESC LIMIT 1").Scan(&request))
	mail, err := s.svc.IssueMailToken(s.t.Context(), user.IssueMailTokenInput{RequestID: request})
	require.NoError(s.t, err)
	return mail.Token
}

func TestSigningOutTakesEffectOnAccessTokens(t *testing.T) {
	s := open(t)
	ada, adas, refresh := s.signedIn("ada@example.com")
	other := s.call("POST", "/v1/users/login", `{"email":"ada@example.com","password":"correct horse"}`, nil)
	elsewhere := headers{"Authorization": "Bearer " + other.body["access_token"].(string)}
	require.Equal(t, 204, s.call("POST", "/v1/users/logout", `{"refresh_token":"`+refresh+`"}`, adas).status)
	s.deliver()
	s.refused(s.call("GET", "/v1/users/"+ada, "", adas), 401, "invalid_token")
	require.Equal(t, 200, s.call("GET", "/v1/users/"+ada, "", elsewhere).status, "the other session goes on")
}

func TestAForgottenPasswordOverHTTP(t *testing.T) {
	s := open(t)
	ada, adas, _ := s.signedIn("ada@example.com")
	known := s.call("POST", "/v1/users/password/forgot", `{"email":"ada@example.com"}`, nil)
	unknown := s.call("POST", "/v1/users/password/forgot", `{"email":"bob@example.com"}`, nil)
	require.Equal(t, 202, known.status, known.raw)
	require.Equal(t, known.status, unknown.status)
	require.Equal(t, known.raw, unknown.raw)
	s.refused(s.call("POST", "/v1/users/password/forgot", `{"email":"no address"}`, nil), 422, "email_invalid")

	body := `{"token":"` + s.mailed() + `","password":"another horse"}`
	s.refused(s.call("POST", "/v1/users/password/reset", strings.Replace(body, "another horse", "password1", 1), nil), 422, "password_too_common")
	reset := s.call("POST", "/v1/users/password/reset", body, headers{"Authorization": "Bearer expired.or.worse"})
	require.Equal(t, 204, reset.status, reset.raw)
	s.refused(s.call("POST", "/v1/users/password/reset", body, nil), 409, "bad_mail_token")
	s.deliver()
	s.refused(s.call("GET", "/v1/users/"+ada, "", adas), 401, "invalid_token")

	in := s.call("POST", "/v1/users/login", `{"email":"ada@example.com","password":"another horse"}`, nil)
	require.Equal(t, 200, in.status, in.raw)
	again := headers{"Authorization": "Bearer " + in.body["access_token"].(string)}
	require.Equal(t, 200, s.call("GET", "/v1/users/"+ada, "", again).status, "what was issued after the new password is good")
	s.refused(s.call("POST", "/v1/users/password/change", `{"current_password":"correct horse","new_password":"a third horse"}`, again), 422, "wrong_password")
	changed := s.call("POST", "/v1/users/password/change", `{"current_password":"another horse","new_password":"a third horse"}`, again)
	require.Equal(t, 204, changed.status, changed.raw)
}

func TestAnAddressIsVerifiedOverHTTP(t *testing.T) {
	s := open(t)
	ada, adas, _ := s.signedIn("ada@example.com")
	require.Equal(t, false, s.call("GET", "/v1/users/"+ada, "", adas).body["email_verified"])
	require.Equal(t, 202, s.call("POST", "/v1/users/email/verification", "", adas).status)
	s.refused(s.call("POST", "/v1/users/email/verify", `{"token":"AAAA"}`, nil), 409, "bad_mail_token")
	verified := s.call("POST", "/v1/users/email/verify", `{"token":"`+s.mailed()+`"}`, nil)
	require.Equal(t, 204, verified.status, verified.raw)
	require.Equal(t, true, s.call("GET", "/v1/users/"+ada, "", adas).body["email_verified"])
	s.refused(s.call("POST", "/v1/users/email/verification", "", adas), 409, "email_verified")
}

func TestAProfileIsReplaced(t *testing.T) {
	s := open(t)
	ada, adas, _ := s.signedIn("ada@example.com")
	_, bobs, _ := s.signedIn("bob@example.com")
	put := s.call("PUT", "/v1/users/"+ada, `{"name":"Ada L.","phone":"+4930123456"}`, adas.and("If-Match", `"1"`))
	require.Equal(t, 200, put.status, put.raw)
	require.Equal(t, "+4930123456", put.body["phone"])
	require.Equal(t, `"2"`, put.header.Get("ETag"))
	put = s.call("PUT", "/v1/users/"+ada, `{"name":"Ada L."}`, adas.and("If-Match", `"2"`))
	require.NotContains(t, put.body, "phone")
	s.refused(s.call("PUT", "/v1/users/"+ada, `{}`, adas.and("If-Match", `"3"`)), 422, "validation_failed")
	s.refused(s.call("PUT", "/v1/users/"+ada, `{"name":"A","phone":"1"}`, adas.and("If-Match", `"3"`)), 422, "phone_invalid")
	s.refused(s.call("PUT", "/v1/users/"+ada, `{"name":"A"}`, adas), 428, "if_match_required")
	s.refused(s.call("PUT", "/v1/users/"+ada, `{"name":"A"}`, bobs.and("If-Match", `"3"`)), 404, "user_not_found")
}

func TestAdminsListUsersAndGiveRoles(t *testing.T) {
	s := open(t)
	ada, adas, refresh := s.signedIn("ada@example.com")
	s.signedIn("bob@example.com")
	rootID, roots := s.root()
	s.refused(s.call("GET", "/v1/users", "", adas), 403, "forbidden")

	page := s.call("GET", "/v1/users?limit=2", "", roots)
	require.Equal(t, 200, page.status, page.raw)
	require.Len(t, page.body["data"], 2)
	next := page.body["next_cursor"].(string)
	require.Contains(t, page.header.Get("Link"), `rel="next"`)
	rest := s.call("GET", "/v1/users?limit=2&cursor="+url.QueryEscape(next), "", roots)
	require.Len(t, rest.body["data"], 1)
	require.NotContains(t, rest.body, "next_cursor")
	s.refused(s.call("GET", "/v1/users?role=admin&cursor="+url.QueryEscape(next), "", roots), 422, "invalid_cursor")
	found := s.call("GET", "/v1/users?q=bob&role=customer&email_verified=false&created_from=2020-01-01T00:00:00Z", "", roots)
	require.Len(t, found.body["data"], 1, found.raw)
	s.refused(s.call("GET", "/v1/users?sort=name", "", roots), 422, "validation_failed")

	s.refused(s.call("PUT", "/v1/users/"+ada+"/role", `{"role":"admin"}`, adas.and("If-Match", `"1"`)), 403, "forbidden")
	s.refused(s.call("PUT", "/v1/users/"+rootID+"/role", `{"role":"customer"}`, roots.and("If-Match", `"1"`)), 409, "last_admin")
	given := s.call("PUT", "/v1/users/"+ada+"/role", `{"role":"admin"}`, roots.and("If-Match", `"1"`))
	require.Equal(t, 200, given.status, given.raw)
	s.deliver()
	s.refused(s.call("GET", "/v1/users", "", adas), 401, "invalid_token")
	require.Eventually(t, func() bool { // a token of the same millisecond is withdrawn as well
		fresh := s.call("POST", "/v1/users/refresh", `{"refresh_token":"`+refresh+`"}`, nil)
		adas["Authorization"] = "Bearer " + fresh.body["access_token"].(string)
		return s.call("GET", "/v1/users", "", adas).status == 200
	}, 30*time.Second, 5*time.Millisecond)
}

func TestPreferencesAndAddressesAreTheOwnersAlone(t *testing.T) {
	s := open(t)
	ada, adas, _ := s.signedIn("ada@example.com")
	_, bobs, _ := s.signedIn("bob@example.com")
	_, roots := s.root()
	wishes, place := "/v1/users/"+ada+"/preferences", "/v1/users/"+ada+"/addresses"
	body := `{"label":"Home","name":"Ada","line1":"Torstraße 1","city":"Berlin","postal_code":"10119","country":"DE"}`
	made := s.call("POST", place, body, adas.and("Idempotency-Key", "k-1"))
	require.Equal(t, 201, made.status, made.raw)
	require.Equal(t, "/api"+place+"/"+made.body["id"].(string), made.header.Get("Location"))
	require.Equal(t, true, made.body["default"])
	require.Equal(t, made.raw, s.call("POST", place, body, adas.and("Idempotency-Key", "k-1")).raw)
	one := place + "/" + made.body["id"].(string)

	read := s.call("GET", wishes, "", adas)
	require.Equal(t, 200, read.status, read.raw)
	require.Equal(t, "en", read.body["locale"])
	set := s.call("PUT", wishes, `{"locale":"de","currency":"CHF","notifications":{"email":true,"sms":false,"push":false}}`, adas.and("If-Match", read.header.Get("ETag")))
	require.Equal(t, 200, set.status, set.raw)
	require.Equal(t, `"2"`, set.header.Get("ETag"))
	s.refused(s.call("PUT", wishes, `{"locale":"fr","currency":"CHF","notifications":{"email":true,"sms":false,"push":false}}`, adas.and("If-Match", `"2"`)), 422, "validation_failed")
	s.refused(s.call("PUT", wishes, `{"locale":"de","currency":"XXX","notifications":{"email":true,"sms":false,"push":false}}`, adas.and("If-Match", `"2"`)), 422, "currency_unknown")

	put := s.call("PUT", one, strings.Replace(body, "Home", "Work", 1), adas.and("If-Match", `"1"`))
	require.Equal(t, 200, put.status, put.raw)
	s.refused(s.call("PUT", one, body, adas.and("If-Match", `"1"`)), 412, "address_changed")
	s.refused(s.call("POST", place, strings.Replace(body, "DE", "de", 1), adas), 422, "validation_failed")
	require.Len(t, s.call("GET", place, "", adas).body["data"], 1)
	require.Equal(t, "Work", s.call("GET", one, "", adas).body["label"])
	for _, others := range []headers{bobs, roots} {
		s.refused(s.call("GET", wishes, "", others), 404, "user_not_found")
		s.refused(s.call("GET", place, "", others), 404, "user_not_found")
		s.refused(s.call("POST", place, body, others), 404, "user_not_found")
		s.refused(s.call("GET", one, "", others), 404, "user_not_found")
		s.refused(s.call("DELETE", one, "", others), 404, "user_not_found")
	}
	require.Equal(t, 204, s.call("DELETE", one, "", adas).status)
	s.refused(s.call("DELETE", one, "", adas), 404, "address_not_found")
}

func TestAnAPIKeyDoesWhatItWasMadeFor(t *testing.T) {
	s := open(t)
	ada, adas, _ := s.signedIn("ada@example.com")
	_, roots := s.root()
	s.refused(s.call("POST", "/v1/api-keys", `{"name":"k","scopes":["users:read"]}`, adas), 403, "forbidden")
	s.refused(s.call("POST", "/v1/api-keys", `{"name":"k","scopes":[]}`, roots), 422, "validation_failed")
	s.refused(s.call("POST", "/v1/api-keys", `{"name":"k","scopes":["users"]}`, roots), 422, "api_key_invalid")
	made := s.call("POST", "/v1/api-keys", `{"name":"Reader","scopes":["users:read"]}`, roots)
	require.Equal(t, 201, made.status, made.raw)
	list := s.call("GET", "/v1/api-keys", "", roots)
	require.Len(t, list.body["data"], 1)
	require.NotContains(t, list.raw, made.body["key"])

	token, err := s.svc.VerifyAPIKey(t.Context(), user.VerifyAPIKeyInput{Key: made.body["key"].(string)})
	require.NoError(t, err)
	program := headers{"Authorization": "Bearer " + token.AccessToken}
	require.Equal(t, 200, s.call("GET", "/v1/users/"+ada, "", program).status)
	require.Equal(t, 200, s.call("GET", "/v1/users", "", program).status)
	lacking := s.call("PATCH", "/v1/users/"+ada, `{"name":"A"}`, program.and("If-Match", `"1"`))
	s.refused(lacking, 403, "insufficient_scope")
	require.Equal(t, "users:write", lacking.body["scope"])
	s.refused(s.call("GET", "/v1/api-keys", "", program), 403, "people_only")
	s.refused(s.call("POST", "/v1/api-keys", `{"name":"k","scopes":["users:write"]}`, program), 403, "people_only")
	s.refused(s.call("DELETE", "/v1/users/"+ada, "", program), 403, "people_only")

	path := "/v1/api-keys/" + made.body["id"].(string)
	require.Equal(t, 204, s.call("DELETE", path, "", roots).status)
	require.Equal(t, 204, s.call("DELETE", path, "", roots).status)
	s.refused(s.call("DELETE", "/v1/api-keys/"+nobody, "", roots), 404, "api_key_not_found")
	s.deliver()
	s.refused(s.call("GET", "/v1/users/"+ada, "", program), 401, "invalid_token")
}

func TestErasureBeginsAndKeepsEverybodyOut(t *testing.T) {
	s := open(t)
	ada, adas, _ := s.signedIn("ada@example.com")
	bob, bobs, _ := s.signedIn("bob@example.com")
	rootID, roots := s.root()
	s.refused(s.call("DELETE", "/v1/users/"+ada, "", bobs), 404, "user_not_found")
	s.refused(s.call("DELETE", "/v1/users/"+rootID, "", roots), 409, "last_admin")
	s.refused(s.call("DELETE", "/v1/users/"+nobody, "", roots), 404, "user_not_found")
	given := s.call("PUT", "/v1/users/"+bob+"/role", `{"role":"support"}`, roots.and("If-Match", `"1"`))
	require.Equal(t, 200, given.status, given.raw)
	in := s.call("POST", "/v1/users/login", `{"email":"bob@example.com","password":"correct horse"}`, nil)
	supports := headers{"Authorization": "Bearer " + in.body["access_token"].(string)}
	s.refused(s.call("DELETE", "/v1/users/"+ada, "", supports), 403, "forbidden")
	require.Empty(t, s.erasing)

	s.engine = fault.New(fault.Unavailable, "erasure_unavailable", "Not now.")
	s.refused(s.call("DELETE", "/v1/users/"+ada, "", adas), 503, "erasure_unavailable")
	s.deliver()
	require.Equal(t, 200, s.call("GET", "/v1/users/"+ada, "", adas).status, "nobody is kept out of what was not begun")
	s.engine, s.erasing = nil, nil

	asked := s.call("DELETE", "/v1/users/"+ada, "", adas)
	require.Equal(t, 202, asked.status, asked.raw)
	require.Equal(t, map[string]any{"user_id": ada, "status": "erasing"}, asked.body)
	require.Equal(t, []uuid.UUID{uuid.MustParse(ada)}, s.erasing)
	s.deliver()
	s.refused(s.call("GET", "/v1/users/"+ada, "", adas), 401, "invalid_token")
	s.refused(s.call("POST", "/v1/users/login", `{"email":"ada@example.com","password":"correct horse"}`, nil), 401, "bad_credentials")
	require.Equal(t, 202, s.call("DELETE", "/v1/users/"+bob, "", roots).status)
	_, err := s.pool.Exec(t.Context(), "UPDATE users SET erasure_requested_at = now() - interval '11 minutes' WHERE id = $1", ada)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	again := make(chan uuid.UUID, 9)
	erase := func(_ context.Context, id uuid.UUID) error { again <- id; stop(); return nil }
	require.NoError(t, userapi.KeepErasing(s.svc, erase, func(err error) { t.Error(err) })(ctx))
	require.Equal(t, uuid.MustParse(ada), <-again, "its saga may be lost")
	require.Empty(t, again, "the other one has only begun")
}
