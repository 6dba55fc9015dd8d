package localstack

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Secrets are the development values of one state directory, made at its first start. They are
// worth nothing anywhere else.
type Secrets struct {
	DatabaseSeed  string `json:"database_seed"` // every role's password, and every later secret, derives from it
	InternalToken string `json:"internal_token"`
	WebhookSecret string `json:"webhook_secret"`
	StripeKey     string `json:"stripe_key"`
	SigningKeys   string `json:"signing_keys"` // kid:base64(ed25519 seed)
	AdminEmail    string `json:"admin_email"`
	AdminPassword string `json:"admin_password"`
}

// loadSecrets reads the secrets of a state directory and makes them when there are none.
func loadSecrets(stateDir string) (Secrets, error) {
	var secrets Secrets
	path := filepath.Join(stateDir, "secrets", "development.json")
	content, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(content, &secrets); err != nil {
			return secrets, fmt.Errorf("read %s: %w", path, err)
		}
		return secrets, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return secrets, err
	}
	secrets = newSecrets()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return secrets, err
	}
	return secrets, writeJSON(path, secrets)
}

func newSecrets() Secrets {
	return Secrets{
		DatabaseSeed:  randomHex(32),
		InternalToken: randomHex(32),
		WebhookSecret: "whsec_" + randomHex(16),
		StripeKey:     "sk_test_" + randomHex(16),
		SigningKeys:   "development-1:" + base64.StdEncoding.EncodeToString(randomBytes(32)),
		AdminEmail:    "admin@kassa.example",
		AdminPassword: "admin-" + randomHex(10),
	}
}

// databasePassword returns the password of a database role.
func (s Secrets) databasePassword(role string) string { return s.derived(role) }

// derived is a secret for a purpose, also in a state directory that was made before there was one.
func (s Secrets) derived(purpose string) string {
	mac := hmac.New(sha256.New, []byte(s.DatabaseSeed))
	mac.Write([]byte(purpose))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func randomHex(n int) string { return hex.EncodeToString(randomBytes(n)) }

// writeJSON replaces a file, readable by its owner only, in one step.
func writeJSON(path string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, append(content, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
