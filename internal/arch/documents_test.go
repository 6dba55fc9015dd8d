package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDocumentsNameWhatExists follows every link and every path that a document
// names in the repository.
func TestDocumentsNameWhatExists(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	room := regexp.MustCompile("`((?:activities|api|cmd|deploy|docs|events|internal|sandbox|sql|tools|workers|workflows|\\.ci)/[A-Za-z0-9_./-]+)`")
	for _, file := range documents(t) {
		text := read(t, file)
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, ":") || strings.HasPrefix(target, "/") {
				continue // another site, or a path of the running platform
			}
			there := file
			if target != "" {
				there = filepath.Join(filepath.Dir(file), target)
			}
			if _, err := os.Stat(filepath.Join(root, there)); err != nil {
				t.Errorf("%s links to %s, which does not exist", file, match[1])
			} else if anchor != "" && !slices.Contains(anchors(read(t, there)), anchor) {
				t.Errorf("%s links to %s, but there is no such heading", file, match[1])
			}
		}
		for _, match := range room.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, match[1])); err != nil {
				t.Errorf("%s names %s, which does not exist", file, match[1])
			}
		}
	}
}

// TestSecurityNamesItsTests finds every test that SECURITY.md speaks of.
func TestSecurityNamesItsTests(t *testing.T) {
	tests := ""
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			tests += read(t, path)
		}
		return err
	}))
	named := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(read(t, "SECURITY.md"), -1)
	require.NotEmpty(t, named)
	for _, match := range named {
		require.Contains(t, tests, "\nfunc "+match[1]+"(t *testing.T)", "SECURITY.md")
	}
}

// TestDependenciesAreDecided finds each direct dependency in the record of
// decisions and in the list of licences, and nothing there that is gone.
func TestDependenciesAreDecided(t *testing.T) {
	decided, licences := read(t, "docs/adr/0002-dependencies.md"), read(t, "THIRD_PARTY_LICENSES.md")
	required := ""
	for _, file := range []string{"go.mod", "tools/temporal/go.mod", "tools/temporal-cli/go.mod", "tools/tctl/go.mod", "tools/sbom/go.mod"} {
		required += read(t, file)
	}
	for line := range strings.SplitSeq(read(t, "go.mod"), "\n") {
		line = strings.TrimPrefix(line, "require ")
		module, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(version, "v") || strings.HasSuffix(version, "// indirect") {
			continue
		}
		require.Contains(t, licences, "`"+module+"`", "THIRD_PARTY_LICENSES.md")
		if !strings.HasPrefix(module, "go.opentelemetry.io/otel/") { // one decision for all of them
			require.Contains(t, decided, "`"+module+"`", "docs/adr/0002-dependencies.md")
		}
	}
	module := regexp.MustCompile("`((?:github\\.com|go\\.[a-z]+\\.io|go\\.uber\\.org|go\\.yaml\\.in|golang\\.org|google\\.golang\\.org|pgregory\\.net)/[^`]+)`")
	for _, match := range module.FindAllStringSubmatch(decided+licences, -1) {
		require.Regexp(t, `(?m)^\s*`+regexp.QuoteMeta(match[1])+` v`, required, "%s is required by no module", match[1])
	}
}

// documents are the Markdown files of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "node_modules") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			found = append(found, path)
		}
		return nil
	}))
	require.NotEmpty(t, found)
	return found
}

// anchors are the places in a document that a link can name.
func anchors(text string) []string {
	var found []string
	for _, match := range regexp.MustCompile(`(?m)^#+ (.+)$|<a (?:id|name)="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		heading := strings.ToLower(match[1])
		heading = regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(heading, "")
		found = append(found, strings.ReplaceAll(heading, " ", "-"), match[2])
	}
	return found
}
