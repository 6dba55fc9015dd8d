package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSettingsThatCannotBeUsed(t *testing.T) {
	good := settings{
		SigningKeys:   "development-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
		SignInPerPair: 5, SignInPerAccount: 30, SignInPerAddress: 60,
	}
	require.Empty(t, good.Validate(false))
	for name, c := range map[string]struct {
		change     func(*settings)
		production bool
		variable   string
	}{
		"a key that is none":          {func(s *settings) { s.SigningKeys = "a:AAEC" }, false, "KASSA_SIGNING_KEYS"},
		"a developer's key":           {func(*settings) {}, true, "KASSA_SIGNING_KEYS"},
		"an admin without password":   {func(s *settings) { s.AdminEmail = "admin@example.com" }, false, "KASSA_ADMIN_PASSWORD"},
		"a limit that lets nobody in": {func(s *settings) { s.SignInPerPair = 0 }, false, "KASSA_SIGN_IN_PER_PAIR"},
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			c.change(&s)
			lines := s.Validate(c.production)
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], c.variable)
		})
	}
}
