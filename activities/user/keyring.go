package user

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"kassa/internal/id"
)

const (
	issuer     = "kassa"
	audience   = "kassa"
	accessLife = 10 * time.Minute
)

// Keyring signs access tokens with its first key and publishes all of them, so
// that keys can be rotated: add the new one at the end, then move it to the
// front, then drop the old one when its last token has expired.
type Keyring struct {
	signID  string
	signKey ed25519.PrivateKey
	public  []SigningKey
}

// SigningKey is a public key as a JSON Web Key (RFC 8037).
type SigningKey struct {
	KeyID     string `json:"kid" doc:"Names the key in a token's header." example:"2026-01"`
	KeyType   string `json:"kty" enum:"OKP" doc:"Family of the key." example:"OKP"`
	Curve     string `json:"crv" enum:"Ed25519" doc:"Its curve." example:"Ed25519"`
	X         string `json:"x" doc:"The public key, base64url." example:"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	Algorithm string `json:"alg" enum:"EdDSA" doc:"What it signs with." example:"EdDSA"`
	Use       string `json:"use" enum:"sig" doc:"What it is for." example:"sig"`
}

// SigningKeys is a JSON Web Key Set.
type SigningKeys struct {
	Keys []SigningKey `json:"keys" doc:"The keys that tokens may be signed with."`
}

// ParseKeyring reads "kid:base64 of a 32-byte Ed25519 seed", several separated
// by commas. An error never shows a seed.
func ParseKeyring(text string) (*Keyring, error) {
	ring := &Keyring{}
	seen := map[string]bool{}
	for entry := range strings.SplitSeq(text, ",") {
		kid, encoded, _ := strings.Cut(strings.TrimSpace(entry), ":")
		seed, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(seed) != ed25519.SeedSize || kid == "" || len(kid) > 64 || seen[kid] {
			return nil, errors.New(`signing keys are "kid:seed,kid:seed", kids distinct, each seed 32 bytes in base64 (openssl rand -base64 32)`)
		}
		seen[kid] = true
		key := ed25519.NewKeyFromSeed(seed)
		if ring.signKey == nil {
			ring.signID, ring.signKey = kid, key
		}
		ring.public = append(ring.public, SigningKey{
			KeyID: kid, KeyType: "OKP", Curve: "Ed25519", Algorithm: "EdDSA", Use: "sig",
			X: base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey)),
		})
	}
	return ring, nil
}

// PublicKeys are the keys by name, for the service's own verifier.
func (k *Keyring) PublicKeys() map[string]ed25519.PublicKey {
	keys := make(map[string]ed25519.PublicKey, len(k.public))
	for _, key := range k.public {
		x, _ := base64.RawURLEncoding.DecodeString(key.X) // encoded above
		keys[key.KeyID] = x
	}
	return keys
}

// claims are those of an access token.
type claims struct {
	jwt.RegisteredClaims
	Role      Role      `json:"role"`
	SessionID uuid.UUID `json:"sid"`
	Scope     string    `json:"scope,omitempty"` // of an API key: its scopes, with spaces in between
}

// A withdrawal of tokens and the refresh that follows it fall into one second.
func init() { jwt.TimePrecision = time.Millisecond }

// bearer is whom an access token speaks for.
type bearer struct {
	user    uuid.UUID
	role    Role
	session uuid.UUID // or API key
	scopes  []string  // of an API key; nil for a person
}

func (k *Keyring) sign(who bearer, at time.Time, life time.Duration) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Audience:  jwt.ClaimStrings{audience},
			Subject:   who.user.String(),
			ID:        id.New().String(),
			IssuedAt:  jwt.NewNumericDate(at),
			ExpiresAt: jwt.NewNumericDate(at.Add(life)),
		},
		Role:      who.role,
		SessionID: who.session,
		Scope:     strings.Join(who.scopes, " "),
	})
	token.Header["kid"] = k.signID
	token.Header["typ"] = "at+jwt" // RFC 9068: an access token, not any other
	signed, err := token.SignedString(k.signKey)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return signed, nil
}

// ListSigningKeysInput is empty.
type ListSigningKeysInput struct{}

// ListSigningKeys answers the public keys by which tokens can be checked.
func (s *Service) ListSigningKeys(context.Context, ListSigningKeysInput) (SigningKeys, error) {
	return SigningKeys{Keys: s.keys.public}, nil
}
