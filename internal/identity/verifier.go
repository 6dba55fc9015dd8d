package identity

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/maypok86/otter/v2"

	"kassa/internal/fault"
)

// remembered is how many verified tokens a Verifier keeps. A signature costs
// some 50 µs to check; a remembered token under one.
const remembered = 20_000

// maxToken is the longest token we look at, in characters. Ours have about 400.
const maxToken = 4096

// A Verifier turns access tokens into principals. Safe for concurrent use.
type Verifier struct {
	keys    keys
	parser  *jwt.Parser
	seen    *otter.Cache[[sha256.Size]byte, verified]
	now     func() time.Time
	revoked func(Principal, time.Time) bool
}

// verified is what we remember of a token whose signature was good.
type verified struct {
	principal Principal
	issued    time.Time
	expires   time.Time
}

// An Option changes a Verifier.
type Option func(*Verifier)

// WithKeys adds keys that need no fetching, by kid: for the user service itself.
func WithKeys(fixed map[string]ed25519.PublicKey) Option {
	return func(v *Verifier) { v.keys.byID = clone(fixed) }
}

// WithClock replaces the wall clock.
func WithClock(now func() time.Time) Option {
	return func(v *Verifier) { v.now, v.keys.now = now, now }
}

// WithRevocation asks revoked, at every use of a token, whether a principal's
// token issued at that time has been withdrawn (logout, new password). It must
// be fast: it is called for each request.
func WithRevocation(revoked func(p Principal, issued time.Time) bool) Option {
	return func(v *Verifier) { v.revoked = revoked }
}

// NewVerifier makes a Verifier of tokens signed by the keys published at
// jwksURL. They are fetched in the background, so that the user service may go
// away later, and kept; while there are none, each use tries too. "" means only
// WithKeys.
func NewVerifier(jwksURL string, options ...Option) *Verifier {
	v := &Verifier{
		now: time.Now,
		seen: otter.Must(&otter.Options[[sha256.Size]byte, verified]{
			MaximumSize:      remembered,
			ExpiryCalculator: otter.ExpiryWriting[[sha256.Size]byte, verified](10 * time.Minute),
		}),
	}
	v.keys = keys{
		url: jwksURL,
		now: time.Now,
		client: &http.Client{
			Timeout:       2 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		dropped: func() { v.seen.InvalidateAll() },
	}
	for _, option := range options {
		option(v)
	}
	v.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(Issuer),
		jwt.WithAudience(Audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(func() time.Time { return v.now() }),
	)
	go v.keys.begin(context.Background())
	return v
}

// Verify answers whose token bearer is. It fails with ErrBadToken, or with
// fault.ErrUnavailable when the keys cannot be had.
func (v *Verifier) Verify(ctx context.Context, bearer string) (Principal, error) {
	if len(bearer) > maxToken {
		return Principal{}, ErrBadToken.Because(errors.New("token too long"))
	}
	digest := sha256.Sum256([]byte(bearer))
	known, ok := v.seen.GetIfPresent(digest)
	if !ok {
		var err error
		if known, err = v.check(ctx, bearer); err != nil {
			return Principal{}, err
		}
		v.seen.Set(digest, known)
	}
	if !v.now().Before(known.expires.Add(leeway)) {
		v.seen.Invalidate(digest)
		return Principal{}, ErrBadToken.Because(jwt.ErrTokenExpired)
	}
	if v.revoked != nil && v.revoked(known.principal, known.issued) {
		return Principal{}, ErrBadToken.Because(errors.New("revoked"))
	}
	return known.principal, nil
}

// errNoKeys marks a failure that is ours, not the token's.
var errNoKeys = errors.New("no key set")

func (v *Verifier) check(ctx context.Context, bearer string) (verified, error) {
	var c claims
	_, err := v.parser.ParseWithClaims(bearer, &c, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		if kid == "" {
			return nil, errors.New("no kid")
		}
		if typ, _ := token.Header["typ"].(string); typ != "at+jwt" && typ != "JWT" {
			return nil, errors.New("not an access token")
		}
		public, err := v.keys.find(ctx, kid)
		if err != nil {
			return nil, errors.Join(errNoKeys, err)
		}
		if public == nil {
			return nil, errors.New("unknown kid")
		}
		return public, nil
	})
	if errors.Is(err, errNoKeys) {
		return verified{}, fault.ErrUnavailable.Because(err)
	}
	if err != nil {
		return verified{}, ErrBadToken.Because(err)
	}
	p, err := c.principal()
	if err != nil {
		return verified{}, ErrBadToken.Because(err)
	}
	result := verified{principal: p, expires: c.ExpiresAt.Time}
	if c.IssuedAt != nil {
		result.issued = c.IssuedAt.Time
	}
	return result, nil
}
