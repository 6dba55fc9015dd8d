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

// fetchAgainAfter is how soon we ask again while we have no key at all, and so
// must turn everybody away.
const fetchAgainAfter = 250 * time.Millisecond

// refreshEvery is how soon a key that was withdrawn stops being accepted.
const refreshEvery = 5 * time.Minute

// maxKeySet is the largest document we read, in bytes.
const maxKeySet = 64 << 10

// keys is the fetched key set. Without a url it only has what it began with.
type keys struct {
	url     string
	client  *http.Client
	now     func() time.Time
	dropped func() // called when a key is no longer in the set

	fetching sync.Mutex // one request at a time
	mu       sync.RWMutex
	byID     map[string]ed25519.PublicKey
	tried    time.Time // last attempt to fetch
	fetched  time.Time // last success
	failure  error     // of the last attempt, nil after a success
}

// find answers the key called kid, or nil when our set has none of that name.
// An error says that the set could not be had. Only an unknown name waits for a
// request; a known key is refreshed behind its back.
func (k *keys) find(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	public, due := k.known(kid)
	if public != nil {
		if due {
			go k.refresh(context.WithoutCancel(ctx))
		}
		return public, nil
	}
	k.refresh(ctx)
	k.mu.RLock()
	defer k.mu.RUnlock()
	if public = k.byID[kid]; public == nil && k.failure != nil {
		return nil, k.failure
	}
	return public, nil
}

func (k *keys) known(kid string) (public ed25519.PublicKey, due bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.byID[kid], k.now().Sub(k.fetched) > refreshEvery && k.now().Sub(k.tried) >= fetchAtMostEvery
}

// begin fetches the first set. It gives up after some minutes: from then on, who
// needs a key asks.
func (k *keys) begin(ctx context.Context) {
	for pause := fetchAgainAfter; pause < 2*time.Minute; pause = pause * 3 / 2 {
		k.refresh(ctx)
		k.mu.RLock()
		done := k.url == "" || len(k.byID) > 0
		k.mu.RUnlock()
		if done {
			return
		}
		<-time.After(pause)
	}
}

// refresh fetches the set unless that was tried a moment ago.
func (k *keys) refresh(ctx context.Context) {
	if k.url == "" {
		return
	}
	k.fetching.Lock()
	defer k.fetching.Unlock()
	now := k.now()
	k.mu.Lock()
	pause := fetchAtMostEvery
	if len(k.byID) == 0 {
		pause = fetchAgainAfter
	}
	early := now.Sub(k.tried) < pause
	if !early {
		k.tried = now
	}
	k.mu.Unlock()
	if early {
		return
	}
	found, err := k.fetch(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failure = err
	if err != nil {
		return // the keys we have stay good
	}
	for kid := range k.byID {
		if _, still := found[kid]; !still {
			k.dropped()
			break
		}
	}
	k.byID, k.fetched = found, now
}

func (k *keys) fetch(ctx context.Context) (map[string]ed25519.PublicKey, error) {
	// Whoever asks first must not make the others fail by going away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("key set address: %w", err)
	}
	res, err := k.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch key set: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch key set: status %d", res.StatusCode)
	}
	document, err := io.ReadAll(io.LimitReader(res.Body, maxKeySet))
	if err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	return parseKeySet(document)
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
