package user

import (
	"context"
	_ "embed" // the list of common passwords
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"
)

//go:embed common_passwords.txt
var commonText string

// common holds the 5,000 commonest passwords of at least 8 characters.
var common = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonText) {
		set[strings.TrimSpace(line)] = true
	}
	return set
})

// acceptablePassword checks a new password and answers it in the form it is
// hashed in.
func acceptablePassword(password, email string) (string, error) {
	password = normalPassword(password)
	if n := utf8.RuneCountInString(password); n < 8 || n > 128 {
		return "", ErrPasswordLength
	}
	plain := strings.ToLower(password)
	if account, _, _ := strings.Cut(email, "@"); common()[plain] || plain == email || plain == account || oneRune(plain) {
		return "", ErrPasswordCommon
	}
	return password, nil
}

// normalPassword makes the same password typed on two keyboards the same bytes.
func normalPassword(s string) string { return norm.NFC.String(s) }

func oneRune(s string) bool {
	first, size := utf8.DecodeRuneInString(s)
	return strings.Trim(s[size:], string(first)) == ""
}

// argon are OWASP's parameters for Argon2id: 19 MiB, 2 passes, 1 lane.
// Source: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashWithin bounds the wait for a turn.
const hashWithin = 2 * time.Second

// hasher computes and compares hashes, a few at a time: each takes 19 MiB and
// a processor for some 20 ms.
type hasher struct {
	turns chan struct{}
	decoy string // hash of a password nobody has
}

func newHasher() *hasher {
	decoy, err := argon2id.CreateHash(rawToken(), argon)
	if err != nil {
		panic(err) // only without randomness
	}
	return &hasher{turns: make(chan struct{}, runtime.GOMAXPROCS(0)), decoy: decoy}
}

func (h *hasher) hash(ctx context.Context, password string) (hash string, err error) {
	err = h.inTurn(ctx, func() error {
		hash, err = argon2id.CreateHash(password, argon)
		return err
	})
	return hash, err
}

// matches compares password with hash; "" stands for an account that does not
// exist, never matches, and takes as long.
func (h *hasher) matches(ctx context.Context, password, hash string) (match bool, err error) {
	against := hash
	if hash == "" {
		against = h.decoy
	}
	err = h.inTurn(ctx, func() error {
		match, err = argon2id.ComparePasswordAndHash(password, against)
		return err
	})
	return match && hash != "", err
}

func (h *hasher) inTurn(ctx context.Context, fn func() error) error {
	ctx, cancel := context.WithTimeout(ctx, hashWithin)
	defer cancel()
	select {
	case h.turns <- struct{}{}:
	case <-ctx.Done():
		return ErrPasswordsStalled.Because(ctx.Err())
	}
	defer func() { <-h.turns }()
	if err := fn(); err != nil {
		return fmt.Errorf("argon2id: %w", err)
	}
	return nil
}
