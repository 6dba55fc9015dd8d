package chaos

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/internal/localstack"
	"kassa/internal/localstack/toolchain"
	"kassa/sandbox/shopper"
)

var broken = flag.Int("broken", 0, "make so many of the mistakes, on a platform")

// mistake is one made on purpose: the text of some files of a program is
// replaced by another, which is found there exactly once.
type mistake struct {
	name     string
	program  string
	edits    []edit
	disarm   string // a statement that takes the same rule out of the database of the program
	scenario string
	found    func(Findings) int // what the scenario must count
	say      string             // how the note about it begins
}

type edit struct{ file, old, new string }

var mistakes = []mistake{
	{
		name: "stock without a guard", program: "inventory", scenario: "last-unit",
		edits: []edit{
			{"sql/inventorydb/reservations.sql.go", "      AND NOT EXISTS (SELECT FROM seen WHERE seen.available < seen.quantity)\n", ""},
			{"sql/inventorydb/reservations.sql.go", "WHERE coalesce(locked.available, 0) < wanted.quantity)", "WHERE false)"},
		},
		disarm: "ALTER TABLE stock DROP CONSTRAINT stock_reserved",
		found:  func(f Findings) int { return f.Broken }, say: "I1: ",
	},
	{
		name: "a key made random", program: "payment", scenario: "provider-silent",
		edits: []edit{{
			"activities/payment/stripe.go", "	params.IdempotencyKey = stripe.String(key)\n	return params, nil", "	params.IdempotencyKey = stripe.String(uuid.NewString())\n	return params, nil",
		}},
		found: func(f Findings) int { return f.Doubled }, say: "doubled: ",
	},
	{
		name: "an undo removed", program: "order", scenario: "cancel-race",
		edits: []edit{
			{"workflows/checkout.go", "	otherwise(&s, inventory.Queue, stock.ReleaseStock, inventory.ReleaseStockInput{OrderID: in.OrderID})\n", ""},
			{"workflows/reconcile.go", ", releaseStock(ctx, closed.Orders, done)", ""}, // which would mend it
		},
		found: func(f Findings) int { return f.Broken }, say: "I4: ",
	},
}

// TestABrokenBuildIsCaught plays scenarios on a platform whose programs are
// right, and again after one of them was replaced by a build with a mistake.
func TestABrokenBuildIsCaught(t *testing.T) {
	chosen := mistakes[:min(*broken, len(mistakes))]
	if len(chosen) == 0 {
		t.Skip("starts a platform when asked to: -broken 3")
	}
	stack, programs := intact(t)
	a := stack.Addresses()
	shop, err := shopper.Open(t.Context(), a.Gateway, a.Secrets.AdminEmail, a.Secrets.AdminPassword, shopper.Transport())
	require.NoError(t, err)
	play := func(t *testing.T, name string) Row {
		t.Helper()
		scenarios, unknown := Find([]string{name})
		require.Empty(t, unknown)
		row, err := Play(t.Context(), stack, shop, scenarios[0], 1, Options{
			Buyers: 6, Storm: 4 * time.Second, Progress: func(say string) { t.Log(say) },
		})
		require.NoError(t, err)
		t.Log(row)
		return row
	}
	for _, m := range chosen {
		t.Run("right/"+m.name, func(t *testing.T) { require.True(t, play(t, m.scenario).Sound()) })
	}
	for _, m := range chosen {
		t.Run("wrong/"+m.name, func(t *testing.T) {
			m.install(t, stack, programs)
			row := play(t, m.scenario)
			require.Positive(t, m.found(row.Findings), "%+v", row.Findings)
			require.True(t, slices.ContainsFunc(row.Notes, func(note string) bool { return strings.HasPrefix(note, m.say) }), "%q is not among %q", m.say, row.Notes)
			mend(t, stack, programs, m.program)
		})
	}
}

// intact starts a platform of ordinary builds and answers where its programs
// are: links, so that one can be replaced.
func intact(t *testing.T) (*localstack.Stack, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "kassa-broken-") //nolint:usetesting // kept when something goes wrong
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755)) // Postgres runs as somebody else
	right := os.Getenv("KASSA_BIN_DIR")
	if right == "" {
		right = filepath.Join(dir, "right")
		require.NoError(t, toolchain.Packages(t.Context(), right, "workers/...", "sandbox/..."))
	}
	programs := filepath.Join(dir, "programs")
	require.NoError(t, os.Mkdir(programs, 0o755))
	built, err := os.ReadDir(right)
	require.NoError(t, err)
	for _, program := range built {
		require.NoError(t, os.Symlink(filepath.Join(right, program.Name()), filepath.Join(programs, program.Name())))
	}
	stack, err := localstack.Start(t.Context(), localstack.Options{
		StateDir: dir, BinDir: programs, FreePorts: true, Instances: map[string]int{"order": 2}, Progress: func(say string) { t.Log(say) },
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, stack.Stop(ctx))
		if !t.Failed() {
			require.NoError(t, os.RemoveAll(dir))
		}
	})
	return stack, programs
}

// install builds the program with the mistake, in the place of the right one,
// and restarts it.
func (m mistake) install(t *testing.T, stack *localstack.Stack, programs string) {
	t.Helper()
	root, err := toolchain.Root()
	require.NoError(t, err)
	texts := map[string]string{}
	for _, e := range m.edits {
		if texts[e.file] == "" {
			content, err := os.ReadFile(filepath.Join(root, e.file))
			require.NoError(t, err)
			texts[e.file] = string(content)
		}
		require.Equal(t, 1, strings.Count(texts[e.file], e.old), "%s has changed: %s", e.file, e.old)
		texts[e.file] = strings.Replace(texts[e.file], e.old, e.new, 1)
	}
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for file, text := range texts {
		mutant := filepath.Join(t.TempDir(), filepath.Base(file))
		require.NoError(t, os.WriteFile(mutant, []byte(text), 0o600))
		overlay.Replace[filepath.Join(root, file)] = mutant
	}
	content, err := json.Marshal(overlay)
	require.NoError(t, err)
	list := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(list, content, 0o600))
	wrong := filepath.Join(programs, m.program+"-wrong")
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", list, "-o", wrong, "./workers/"+m.program)
	build.Dir = root
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	link := filepath.Join(programs, m.program)
	right, err := os.Readlink(link)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(right, link+"-right"))
	require.NoError(t, os.Rename(wrong, link))
	if m.disarm != "" {
		a := stack.Addresses()
		conn, err := pgx.Connect(t.Context(), a.DatabaseURL(m.program, "postgres"))
		require.NoError(t, err)
		defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
		_, err = conn.Exec(t.Context(), m.disarm)
		require.NoError(t, err)
	}
	restart(t, stack, m.program)
}

// mend puts the right program back in its place.
func mend(t *testing.T, stack *localstack.Stack, programs, program string) {
	t.Helper()
	require.NoError(t, os.Rename(filepath.Join(programs, program+"-right"), filepath.Join(programs, program)))
	restart(t, stack, program)
}

// restart lets all processes of a service begin anew.
func restart(t *testing.T, stack *localstack.Stack, service string) {
	t.Helper()
	for _, name := range stack.Names() {
		if of, _, _ := strings.Cut(name, "-"); of == service {
			require.NoError(t, stack.Kill(name))
			require.NoError(t, stack.WaitReady(t.Context(), name))
		}
	}
}
