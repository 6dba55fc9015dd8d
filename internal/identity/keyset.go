package identity

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"
)

// A Key is one public key in the JSON Web Key form (RFC 8037).
type Key struct {
	Type      string `json:"kty" doc:"Always OKP." example:"OKP"`
	Curve     string `json:"crv" doc:"Always Ed25519." example:"Ed25519"`
	ID        string `json:"kid" doc:"The name by which a token refers to this key." example:"2026-01"`
	X         string `json:"x" doc:"The public key, base64url." example:"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	Use       string `json:"use" doc:"Always sig." example:"sig"`
	Algorithm string `json:"alg" doc:"Always EdDSA." example:"EdDSA"`
}

// KeySet is the document at /.well-known/jwks.json.
type KeySet struct {
	Keys []Key `json:"keys" doc:"Every key whose tokens are still accepted, the signing one first."`
}

// NewKey is the published form of a public key.
func NewKey(kid string, public ed25519.PublicKey) Key {
	return Key{Type: "OKP", Curve: "Ed25519", ID: kid, X: base64.RawURLEncoding.EncodeToString(public), Use: "sig", Algorithm: "EdDSA"}
}

// fetchAtMostEvery bounds how often unknown key names make us ask for the set,
// so that forged tokens cannot turn into requests to the user service.
const fetchAtMostEvery = 5 * time.Second

// refreshEvery is how soon a key that was withdrawn stops being accepted.
const refreshEvery = 5 * time.Minute

// maxKeySet is the largest document we read, in bytes.
const maxKeySet = 64 << 10

// keys is the fetched key set. Zero keys with a url fetch at first use.
type keys struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	byID    map[string]ed25519.PublicKey
	tried   time.Time // last attempt to fetch
	fetched time.Time // last success
	failure error     // of the last attempt, nil after a success
	dropped func()    // called when a key is no longer in the set
}

// find answers the key called kid, or nil when our set has none of that name.
// An error says that the set could not be had.
func (k *keys) find(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	public := k.byID[kid]
	now := k.now()
	due := public == nil || now.Sub(k.fetched) > refreshEvery
	if k.url != "" && due && now.Sub(k.tried) >= fetchAtMostEvery {
		k.tried = now
		k.failure = k.fetch(ctx, now)
		public = k.byID[kid]
	}
	if public == nil && k.failure != nil {
		return nil, k.failure
	}
	return public, nil
}

func (k *keys) fetch(ctx context.Context, now time.Time) error {
	// Whoever asks first must not make the others fail by going away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, http.NoBody)
	if err != nil {
		return fmt.Errorf("key set address: %w", err)
	}
	res, err := k.client.Do(req)
	if err != nil {
		return fmt.Errorf("fetch key set: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch key set: status %d", res.StatusCode)
	}
	document, err := io.ReadAll(io.LimitReader(res.Body, maxKeySet))
	if err != nil {
		return fmt.Errorf("read key set: %w", err)
	}
	found, err := parseKeySet(document)
	if err != nil {
		return err
	}
	for kid := range k.byID {
		if _, still := found[kid]; !still {
			k.dropped()
			break
		}
	}
	k.byID, k.fetched = found, now
	return nil
}

func parseKeySet(document []byte) (map[string]ed25519.PublicKey, error) {
	var set KeySet
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	found := map[string]ed25519.PublicKey{}
	for _, key := range set.Keys {
		if key.Type != "OKP" || key.Curve != "Ed25519" || key.ID == "" {
			continue // a key for something else
		}
		public, err := base64.RawURLEncoding.DecodeString(key.X)
		if err != nil || len(public) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("read key set: key %q is not an Ed25519 public key", key.ID)
		}
		found[key.ID] = public
	}
	return found, nil
}

// clone keeps the caller's map out of ours.
func clone(fixed map[string]ed25519.PublicKey) map[string]ed25519.PublicKey { return maps.Clone(fixed) }
