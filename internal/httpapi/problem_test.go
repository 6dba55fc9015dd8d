package httpapi_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

func TestProblemsHaveOneShape(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	const request = "0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11"
	for name, path := range map[string]string{"declined": "sold-out", "unavailable": "down", "internal": "bug"} {
		got := s.post("/v1/mugs/"+path+"/break", "", "X-Request-Id", request, "X-Correlation-Id", "shop:1")
		require.Equal(t, request, got.header.Get("X-Request-Id"))
		require.Equal(t, "shop:1", got.header.Get("X-Correlation-Id"))
		golden(t, "problem_"+name+".json", []byte(got.body))
	}
	invalid := s.post("/v1/mugs", `{"name":"","quantity":0,"price":{"amount":1,"currency":"EUR"}}`, "X-Request-Id", request)
	golden(t, "problem_invalid.json", []byte(invalid.body))
	require.Equal(t, http.StatusNoContent, s.post("/v1/mugs/gently/break", "").status)
}

func TestEveryAnswerIsHardened(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, r := range []request{{method: "GET", path: "/v1/mugs"}, {method: "GET", path: "/nothing"}, {method: "PUT", path: "/v1/mugs"}, {method: "POST", path: "/v1/mugs", body: "{"}} {
		got := s.do(r)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			require.Equal(t, want, got.header.Get(name), r.path)
		}
		_, err := uuid.Parse(got.header.Get("X-Request-Id"))
		require.NoError(t, err)
		require.Equal(t, got.header.Get("X-Request-Id"), got.header.Get("X-Correlation-Id"))
	}
	forged := s.do(request{method: "GET", path: "/v1/mugs", header: map[string]string{"X-Request-Id": "x y", "X-Correlation-Id": "<script>"}})
	require.NotContains(t, forged.header.Get("X-Correlation-Id"), "<")
}

func TestAPanicIsAProblemWithoutItsText(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	got := s.do(request{method: "GET", path: "/v1/mugs/" + uuid.NewString(), header: map[string]string{"Authorization": "Bearer " + s.issuer.Token(uuid.New(), identity.Admin)}})
	require.Equal(t, http.StatusInternalServerError, got.status)
	require.Equal(t, "internal", got.problem(t).Code)
	require.NotContains(t, got.body, "kiln")
}

func TestAccess(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	read := "/v1/mugs/" + uuid.NewString()
	for name, c := range map[string]struct {
		role   identity.Role
		status int
		code   string
	}{
		"nobody":   {"", 401, "unauthenticated"},
		"customer": {identity.Customer, 403, "forbidden"},
		"support":  {identity.Support, 500, "internal"}, // it may, and the operation panics
	} {
		header := map[string]string{}
		if c.role != "" {
			header["Authorization"] = "Bearer " + s.issuer.Token(uuid.New(), c.role)
		}
		got := s.do(request{method: "GET", path: read, header: header})
		require.Equal(t, c.status, got.status, name)
		require.Equal(t, c.code, got.problem(t).Code, name)
		require.Equal(t, c.status == 401, got.header.Get("WWW-Authenticate") != "", name)
	}
}

func TestConditionalChanges(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	path := "/v1/mugs/" + uuid.NewString()
	for sent, want := range map[string]struct {
		status int
		code   string
	}{
		"":         {428, "if_match_required"},
		`"7"`:      {200, ""},
		`"6"`:      {412, "stale"},
		`7`:        {400, "if_match_malformed"},
		`W/"7"`:    {400, "if_match_malformed"},
		`*`:        {400, "if_match_malformed"},
		`"7", "8"`: {400, "if_match_malformed"},
		`"07"`:     {400, "if_match_malformed"},
		`"-7"`:     {400, "if_match_malformed"},
	} {
		got := s.do(request{method: "PUT", path: path, body: goodMug, header: map[string]string{"If-Match": sent, "Authorization": "Bearer " + s.issuer.Token(uuid.New(), identity.Admin)}})
		require.Equal(t, want.status, got.status, "%s: %s", sent, got.body)
		if want.code == "" {
			require.Equal(t, `"8"`, got.header.Get("ETag"))
			continue
		}
		p := got.problem(t)
		require.Equal(t, want.code, p.Code)
		if want.code == "stale" {
			require.Equal(t, map[string]any{"current_version": 7.0}, p.Details)
		}
	}
}

func TestListsAreNeverNullAndLinkToTheNextPage(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	first := s.do(request{method: "GET", path: "/v1/mugs?limit=5"})
	require.Equal(t, http.StatusOK, first.status, first.body)
	var page httpapi.Page[Mug]
	require.NoError(t, json.Unmarshal([]byte(first.body), &page))
	require.Contains(t, first.body, `"data":[]`)
	require.Equal(t, `</api/v1/mugs?cursor=`+page.NextCursor+`&limit=5>; rel="next"`, first.header.Get("Link"))
	require.Equal(t, http.StatusOK, s.do(request{method: "GET", path: "/v1/mugs?limit=5&cursor=" + page.NextCursor}).status)
}

func TestAFaultSurvivesTheWay(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	got := s.post("/v1/mugs/sold-out/break", "")
	f := httpapi.ProblemToFault(got.status, []byte(got.body))
	require.ErrorIs(t, f, errSoldOut)
	require.Equal(t, fault.Declined, f.Code)
	require.Equal(t, errSoldOut.Message, f.Message)
	require.Equal(t, map[string]any{"lines": []any{"a"}}, f.Details)

	require.ErrorIs(t, httpapi.ProblemToFault(502, []byte("<html>bad gateway</html>")), fault.ErrUnavailable)
	require.Equal(t, fault.NotFound, httpapi.ProblemToFault(404, nil).Code)
	require.Equal(t, fault.Invalid, httpapi.ProblemToFault(415, nil).Code)
	require.Equal(t, fault.Unavailable, httpapi.ProblemToFault(200, nil).Code)
}

func TestWait(t *testing.T) {
	t.Parallel()
	for prefer, want := range map[string]time.Duration{
		"": 10 * time.Second, "wait=0": 0, "wait=5": 5 * time.Second, "wait=31": 30 * time.Second, "wait=99999999999999999999": 10 * time.Second,
		"respond-async": 0, "respond-async, wait=10": 0, "return=minimal; x, wait=3": 3 * time.Second, "Wait = 4": 4 * time.Second, "wait=-1": 10 * time.Second, "wait": 10 * time.Second,
	} {
		require.Equal(t, want, httpapi.Wait(prefer, 10*time.Second), "%q", prefer)
	}
}

func TestTheDocumentSaysWhatCanHappen(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	document, err := s.api.OpenAPI().MarshalJSON()
	require.NoError(t, err)
	golden(t, "openapi.json", document)
}
