package arch

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "kassa/"
	root   = "../.."
)

type pkg struct {
	ImportPath string
	Dir        string
	Name       string
	Doc        string
	GoFiles    []string
	Imports    []string
}

func TestRoomsImportDownwards(t *testing.T) {
	for _, p := range load(t) {
		here := strings.TrimPrefix(p.ImportPath, module)
		r, ok := ruleFor(here)
		if !ok {
			t.Errorf("%s is in no known room", here)
			continue
		}
		for _, imp := range p.Imports {
			if there, ours := strings.CutPrefix(imp, module); ours {
				if !covers(expand(r.own, service(here)), there) {
					t.Errorf("%s may not import %s", here, there)
				}
				continue
			}
			if r.external != nil && !covers(r.external, imp) {
				t.Errorf("%s may not import %s", here, imp)
			}
			for prefix, allowed := range exclusive {
				if covers([]string{prefix}, imp) && !covers(allowed, here) {
					t.Errorf("%s may not import %s: it belongs to %v", here, imp, allowed)
				}
			}
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	vague := []string{"common", "util", "utils", "helpers", "models", "types", "misc", "shared", "base"}
	names := map[string]string{}
	for _, p := range load(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		if slices.Contains(vague, path.Base(p.ImportPath)) {
			t.Errorf("%s: name the package after what it provides", p.ImportPath)
		}
		if p.Name == "main" {
			continue
		}
		if other, taken := names[p.Name]; taken {
			t.Errorf("%s and %s are both called %s", other, p.ImportPath, p.Name)
		}
		names[p.Name] = p.ImportPath
	}
}

// TestRoomsLineUp finds, for every service, each of its rooms, its block in
// sqlc.yaml and its container.
func TestRoomsLineUp(t *testing.T) {
	sqlc, compose := read(t, "sqlc.yaml"), read(t, "docker-compose.yml")
	for _, svc := range services(t) {
		for _, room := range expand(roomOfService, svc) {
			require.DirExists(t, filepath.Join(root, room), "a room of service %s", svc)
		}
		require.Contains(t, sqlc, "name: "+svc+"db\n", "sqlc.yaml")
		require.Contains(t, compose, "\n  "+svc+":\n", "docker-compose.yml")
	}
}

// TestRulesNameWhatExists keeps a renamed room from leaving its rule behind.
func TestRulesNameWhatExists(t *testing.T) {
	for room, r := range rules {
		require.DirExists(t, filepath.Join(root, room))
		for _, own := range r.own {
			if !strings.Contains(own, "$") {
				require.DirExists(t, filepath.Join(root, own), "named in the rule of %s", room)
			}
		}
	}
}

// TestOperationsHaveOneName keeps activity names unique across services: the
// order worker registers all of them side by side.
func TestOperationsHaveOneName(t *testing.T) {
	owner := map[string]string{}
	for _, svc := range services(t) {
		for _, file := range glob(t, "activities/"+svc+"/*.go") {
			for line := range strings.SplitSeq(read(t, file), "\n") {
				name, isMethod := strings.CutPrefix(line, "func (s *Service) ")
				if name, _, _ = strings.Cut(name, "("); !isMethod || name == "" || name[0] < 'A' || name[0] > 'Z' {
					continue
				}
				if other, taken := owner[name]; taken && other != svc {
					t.Errorf("%s and %s both have an operation %s", other, svc, name)
				}
				owner[name] = svc
			}
		}
	}
}

// TestOutboxIsTheSameEverywhere compares each copy of the outbox's migration.
func TestOutboxIsTheSameEverywhere(t *testing.T) {
	want := read(t, "internal/outbox/testdata/0002_outbox.sql")
	for _, file := range glob(t, "sql/*/migrations/0002_outbox.sql") {
		require.Equal(t, want, read(t, file), file)
	}
}

// TestFilesStayReadable holds files to the length that fits in a head.
func TestFilesStayReadable(t *testing.T) {
	for _, p := range load(t) {
		for _, name := range p.GoFiles {
			source, err := os.ReadFile(filepath.Join(p.Dir, name))
			require.NoError(t, err)
			if strings.Contains(string(source[:min(len(source), 400)]), "DO NOT EDIT") {
				continue
			}
			if lines := strings.Count(string(source), "\n"); lines > 400 {
				t.Errorf("%s/%s has %d lines; split it", p.ImportPath, name, lines)
			}
		}
	}
}

func services(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, "activities"))
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}

// ruleFor finds the rule of the package or of its nearest parent.
func ruleFor(here string) (rule, bool) {
	for p := here; p != "."; p = path.Dir(p) {
		if r, ok := rules[p]; ok {
			return r, true
		}
	}
	return rule{}, false
}

// service names the service a package belongs to: inventory for
// activities/inventory, api/inventoryapi, sql/inventorydb and workers/inventory.
func service(here string) string {
	parts := strings.Split(here, "/")
	if len(parts) < 2 {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(parts[1], "db"), "api")
}

func expand(list []string, svc string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.NewReplacer("${svc}", svc, "$svc", svc).Replace(s)
	}
	return out
}

// covers reports whether any prefix names imp itself or a parent of it.
func covers(prefixes []string, imp string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool {
		return imp == p || strings.HasPrefix(imp, p+"/")
	})
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	return string(content)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := fs.Glob(os.DirFS(root), pattern)
	require.NoError(t, err)
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}

var loaded []pkg

func load(t *testing.T) []pkg {
	t.Helper()
	if loaded != nil {
		return loaded
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Name,Doc,GoFiles,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return loaded
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			loaded = append(loaded, p)
		}
	}
}
