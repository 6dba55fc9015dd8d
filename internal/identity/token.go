package identity

import (
	"crypto/ed25519"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// Issuer and Audience are the iss and aud of every access token.
const (
	Issuer   = "kassa"
	Audience = "kassa"
)

// leeway is how far the clocks of two machines may differ.
const leeway = 30 * time.Second

// claims is the payload of an access token.
type claims struct {
	jwt.RegisteredClaims
	Role      Role    `json:"role"`
	SessionID string  `json:"sid,omitempty"`
	Scope     *string `json:"scope,omitempty"` // RFC 8693, of API keys: words with a space in between
}

// A withdrawal and the sign-in that follows it fall into the same second.
func init() { jwt.TimePrecision = time.Millisecond }

// Sign makes an access token for p, valid from now for lifetime, signed by the
// key that the key set publishes as kid.
func Sign(kid string, private ed25519.PrivateKey, p Principal, now time.Time, lifetime time.Duration) (string, error) {
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    Issuer,
			Audience:  jwt.ClaimStrings{Audience},
			Subject:   p.UserID.String(),
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
			ID:        uuid.NewString(),
		},
		Role: p.Role,
	}
	if p.SessionID != uuid.Nil {
		c.SessionID = p.SessionID.String()
	}
	if p.IsKey() {
		scope := strings.Join(p.Scopes, " ")
		c.Scope = &scope
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	token.Header["kid"] = kid
	token.Header["typ"] = "at+jwt" // RFC 9068: an access token, not any other
	signed, err := token.SignedString(private)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return signed, nil
}

// principal reads the claims that a valid signature vouches for.
func (c *claims) principal() (Principal, error) {
	user, err := uuid.Parse(c.Subject)
	if err != nil || user == uuid.Nil {
		return Principal{}, fmt.Errorf("the subject is not a user id")
	}
	if !c.Role.Known() {
		return Principal{}, fmt.Errorf("unknown role")
	}
	p := Principal{UserID: user, Role: c.Role}
	if c.SessionID != "" {
		if p.SessionID, err = uuid.Parse(c.SessionID); err != nil {
			return Principal{}, fmt.Errorf("the session is not an id")
		}
	}
	if c.Scope != nil {
		p.Scopes = append([]string{}, strings.Fields(*c.Scope)...)
	}
	return p, nil
}
