package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/internal/operations"
	"kassa/internal/pgtest"
	"kassa/sql/userdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestAdminIsMadeOnARunningPlatform(t *testing.T) {
	keys, err := user.ParseKeyring("test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	require.NoError(t, err)
	svc := user.New(pgtest.New(t, userdb.Migrations()), user.Options{Keys: keys})
	mux := http.NewServeMux()
	mux.Handle("POST "+operations.Path, operations.Handler("internal", svc))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	typed := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(typed, []byte("correct horse\n"), 0o600))
	in, err := os.Open(typed)
	require.NoError(t, err)
	t.Cleanup(func() { _ = in.Close() })
	command := adminCreateCommand{Email: "Root@example.com", Name: "Root", PasswordStdin: true, UserURL: server.URL, InternalToken: "internal"}
	password, err := command.password(in, os.Stderr)
	require.NoError(t, err)
	caller, err := command.caller("")
	require.NoError(t, err)
	said := strings.Builder{}
	require.NoError(t, command.create(t.Context(), caller, password, &said))
	require.NoError(t, command.create(t.Context(), caller, "another horse", &said))
	require.Equal(t, "root@example.com is an admin.\nroot@example.com is an admin now. The account existed, so its password stays.\n", said.String())
	_, err = svc.LoginUser(t.Context(), user.LoginUserInput{Credentials: user.Credentials{Email: "root@example.com", Password: "correct horse"}})
	require.NoError(t, err)

	command.Email = "toor@example.com"
	require.ErrorIs(t, command.create(t.Context(), caller, "short", &said), user.ErrPasswordLength)
	command.PasswordStdin, command.Generate = false, true
	password, err = command.password(nil, nil)
	require.NoError(t, err)
	require.NoError(t, command.create(t.Context(), caller, password, &said))
	require.Contains(t, said.String(), "toor@example.com is an admin, with the password "+password)
}

func TestAdminNeedsAPlatformAndATokenForIt(t *testing.T) {
	_, err := (&adminCreateCommand{UserURL: "http://127.0.0.1:1"}).caller("")
	require.ErrorContains(t, err, "KASSA_INTERNAL_TOKEN")
	_, err = (&adminCreateCommand{}).caller(t.TempDir())
	require.ErrorContains(t, err, "kassa up")
	file, err := os.Open(os.DevNull)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	_, err = (&adminCreateCommand{}).password(file, os.Stderr)
	require.ErrorContains(t, err, "--password-stdin")
}
