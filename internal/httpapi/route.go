package httpapi

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"kassa/internal/fault"
	"kassa/internal/identity"
)

// route is one operation behind its checks.
type route struct {
	api  *API
	op   Operation
	next func(http.ResponseWriter, *http.Request)

	bodyTypes    []string // media types of the body, nil when there is none
	bodyJSON     bool     // the body is JSON that we parse
	bodyRequired bool
	several      map[string]bool // query parameters that may be repeated
}

// complete takes over what Huma found out about the input.
func (rt *route) complete(op *huma.Operation) {
	if op.RequestBody != nil {
		for mediaType := range op.RequestBody.Content {
			rt.bodyTypes = append(rt.bodyTypes, mediaType)
		}
		slices.Sort(rt.bodyTypes)
		rt.bodyRequired = op.RequestBody.Required
		rt.bodyJSON = !op.SkipValidateBody && slices.Contains(rt.bodyTypes, "application/json")
	}
	rt.several = map[string]bool{}
	for _, p := range op.Parameters {
		if p.In == "query" && p.Explode != nil && *p.Explode {
			rt.several[p.Name] = true
		}
	}
}

// ServeHTTP checks the request in the order of the package comment and hands it
// to Huma.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st := stateOf(r.Context())
	if err := rt.address(r); err != nil {
		WriteProblem(w, r, err)
		return
	}
	if before := rt.api.options.Before; before != nil {
		if err := before(w, r); err != nil {
			WriteProblem(w, r, err)
			return
		}
	}
	r, err := rt.authenticate(r)
	if err != nil {
		WriteProblem(w, r, err)
		return
	}
	if err := rt.conditions(st, r); err != nil {
		WriteProblem(w, r, err)
		return
	}
	body, err := rt.readBody(w, r)
	if err != nil {
		WriteProblem(w, r, err)
		return
	}
	rt.retire(w.Header())
	if st.key == "" {
		rt.next(w, r)
		return
	}
	st.fingerprint = fingerprint(rt.api.options.FingerprintSecret, r, body)
	if rt.op.Key == OwnKey || rt.api.keys == nil {
		rt.next(w, r)
		return
	}
	rt.keyed(st, w, r)
}

// retire tells clients of an operation that is going away.
func (rt *route) retire(h http.Header) {
	if !rt.op.Deprecated.IsZero() {
		h.Set("Deprecation", "@"+strconv.FormatInt(rt.op.Deprecated.Unix(), 10))
	}
	if !rt.op.Sunset.IsZero() {
		h.Set("Sunset", rt.op.Sunset.UTC().Format(http.TimeFormat))
	}
}

// address refuses a path or a query that no operation of ours could mean.
func (rt *route) address(r *http.Request) error {
	if !cleanText(r.URL.Path) {
		return ErrBadRequest
	}
	if r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ErrBadRequest
	}
	for name, values := range query {
		if !cleanText(name) {
			return ErrBadRequest
		}
		for _, value := range values {
			if !cleanText(value) {
				return ErrBadRequest
			}
		}
		if len(values) > 1 && !rt.several[name] {
			return errValidation.With("errors", []FieldError{{Pointer: clean("query." + name), Code: "repeated_parameter", Message: "this parameter is given more than once"}})
		}
	}
	return nil
}

// authenticate answers r in the name of whoever asks, or why it may not go on.
func (rt *route) authenticate(r *http.Request) (*http.Request, error) {
	token, err := bearerToken(r)
	if err == nil && token != "" {
		var principal identity.Principal
		if principal, err = rt.api.verify(r, token); err == nil {
			ctx := identity.With(r.Context(), principal)
			return r.WithContext(identity.WithToken(ctx, token)), rt.allows(principal)
		}
	}
	if rt.op.Access == Public && (err == nil || rt.op.IgnoresToken) {
		return r, nil
	}
	if err == nil {
		err = identity.ErrNoToken
	}
	return r, err
}

func (rt *route) allows(p identity.Principal) error {
	switch {
	case rt.op.Access == Support && !p.Role.Includes(identity.Support),
		rt.op.Access == Admin && !p.Role.Includes(identity.Admin):
		return identity.ErrForbidden
	case !p.IsKey() || rt.op.Access == Public:
		return nil
	case rt.op.PeopleOnly:
		return identity.ErrPeopleOnly
	case !p.Allows(rt.op.Scope()):
		return identity.ErrScope.With("scope", rt.op.Scope())
	default:
		return nil
	}
}

func (a *API) verify(r *http.Request, token string) (identity.Principal, error) {
	if a.options.Verifier == nil {
		return identity.Principal{}, identity.ErrBadToken
	}
	return a.options.Verifier.Verify(r.Context(), token)
}

// bearerToken is the token of the Authorization header, "" when there is none.
func bearerToken(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", nil
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " ,") {
		return "", identity.ErrBadToken
	}
	return token, nil
}

// conditions reads Idempotency-Key and If-Match.
func (rt *route) conditions(st *state, r *http.Request) error {
	if rt.op.Key != NoKey {
		key, err := keyOf(r)
		if err != nil {
			return err
		}
		if key == "" && rt.op.Key != OptionalKey {
			return ErrKeyRequired
		}
		st.key = key
	}
	if !rt.op.IfMatch {
		return nil
	}
	sent := r.Header.Values("If-Match")
	if len(sent) == 0 {
		return ErrIfMatchRequired
	}
	if len(sent) > 1 {
		return ErrIfMatchMalformed
	}
	version, err := ParseIfMatch(sent[0])
	st.ifMatch = version
	return err
}

// mediaTypeOf is the media type of a Content-Type header, lower case, "" when
// it is missing, malformed, or in another character set than UTF-8.
func mediaTypeOf(contentType string) string {
	if contentType == "application/json" {
		return contentType // nearly always, and free
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return ""
	}
	return mediaType
}

var (
	errEncoded   = problem(http.StatusUnsupportedMediaType, "content_encoding", "Send the body without Content-Encoding.")
	errMediaType = problem(http.StatusUnsupportedMediaType, "unsupported_media_type", "Send the body in a media type that this operation takes.")
	errTooLarge  = problem(http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than this operation accepts.")
	errNoBody    = fault.New(fault.Malformed, "body_required", "This needs a body.")
)
