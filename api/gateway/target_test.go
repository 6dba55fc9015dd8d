package gateway_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kassa/api/gateway"
)

// odd is a gateway in front of services and an old shop that keeps the sign-in, and
// counts what reaches any of them.
func odd(t *testing.T) (e *edge, reached *atomic.Int64) {
	t.Helper()
	reached = &atomic.Int64{}
	anybody := played(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		says(200, "{}")(w, r)
	}})
	shares, err := gateway.ParseLegacyShares([]string{"/v1/users=100", "/v1/products=100"})
	require.NoError(t, err)
	return open(t, func(o *gateway.Options) {
		for _, name := range services {
			o.Services[name] = []string{anybody}
		}
		o.LegacyURL, o.Legacy, o.SignIns = anybody, shares, []string{"/v1/account/login"}
	}), reached
}

func TestAnAddressHasOneSpelling(t *testing.T) {
	e, reached := odd(t)
	for _, below := range []string{"/api/v1/orders", "/api/v1/products", "/api/v1/account", "/docs"} { // ours, shared, the old shop's, the gateway's
		for _, target := range []string{
			"%/a%2Fb", "%/a%2fb", "%%2flogin", "%/a%5Cb", "%/a%5cb", `%/a\b`, "%/..%2f..%2fadmin", "%/..%5cadmin",
			"%/../admin", "%/./a", "%/..", "%/%2e%2e/admin", "%/%2E/a", "%/.%2e", "%/..;/admin", "%/..;a=1/admin", "%/.;/a", "%/%2e%2e;/admin", "%/..%20/a",
			"%//a", "/%/a", "%/;/a", "%/;a=1", "%/a%00", "%/a%0d%0aX:1", "%/a%7f", "%/a%ff", "%/%c0%ae%c0%ae/a", "%/a%252fb", "%/%252e%252e/a", "%/a#b", "%/a%23b", "%/a%3fb",
			"http://user@shop%/a", "ftp://shop%/a", "shop:%",
		} {
			target = strings.Replace(target, "%", below, 1)
			if strings.HasPrefix(target, below+"2") || strings.HasPrefix(target, below+"5") {
				target = strings.Replace(target, below, below+"%", 1)
			}
			e.refused(e.wire("POST "+target+" HTTP/1.1\r\nHost: shop\r\nContent-Length: 0\r\n\r\n"), 400, "malformed_request")
		}
	}
	require.Zero(t, reached.Load())
	for _, target := range []string{"/api/v1/orders/7", "/api/v1/account/a%20b;c=1", "/api/v1/account/caf%C3%A9/", "/api/v1/account/100%25", "http://elsewhere/api/v1/account/x", "/api/v1/account/...", "/api/v1/products/.a?b=%2F..%2f//"} {
		require.Equal(t, 200, e.wire("GET "+target+" HTTP/1.1\r\nHost: shop\r\n\r\n").status, target)
	}
	require.EqualValues(t, 7, reached.Load())
}

func TestMethodsThatNobodyTakes(t *testing.T) {
	e, reached := odd(t)
	for _, line := range []string{
		"CONNECT shop:443", "CONNECT 127.0.0.1:22", "CONNECT /api/v1/account/login", "CONNECT http://shop/api/v1/account", "TRACE /api/v1/account/login", "TRACE /api/v1/products",
		"PROPFIND /api/v1/account", "PURGE /api/v1/orders", "post /api/v1/account/login", "M-SEARCH *",
	} {
		e.refused(e.wire(line+" HTTP/1.1\r\nHost: shop\r\n\r\n"), 501, "method_not_implemented")
	}
	e.refused(e.wire("DELETE * HTTP/1.1\r\nHost: shop\r\n\r\n"), 400, "malformed_request")
	require.Zero(t, reached.Load())
}

// signsIn are paths that a limit holds for, below /api.
var signsIn = []string{"/v1/account/login", "/v1/users/login", "/v1/users/password/reset"}

// meant is the path that a careless server may take another one for.
func meant(target string) string {
	target, _, _ = strings.Cut(target, "?")
	for range 3 {
		if plain, err := url.PathUnescape(target); err == nil {
			target = plain
		}
	}
	target, _, _ = strings.Cut(strings.ReplaceAll(target, `\`, "/"), "#")
	segments := strings.Split(target, "/")
	for i, segment := range segments {
		segment, _, _ = strings.Cut(segment, ";")
		segments[i] = strings.ToLower(strings.TrimRight(segment, " "))
	}
	folder, name := path.Split(path.Clean("/" + strings.Join(segments, "/")))
	name, _, _ = strings.Cut(name, ".")
	return folder + name
}

func TestNoSpellingPassesALimit(t *testing.T) {
	e, reached := odd(t)
	rapid.Check(t, func(r *rapid.T) {
		asked := "/api" + rapid.SampledFrom(signsIn).Draw(r, "path")
		var spelt strings.Builder
		for i, c := range []byte(asked) {
			switch rapid.IntRange(0, 40).Draw(r, "how") {
			case 0, 1:
				fmt.Fprintf(&spelt, "%%%02X", c)
			case 2:
				fmt.Fprintf(&spelt, "%%%02x", c)
			case 3:
				fmt.Fprintf(&spelt, "%%25%02x", c)
			case 4, 5:
				spelt.WriteString(strings.ToUpper(string(c)))
			case 6:
				if c == '/' && i > 0 {
					spelt.WriteString(rapid.SampledFrom([]string{"//", "/./", "/x/../", "/x/..;/", ";a/", ";/", `\`, "/%2e/", "/;/", "/.;a=b/", "%20/", "./"}).Draw(r, "slash"))
					continue
				}
				spelt.WriteByte(c)
			default:
				spelt.WriteByte(c)
			}
		}
		spelt.WriteString(rapid.SampledFrom([]string{"", "", "", "", "/", ";a=1", ";", ".", ".json", ".x.y;z", "%20", "/;", "/.", "#a", "?a=1", "%23"}).Draw(r, "end"))
		if meant(spelt.String()) != asked {
			r.Skip()
		}
		method := rapid.SampledFrom([]string{"POST", "PUT", "PATCH", "DELETE"}).Draw(r, "method")
		before := reached.Load()
		a := e.wire(method + " " + spelt.String() + " HTTP/1.1\r\nHost: shop\r\nContent-Length: 0\r\n\r\n")
		if strings.Contains(a.header.Get("RateLimit-Policy"), `"sign-in"`) {
			return
		}
		require.GreaterOrEqual(r, a.status, 400, "%s %s: %v", method, spelt.String(), a.header)
		require.Equal(r, before, reached.Load(), "%s %s", method, spelt.String())
	})
}
