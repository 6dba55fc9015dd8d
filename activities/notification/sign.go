package notification

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// webhookPayload is the body of a webhook (Standard Webhooks).
type webhookPayload struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"` // when it became true
	Data      json.RawMessage `json:"data"`
}

const secretPrefix = "whsec_"

// Sign makes the signature of a webhook: version, comma, HMAC-SHA256 of id,
// time and body. secret is whsec_ and the key in base64.
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return "", fmt.Errorf("webhook secret: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// secret is the number-th secret of an endpoint. It derives from the service's
// key, so it is stored nowhere.
func (s *Service) secret(endpoint uuid.UUID, number int32) string {
	mac := hmac.New(sha256.New, []byte(s.options.WebhookKey))
	_, _ = fmt.Fprintf(mac, "kassa webhook secret %s %d", endpoint, number)
	return secretPrefix + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
