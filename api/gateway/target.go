package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"kassa/internal/httpapi"
)

// errNoSuchMethod is what nobody here does for any address (RFC 9110, section
// 15.6.2): CONNECT would make a tunnel of us (section 9.3.6).
var errNoSuchMethod = &httpapi.Problem{
	Type: "/docs/errors#method_not_implemented", Title: http.StatusText(http.StatusNotImplemented), Status: http.StatusNotImplemented,
	Code: "method_not_implemented", Detail: "No address here takes this method.",
}

// proper refuses a request that another program on its way may take for one to
// another address than we do: whatever holds for an address must hold for it in each
// spelling.
func proper(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace:
	default:
		return errNoSuchMethod
	}
	u := r.URL
	switch {
	case u.Opaque != "", u.User != nil, u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https":
		return httpapi.ErrBadRequest
	case !plain(u):
		return httpapi.ErrBadRequest
	}
	return nil
}

// plain reports whether a path is the same for everybody: it has no dot segments and
// none that are empty (RFC 3986, section 6.2.2.3), also when parameters are cut off,
// as servers for Java do; no delimiter in disguise; and nothing that is escaped twice.
func plain(u *url.URL) bool {
	p := u.Path
	if !strings.HasPrefix(p, "/") || !utf8.ValidString(p) ||
		strings.Contains(u.RawPath, "%2F") || strings.Contains(u.RawPath, "%2f") {
		return false
	}
	for i := range len(p) {
		switch c := p[i]; {
		case c < ' ', c == 0x7f, c == '\\', c == '#', c == '?':
			return false
		case c == '%' && i+2 < len(p) && hexadecimal(p[i+1]) && hexadecimal(p[i+2]):
			return false
		}
	}
	for rest, more := p[1:], true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		name, _, _ := strings.Cut(segment, ";")
		name = strings.TrimRight(name, " ")
		if name == "." || name == ".." || name == "" && (more || segment != "") {
			return false
		}
	}
	return true
}

func hexadecimal(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// same is the one spelling of all those of a plain path that the old shop may take
// for it: without regard to case, parameters, a slash at the end, and dots and spaces
// that end a segment.
func same(p string) string {
	segments := strings.Split(strings.TrimSuffix(p, "/"), "/")
	for i, segment := range segments {
		name, _, _ := strings.Cut(segment, ";")
		segments[i] = strings.ToLower(strings.TrimRight(name, ". "))
	}
	return strings.Join(segments, "/")
}

// plainly is a path as same has it without the format that may end it: /login.json
// is /login for many.
func plainly(p string) string {
	p = same(p)
	if i := strings.Index(p[strings.LastIndex(p, "/")+1:], "."); i > 0 {
		p = p[:strings.LastIndex(p, "/")+1+i]
	}
	return p
}
