package httpapi_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/pgtest"
)

// canary must not come back, whatever is sent.
const canary = "hunter2-correct-horse"

func with(member, value string) string {
	fields := map[string]string{
		"id": `"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11"`, "name": `"Mug"`, "quantity": "2", "price": `{"amount":1,"currency":"EUR"}`,
	}
	fields[member] = value
	var parts []string
	for _, name := range []string{"id", "name", "quantity", "price", member} {
		if v, ok := fields[name]; ok {
			parts = append(parts, `"`+name+`":`+v)
			delete(fields, name)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestHostileBodiesAreRefusedWithoutAnEcho(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, os.DirFS("testdata/migrations"))
	s := open(t, pool)
	members := make([]string, 8000)
	for i := range members {
		members[i] = fmt.Sprintf(`"m%d":%d`, i, i)
	}
	t.Run("each", func(t *testing.T) {
		for name, c := range map[string]struct {
			body   string
			header []string
			status int
			code   string // of the problem
			first  string // pointer and code of the first field error
		}{
			"wrong type":             {body: with("name", `7`), status: 422, code: "validation_failed", first: "#/name type"},
			"object for a string":    {body: with("name", `{"`+canary+`":1}`), status: 422, first: "#/name type"},
			"object for an enum":     {body: with("size", `{}`), status: 422, first: "#/size type"},
			"wrong casing":           {body: `{"id":"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11","name":"x","quantity":1,"QUANTITY":-5,"price":{"amount":1,"currency":"EUR"}}`, status: 422, first: "#/QUANTITY unknown_member"},
			"only the wrong casing":  {body: `{"ID":"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11","name":"x","quantity":1,"price":{"amount":1,"currency":"EUR"}}`, status: 422, first: "#/id required"},
			"duplicate member":       {body: `{"name":"x","name":"` + canary + `"}`, status: 400, code: "malformed_body", first: "#/name duplicate_member"},
			"duplicate by escape":    {body: `{"name":"x","n\u0061me":"y"}`, status: 400, first: "#/name duplicate_member"},
			"unknown member":         {body: with("password", `"`+canary+`"`), status: 422, first: "#/password unknown_member"},
			"null member":            {body: with("name", `null`), status: 422, first: "#/name type"},
			"null body":              {body: `null`, status: 422, first: "# type"},
			"array body":             {body: `[]`, status: 422, first: "# type"},
			"empty object":           {body: `{}`, status: 422, first: "#/id required"},
			"blank body":             {body: "  \n", status: 400, code: "body_required"},
			"truncated":              {body: `{"name":"` + canary, status: 400, first: "#/name malformed_json"},
			"two documents":          {body: goodMug + goodMug, status: 400, first: "# malformed_json"},
			"trailing text":          {body: goodMug + "x", status: 400, first: "# malformed_json"},
			"comment":                {body: "/*x*/" + goodMug, status: 400, first: "# malformed_json"},
			"NaN":                    {body: with("quantity", `NaN`), status: 400, first: "#/quantity malformed_json"},
			"deep array":             {body: with("labels", strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)), status: 400, first: "# too_deep"},
			"deep object":            {body: strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), status: 400, first: "# too_deep"},
			"too many members":       {body: "{" + strings.Join(members, ",") + "}", status: 422},
			"1 MiB":                  {body: with("name", `"`+strings.Repeat("a", 1<<20)+`"`), status: 413, code: "body_too_large"},
			"64 KiB name":            {body: with("name", `"`+strings.Repeat("a", 64<<10)+`"`), status: 422, first: "#/name too_long"},
			"1e30":                   {body: with("quantity", `1e30`), status: 422, first: "#/quantity too_large"},
			"2^63 as an amount":      {body: with("price", `{"amount":9223372036854775808,"currency":"EUR"}`), status: 422, first: "#/price/amount out_of_range"},
			"exponent":               {body: with("quantity", `1e1`), status: 422, first: "#/quantity out_of_range"},
			"-1":                     {body: with("quantity", `-1`), status: 422, first: "#/quantity too_small"},
			"0":                      {body: with("quantity", `0`), status: 422, first: "#/quantity too_small"},
			"1.5":                    {body: with("quantity", `1.5`), status: 422, first: "#/quantity type"},
			"number as text":         {body: with("quantity", `"2"`), status: 422, first: "#/quantity type"},
			"currency":               {body: with("price", `{"amount":1,"currency":"eur"}`), status: 422, first: "#/price/currency format"},
			"enum":                   {body: with("size", `"`+canary+`"`), status: 422, first: "#/size not_allowed"},
			"e-mail":                 {body: with("email", `"`+canary+`"`), status: 422, first: "#/email format"},
			"bad id":                 {body: with("id", `"`+canary+`"`), status: 422, first: "#/id too_short"},
			"id with braces":         {body: with("id", `"{0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11}"`), status: 422, first: "#/id too_long"},
			"id as urn":              {body: with("id", `"urn:uuid:0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11"`), status: 422, first: "#/id too_long"},
			"NUL":                    {body: with("name", `"a\u0000b"`), status: 400, first: "# control_character"},
			"escape character":       {body: with("name", `"a\u001Bb"`), status: 400, first: "# control_character"},
			"C1 control":             {body: with("name", "\"a\u0085b\""), status: 400, first: "# control_character"},
			"raw control":            {body: with("name", "\"a\x01b\""), status: 400, first: "# control_character"},
			"backspace":              {body: with("name", `"a\bb"`), status: 400, first: "# control_character"},
			"lone surrogate":         {body: with("name", `"a\ud800b"`), status: 400, first: "#/name malformed_json"},
			"bad UTF-8":              {body: with("name", "\"a\xffb\""), status: 400, first: "#/name malformed_json"},
			"too many labels":        {body: with("labels", `["a","b","c","d","e","f"]`), status: 422, first: "#/labels too_many"},
			"no media type":          {body: goodMug, header: []string{"Content-Type", ""}, status: 415, code: "unsupported_media_type"},
			"form":                   {body: goodMug, header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415},
			"text":                   {body: goodMug, header: []string{"Content-Type", "text/plain"}, status: 415},
			"other JSON":             {body: goodMug, header: []string{"Content-Type", "application/merge-patch+json"}, status: 415},
			"other character set":    {body: goodMug, header: []string{"Content-Type", "application/json; charset=utf-16"}, status: 415},
			"malformed media type":   {body: goodMug, header: []string{"Content-Type", "application/json; charset"}, status: 415},
			"compressed":             {body: goodMug, header: []string{"Content-Encoding", "gzip"}, status: 415, code: "content_encoding"},
			"key with control":       {body: goodMug, header: []string{"Idempotency-Key", strings.Repeat("k", 256)}, status: 400, code: "idempotency_key_malformed"},
			"malformed bearer":       {body: goodMug, header: []string{"Authorization", "Bearer " + canary}, status: 401, code: "invalid_token"},
			"basic authentication":   {body: goodMug, header: []string{"Authorization", "Basic aHVudGVyMg=="}, status: 401, code: "invalid_token"},
			"member name with slash": {body: with("a/b~c", `1`), status: 422, first: "#/a~1b~0c unknown_member"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				header := append([]string{"Idempotency-Key", uuid.NewString()}, c.header...)
				start := time.Now()
				got := s.post("/v1/mugs", c.body, header...)
				took := time.Since(start)
				require.Equal(t, c.status, got.status, got.body)
				require.NotContains(t, got.body, canary)
				require.Less(t, took, 20*time.Second) // generous: many run at once
				p := got.problem(t)
				if c.code != "" {
					require.Equal(t, c.code, p.Code)
				}
				if c.first != "" {
					require.NotEmpty(t, p.Errors)
					require.Equal(t, c.first, p.Errors[0].Pointer+" "+p.Errors[0].Code)
				}
				require.LessOrEqual(t, len(p.Errors), 20)
			})
		}
	})
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM idempotency_keys").Scan(&rows))
	require.Zero(t, rows, "a refused request must not take its key")
}

func TestTextThatIsOnlyUnusualIsTaken(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, name := range []string{
		`'; DROP TABLE mugs; --`, `{{7*7}} ${jndi:ldap://x}`, `<script>alert(1)</script>`, "\u202eright to left", `../../etc/passwd`, "tab\\tand\\nline", "😀", `a\\u0000b`,
	} {
		got := s.post("/v1/mugs", with("name", `"`+name+`"`))
		require.Equal(t, http.StatusCreated, got.status, got.body)
	}
}

func TestHostileAddresses(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	support := s.issuer.Token(uuid.New(), identity.Support)
	cursor := httpapi.NewCursors("test").Sign("list-mugs", 20)
	for name, c := range map[string]struct {
		method, path string
		status       int
		code         string
	}{
		"unknown parameter":     {"GET", "/v1/mugs?colour=" + canary, 422, "validation_failed"},
		"repeated parameter":    {"GET", "/v1/mugs?limit=1&limit=2", 422, "validation_failed"},
		"limit too large":       {"GET", "/v1/mugs?limit=101", 422, "validation_failed"},
		"limit of words":        {"GET", "/v1/mugs?limit=" + canary, 422, "validation_failed"},
		"limit out of range":    {"GET", "/v1/mugs?limit=99999999999999999999", 422, "validation_failed"},
		"bad escape":            {"GET", "/v1/mugs?limit=%zz", 400, "malformed_request"},
		"NUL in the query":      {"GET", "/v1/mugs?cursor=%00", 400, "malformed_request"},
		"bad UTF-8":             {"GET", "/v1/mugs?cursor=%ff", 400, "malformed_request"},
		"NUL in the path":       {"GET", "/v1/mugs/%00", 400, "malformed_request"},
		"tampered cursor":       {"GET", "/v1/mugs?cursor=" + cursor[:len(cursor)-2] + "AA", 422, "invalid_cursor"},
		"unsigned cursor":       {"GET", "/v1/mugs?cursor=MjA", 422, "invalid_cursor"},
		"another list's cursor": {"GET", "/v1/mugs?cursor=" + httpapi.NewCursors("test").Sign("list-orders", 20), 422, "invalid_cursor"},
		"endless cursor":        {"GET", "/v1/mugs?cursor=" + strings.Repeat("A", 5000), 422, "invalid_cursor"},
		"bad id":                {"GET", "/v1/mugs/" + canary, 422, "validation_failed"},
		"traversal":             {"GET", "/v1/mugs/../orders", 404, "not_found"},
		"escaped traversal":     {"GET", "/v1/mugs/..%2f..%2fetc%2fpasswd", 422, "validation_failed"},
		"double slash":          {"GET", "//v1/mugs", 404, "not_found"},
		"nothing there":         {"GET", "/v1/nothing", 404, "not_found"},
		"trailing slash":        {"GET", "/v1/mugs/", 404, "not_found"},
		"wrong method":          {"DELETE", "/v1/mugs", 405, "method_not_allowed"},
		"made-up method":        {"BREW", "/v1/mugs", 405, "method_not_allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.do(request{method: c.method, path: c.path, header: map[string]string{"Authorization": "Bearer " + support}})
			require.Equal(t, c.status, got.status, got.body)
			require.Equal(t, c.code, got.problem(t).Code)
			require.NotContains(t, got.body, canary)
			if c.status == http.StatusMethodNotAllowed {
				require.Equal(t, "GET, HEAD, POST", got.header.Get("Allow"))
			}
		})
	}
}
