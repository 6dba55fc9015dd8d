package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"

	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/operations"
	"kassa/internal/ratelimit"
)

// apiKeyHeader carries an API key, in Go's spelling of X-API-Key.
const apiKeyHeader = "X-Api-Key"

const (
	keepToken = 5 * time.Second // after which a revoked key is noticed
	keepKeys  = 10_000          // keys that are remembered
	maxAPIKey = 256             // characters
)

// What is refused of keys. The user service has the same word for a key that it
// does not know.
var (
	errBadKey        = fault.New(fault.Unauthenticated, "invalid_api_key", "The API key is not valid.")
	errTwoIdentities = fault.New(fault.Malformed, "two_identities", "Send an access token or one API key, not both.")
)

// keyDesk exchanges API keys for access tokens, which services understand.
type keyDesk struct {
	caller *operations.Caller
	tokens *otter.Cache[[sha256.Size]byte, string]

	limiter *ratelimit.Limiter
	asks    []ratelimit.Policy // how often one address may have the user service asked; at most one
}

func newKeyDesk(caller *operations.Caller, limiter *ratelimit.Limiter, limits []ratelimit.Policy) *keyDesk {
	asks := slices.DeleteFunc(slices.Clone(limits), func(p ratelimit.Policy) bool { return p.Name != exchanging || p.Quota == 0 })
	return &keyDesk{caller: caller, limiter: limiter, asks: asks, tokens: otter.Must(&otter.Options[[sha256.Size]byte, string]{
		MaximumSize:      keepKeys,
		ExpiryCalculator: otter.ExpiryWriting[[sha256.Size]byte, string](keepToken),
	})}
}

// keyInput and keyToken are the user service's operation VerifyAPIKey.
type keyInput struct {
	Key string `json:"key"`
}

type keyToken struct {
	AccessToken string    `json:"access_token"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// exchange puts a token in the place of the key, which goes no further.
func (d *keyDesk) exchange(r *http.Request, key string, client netip.Addr) error {
	if d.caller == nil || key == "" || len(key) > maxAPIKey {
		return errBadKey
	}
	digest := sha256.Sum256([]byte(key))
	token, known := d.tokens.GetIfPresent(digest)
	if !known {
		if v := d.limiter.Take(r.Context(), ratelimit.Address(client), d.asks...); v.Refused != nil {
			limited.WithLabelValues(exchanging).Inc()
			return httpapi.ErrLimited.With("retry_after", seconds(v.Wait))
		}
		var err error
		if token, err = d.ask(r.Context(), key); err != nil {
			return err
		}
		d.tokens.Set(digest, token)
	}
	r.Header.Del(apiKeyHeader)
	r.Header[authzHeader] = []string{"Bearer " + token}
	return nil
}

// ask has the user service verify a key. Whatever definite no it says, the key is
// not good.
func (d *keyDesk) ask(ctx context.Context, key string) (string, error) {
	var answer keyToken
	err := d.caller.Call(ctx, "user", "VerifyAPIKey", keyInput{Key: key}, &answer)
	switch {
	case errors.Is(err, fault.ErrUnavailable):
		return "", err
	case err != nil:
		return "", errBadKey.Because(err)
	case answer.AccessToken == "" || time.Until(answer.ExpiresAt) < keepToken:
		return "", errBadKey
	}
	return answer.AccessToken, nil
}
