package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/operations"
	"kassa/internal/process"
	"kassa/internal/ratelimit"
)

// played is a service that answers some paths, and 404 to all others.
func played(t testing.TB, answers map[string]http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, answer := range answers {
		mux.HandleFunc(path, answer)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// shop is a gateway in front of services that say what a dashboard needs.
func shop(t testing.TB, user uuid.UUID, change func(*gateway.Options)) *edge {
	account := fmt.Sprintf(`{"id":%q,"name":"Ada","email":"ada@example.org","created_at":"2026-01-03T08:00:00Z","role":"customer"}`, user)
	order := fmt.Sprintf(`{"id":%q,"number":"K-1","status":"confirmed","payment_status":"captured","total":{"amount":100,"currency":"EUR"},"created_at":"2026-01-03T08:00:00Z","lines":[]}`, id.New())
	return open(t, func(o *gateway.Options) {
		o.Services["user"] = []string{played(t, map[string]http.HandlerFunc{"/v1/users/" + user.String(): says(200, account)})}
		o.Services["order"] = []string{played(t, map[string]http.HandlerFunc{"/v1/users/" + user.String() + "/orders": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("limit") != "5" || r.Header.Get("Authorization") == "" {
				w.WriteHeader(http.StatusTeapot)
			}
			says(200, `{"data":[`+order+`]}`)(w, r)
		}})}
		o.Services["analytics"] = []string{played(t, map[string]http.HandlerFunc{
			"/internal/operations/ListRecommendations": says(200, fmt.Sprintf(`{"products":[{"product_id":%q,"reason":"popular","orders":3}]}`, id.New())),
		})}
		if change != nil {
			change(o)
		}
		o.Caller = operations.NewCaller(operations.CallerOptions{Token: "secret", URLs: o.Services})
	})
}

func (e *edge) as(user uuid.UUID, role identity.Role) headers {
	return headers{"Authorization": "Bearer " + e.issuer.Token(user, role)}
}

func TestADashboardPutsTheCustomersPartsTogether(t *testing.T) {
	user := id.New()
	e := shop(t, user, nil)
	for who, h := range map[string]headers{"the customer": e.as(user, identity.Customer), "support": e.as(id.New(), identity.Support)} {
		a := e.call("GET", "/api/v1/dashboard/"+user.String(), "", h)
		require.Equal(t, 200, a.status, "%s: %s", who, a.raw)
		require.Equal(t, "Ada", a.body["user"].(map[string]any)["name"])
		require.NotContains(t, a.body["user"], "role", "only what is shown")
		require.Equal(t, "K-1", a.body["orders"].([]any)[0].(map[string]any)["number"])
		require.Len(t, a.body["recommendations"], 1)
		require.Equal(t, []any{}, a.body["warnings"])
	}
	e.refused(e.call("GET", "/api/v1/dashboard/"+user.String(), "", e.as(id.New(), identity.Customer)), 404, "user_not_found")
	e.refused(e.call("GET", "/api/v1/dashboard/"+user.String(), "", nil), 401, "unauthenticated")
	e.refused(e.call("GET", "/api/v1/dashboard/1", "", e.as(user, identity.Customer)), 422, "validation_failed")
	nobody := id.New()
	e.refused(e.call("GET", "/api/v1/dashboard/"+nobody.String(), "", e.as(nobody, identity.Customer)), 404, "user_not_found")
}

func TestAPartThatIsDownIsNullWithAWarning(t *testing.T) {
	t.Cleanup(gateway.SetPartWait(time.Second))
	user := id.New()
	hung := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for part, change := range map[string]func(o *gateway.Options){
		"user": func(o *gateway.Options) { o.Services["user"] = []string{"http://127.0.0.1:1"} },
		"orders": func(o *gateway.Options) {
			o.Services["order"] = []string{played(t, map[string]http.HandlerFunc{"/": hung})}
		},
		"recommendations": func(o *gateway.Options) {
			o.Services["analytics"] = []string{played(t, map[string]http.HandlerFunc{"/": says(500, "{}")})}
		},
	} {
		e := shop(t, user, change)
		begin := time.Now()
		a := e.call("GET", "/api/v1/dashboard/"+user.String(), "", e.as(user, identity.Customer))
		require.Equal(t, 200, a.status, a.raw)
		require.Less(t, time.Since(begin), 5*time.Second)
		for _, each := range []string{"user", "orders", "recommendations"} {
			require.Equal(t, each == part, a.body[each] == nil, "%s without %s: %s", each, part, a.raw)
		}
		require.Len(t, a.body["warnings"], 1)
		warning := a.body["warnings"].([]any)[0].(map[string]any)
		require.Equal(t, []any{part, "unavailable"}, []any{warning["part"], warning["code"]})
	}
}

func TestTheServicesSayHowTheyAre(t *testing.T) {
	document, err := json.Marshal(process.Status{
		State:   process.State{Service: "order", Status: "ready", Checks: map[string]string{"database": "ok"}},
		Version: "abc", StartedAt: time.Now(), TaskQueue: &process.TaskQueue{Name: "order", Backlog: 7, Pollers: 2},
	})
	require.NoError(t, err)
	e := open(t, func(o *gateway.Options) {
		o.Services["order"] = []string{played(t, map[string]http.HandlerFunc{"/status": says(200, string(document))}), "http://127.0.0.1:1"}
	})
	a := e.call("GET", "/api/v1/services", "", e.as(id.New(), identity.Admin))
	require.Equal(t, 200, a.status, a.raw)
	require.Len(t, a.body["data"], len(services))
	for _, each := range a.body["data"].([]any) {
		service := each.(map[string]any)
		if service["name"] != "order" {
			require.Equal(t, "down", service["status"])
			continue
		}
		require.Equal(t, "partial", service["status"])
		require.Equal(t, map[string]any{"name": "order", "backlog": 7.0, "oldest_seconds": 0.0, "pollers": 2.0}, service["task_queue"])
		first, second := service["instances"].([]any)[0].(map[string]any), service["instances"].([]any)[1].(map[string]any)
		require.Equal(t, []any{"ready", "abc", "closed"}, []any{first["status"], first["version"], first["breaker"]})
		require.Equal(t, "down", second["status"])
	}
	e.refused(e.call("GET", "/api/v1/services", "", e.as(id.New(), identity.Support)), 403, "forbidden")
	e.refused(e.call("GET", "/api/v1/services", "", nil), 401, "unauthenticated")
}

func TestAnAPIKeyIsExchangedForAToken(t *testing.T) {
	var asked atomic.Int64
	var e *edge
	robot := id.New()
	e = open(t, func(o *gateway.Options) {
		echoing(t)(o)
		o.Services["order"] = []string{upstream(t, "order").URL}
		o.Limits = append(slices.Clone(generous), ratelimit.Policy{Name: "api-key", Quota: 4, Window: time.Hour})
		keys := played(t, map[string]http.HandlerFunc{"/internal/operations/VerifyAPIKey": func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			var in struct{ Key string }
			_ = json.NewDecoder(r.Body).Decode(&in)
			if in.Key != "good" {
				says(401, `{"code":"invalid_api_key","detail":"no","fault":"unauthenticated"}`)(w, r)
				return
			}
			token := e.issuer.Token(robot, identity.Admin)
			says(200, fmt.Sprintf(`{"access_token":%q,"expires_at":%q}`, token, time.Now().Add(time.Minute).Format(time.RFC3339)))(w, r)
		}})
		o.Caller = operations.NewCaller(operations.CallerOptions{Token: "secret", URLs: map[string][]string{"user": {keys}}})
	})
	for range 3 {
		a := e.call("GET", "/api/v1/orders", "", headers{"X-API-Key": "good"})
		require.Equal(t, 200, a.status, a.raw)
		require.NotContains(t, a.raw, "good", "the key itself goes no further")
		require.Contains(t, strings.ToLower(a.raw), "bearer")
	}
	require.Equal(t, int64(1), asked.Load(), "it is remembered for a moment")
	require.Equal(t, 200, e.call("GET", "/api/v1/services", "", headers{"X-API-Key": "good"}).status)

	e.refused(e.call("GET", "/api/v1/orders", "", headers{"X-API-Key": "bad"}), 401, "invalid_api_key")
	e.refused(e.call("GET", "/api/v1/orders", "", headers{"X-API-Key": strings.Repeat("x", 300)}), 401, "invalid_api_key")
	for range 2 {
		e.call("GET", "/api/v1/orders", "", headers{"X-API-Key": "a guess"})
	}
	before := asked.Load()
	told := e.call("GET", "/api/v1/orders", "", headers{"X-API-Key": "one guess more"})
	e.refused(told, 429, "rate_limited")
	require.NotEmpty(t, told.header.Get("Retry-After"))
	require.Equal(t, before, asked.Load(), "nobody is asked about it")
	require.Equal(t, 200, e.call("GET", "/api/v1/orders", "", headers{"X-API-Key": "good"}).status, "a good key is known")
	both := e.as(robot, identity.Admin)
	both["X-API-Key"] = "good"
	e.refused(e.call("GET", "/api/v1/orders", "", both), 400, "two_identities")

	out := open(t, func(o *gateway.Options) {
		o.Caller = operations.NewCaller(operations.CallerOptions{URLs: map[string][]string{"user": {"http://127.0.0.1:1"}}})
	})
	out.refused(out.call("GET", "/api/v1/orders", "", headers{"X-API-Key": "good"}), 503, "unavailable")
}

func TestWhatNobodyHereAnswersGoesToTheOldShop(t *testing.T) {
	old := played(t, map[string]http.HandlerFunc{"/api/v1/wishlists": says(200, `{"service":"old"}`)})
	with := func(o *gateway.Options) { echoing(t)(o); o.LegacyURL = old }
	e := open(t, with)
	a := e.call("GET", "/api/v1/wishlists", "", headers{"Authorization": "Basic of-its-own"})
	require.Equal(t, "old", a.body["service"], a.raw)
	require.Equal(t, "order", e.call("GET", "/api/v1/orders", "", nil).body["service"], "what is ours stays ours")
	require.Equal(t, 404, e.call("GET", "/metrics", "", nil).status)
	require.Equal(t, 404, open(t, echoing(t)).call("GET", "/api/v1/wishlists", "", nil).status)
}

func TestACartTokenPassesBothWays(t *testing.T) {
	e := open(t, func(o *gateway.Options) {
		echoing(t)(o)
		o.Services["order"] = []string{played(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Cart-Token", r.Header.Get("X-Cart-Token")+"+1")
			says(200, "{}")(w, r)
		}})}
	})
	require.Equal(t, "a+1", e.call("POST", "/api/v1/checkout", "", headers{"X-Cart-Token": "a", "Idempotency-Key": "k"}).header.Get("X-Cart-Token"))
}
