package e2e

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// spoiling changes a request. certainly says that no operation may take it then;
// otherwise the document decides.
type spoiling struct {
	name      string
	certainly bool
	spoil     func(t *rapid.T, on *attempt)
}

// misfits may be anywhere in a document, and fit hardly anywhere.
var misfits = []any{
	nil, true, false, int64(-1), int64(0), raw("1.5"), raw("1e30"), raw("-1e-30"), raw("9223372036854775807"), raw("9223372036854775808"), raw("-9223372036854775809"),
	raw(strings.Repeat("9", 400)), "", canary, "2", "true", "null",
	[]any{},
	[]any{nil},
	map[string]any{},
	map[string]any{"surprise": canary},
	strings.Repeat(canary, 5041), // 64 KiB
	[]any{[]any{[]any{canary}}},
	"0199f3c2-0000-7000-8000-00000000000", "{0199f3c2-0000-7000-8000-000000000002}", "2026-02-30", "24:00",
}

// broken may be nowhere in a document.
var broken = []raw{
	"NaN", "Infinity", "-", "01", "+1", "0x10", "1_0", "'a'", "undefined", `"` + canary, `"a\u0000b"`, `"a\ud800b"`, `"\udc00\ud800"`, "\"a\xffb\"", "\"\xc0\xaf\"", "\"a\x00b\"", "\"a\nb\"",
	`"\x41"`, "/* */1", "[1,]", `{"a":1,}`, `{"a":1,"a":2}`, `"a\u001b[2Jb"`, "\"\xed\xa0\x80\"",
}

// spoilings of a body in JSON.
var bodySpoilings = []spoiling{
	{"a misfit", false, func(t *rapid.T, on *attempt) {
		if all := places(on.body, ""); len(all) > 0 {
			rapid.SampledFrom(all).Draw(t, "where").set(rapid.SampledFrom(misfits).Draw(t, "misfit"))
		}
	}},
	{"no document", false, func(t *rapid.T, on *attempt) { on.body = rapid.SampledFrom(misfits).Draw(t, "misfit") }},
	{"a member less", false, func(t *rapid.T, on *attempt) {
		if members, is := on.body.(map[string]any); is && len(members) > 0 {
			delete(members, rapid.SampledFrom(names(members)).Draw(t, "which"))
		}
	}},
	{"a member unknown", true, func(t *rapid.T, on *attempt) {
		on.member(rapid.SampledFrom([]string{"surprise", "__proto__", "$schema", "user_id_", "role ", "ıd", "amount\u200b", "\u202eelor"}).Draw(t, "which"), canary)
	}},
	{"a member in capitals", true, func(t *rapid.T, on *attempt) {
		if members, is := on.body.(map[string]any); is && len(members) > 0 {
			name := rapid.SampledFrom(names(members)).Draw(t, "which")
			members[strings.ToUpper(name)] = members[name]
		} else {
			on.member("SURPRISE", canary)
		}
	}},
	{"no JSON", true, func(t *rapid.T, on *attempt) {
		bad := rapid.SampledFrom(broken).Draw(t, "broken")
		if all := places(on.body, ""); len(all) > 0 && rapid.Bool().Draw(t, "inside") {
			rapid.SampledFrom(all).Draw(t, "where").set(bad)
		} else {
			on.member("surprise", bad)
		}
	}},
	{"a member twice", true, func(_ *rapid.T, on *attempt) {
		on.said = func(body string) string { return `{"surprise":1,"surprise":1,` + strings.TrimPrefix(body, "{") }
	}},
	{"depth", true, func(_ *rapid.T, on *attempt) {
		on.member("surprise", raw(strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)))
	}},
	{"a crowd", true, func(_ *rapid.T, on *attempt) {
		on.said = func(body string) string { return "{" + crowd(50_000) + strings.TrimPrefix(body, "{") }
	}},
	{"too much", true, func(_ *rapid.T, on *attempt) { on.member("surprise", strings.Repeat("x", 1<<20+1)) }},
	{"half of it", true, func(_ *rapid.T, on *attempt) { on.said = func(body string) string { return body[:len(body)-1] } }},
	{"more than it", true, func(t *rapid.T, on *attempt) {
		more := rapid.SampledFrom([]string{"{}", "]", "null", ",", "\x00", canary}).Draw(t, "more")
		on.said = func(body string) string { return body + more }
	}},
	{"a mark before it", true, func(_ *rapid.T, on *attempt) { on.said = func(body string) string { return "\ufeff" + body } }},
	{"another character set", true, func(_ *rapid.T, on *attempt) {
		on.said = func(body string) string { return string(bytes.Join(bytes.SplitAfter([]byte(body), nil), []byte{0})) }
	}},
	{"another media type", true, func(t *rapid.T, on *attempt) {
		on.header["Content-Type"] = rapid.SampledFrom([]string{
			"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
			"application/json; charset=utf-16", "application/merge-patch+json", "application/", canary, "application/json, application/json",
		}).Draw(t, "type")
	}},
	{"a coding", true, func(t *rapid.T, on *attempt) {
		on.header["Content-Encoding"] = rapid.SampledFrom([]string{"gzip", "br", canary}).Draw(t, "coding")
	}},
}

// addressSpoilings are of what every request has.
var addressSpoilings = []spoiling{
	{"a parameter unknown", true, func(t *rapid.T, on *attempt) {
		on.query = append(on.query, url.QueryEscape(rapid.SampledFrom([]string{"surprise", "LIMIT", "limit[]", "$where", "user_id "}).Draw(t, "name"))+"="+canary)
	}},
	{"a parameter that is none", true, func(t *rapid.T, on *attempt) {
		on.query = append(on.query, rapid.SampledFrom([]string{"%zz", "a=%", "limit=%00", "cursor=%ff", "a;b=1", "surprise=%c0%af", "q=%ed%a0%80"}).Draw(t, "query"))
	}},
	{"a parameter twice", false, func(t *rapid.T, on *attempt) {
		if len(on.query) > 0 {
			on.query = append(on.query, rapid.SampledFrom(on.query).Draw(t, "which"))
		}
	}},
	{"a misfit for a parameter", false, func(t *rapid.T, on *attempt) {
		if len(on.op.parameters) > 0 {
			name := rapid.SampledFrom(on.op.parameters).Draw(t, "which").Name
			on.query = slices.DeleteFunc(on.query, func(q string) bool { return strings.HasPrefix(q, name+"=") })
			on.query = append(on.query, name+"="+url.QueryEscape(rapid.SampledFrom([]string{
				"-1", "0", "1e30", "1.5", "9223372036854775808", canary, "0199f3c2", "null", strings.Repeat("x", 3000),
				"2026-13-01", "' OR 1=1 --", "eyJvIjoxfQ.AAAA", "\u202e", "*", "%",
			}).Draw(t, "misfit")))
		}
	}},
	{"an id that is none", false, func(t *rapid.T, on *attempt) {
		on.path = placeholder.ReplaceAllLiteralString(on.path, rapid.SampledFrom([]string{
			"1", "-1", canary, "null", "..", "%2e%2e", "..%2f..%2fmetrics", "%2e%2e%2f%2e%2e%2finternal", "%00", "%ff", "%27%20OR%201=1",
			"0199f3c2-0000-7000-8000-00000000000", "{id}", "*", strings.Repeat("x", 4000), "%0d%0aX-Injected:%201", "a%2fb", ";x=1", "%E2%80%AE",
		}).Draw(t, "id"))
	}},
	{"credentials of no use", false, func(t *rapid.T, on *attempt) {
		on.token = ""
		on.header["Authorization"] = rapid.SampledFrom([]string{
			"Bearer", "Bearer ", "Bearer " + canarySecret, "Bearer a.b.c", "Basic " + canarySecret, "bearer eyJhbGciOiJub25lIn0.e30.", canarySecret,
			"Bearer " + strings.Repeat("x", 6000),
		}).Draw(t, "authorization")
	}},
	{"a key of no use", false, func(t *rapid.T, on *attempt) {
		on.header["X-Api-Key"] = rapid.SampledFrom([]string{canarySecret, "kassa_" + canarySecret, strings.Repeat("k", 5000), "'--"}).Draw(t, "key")
	}},
	{"a strange header", false, func(t *rapid.T, on *attempt) {
		name := rapid.SampledFrom([]string{
			"Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "X-Cart-Token", "Accept", "X-Request-Id", "Traceparent", "X-Forwarded-For", "X-Http-Method-Override",
			"Last-Event-Id", "Origin", "Range", "Accept-Encoding", "Baggage", "Stripe-Signature", "X-Kassa-Internal-Token", "Forwarded", "Cookie",
		}).Draw(t, "name")
		on.header[name] = rapid.SampledFrom([]string{
			"x", canarySecret, `"`, `"1`, "*", "wait=-1", "wait=999999999999999999999", "respond-async, wait=0", strings.Repeat("k", 300), "\xff\xfe", "00-0-0-00", "a, b, c",
			`W/"1"`, "text/html;q=zz", "bytes=0-", "DELETE", "127.0.0.1", "t=1,v1=00", "\u202e",
		}).Draw(t, "value")
	}},
}

// names are a document's members, in order.
func names(members map[string]any) []string {
	var all []string
	for name := range members {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
