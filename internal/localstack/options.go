package localstack

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"kassa/internal/localstack/toolchain"
)

// Options says what to start and where. The zero value starts everything on the usual ports with
// the state in .kassa.
type Options struct {
	StateDir string // default: KASSA_HOME, else .kassa in the source tree or the working directory
	ToolsDir string // programs of Temporal; default: KASSA_TOOLS_DIR, else .kassa/tools in the source tree
	BinDir   string // programs of the services; default: beside this program when they are there, else built into the state

	FreePorts bool // any free ports instead of the usual ones

	// Instances is the number of processes of a service; one each by default. The second process of
	// order is called order-2.
	Instances map[string]int

	// Only restricts the start to the named components and what they depend on; nil is everything.
	Only []string

	// Env adds environment variables by process name; "*" is every process of ours.
	Env map[string]map[string]string

	Log      io.Writer    // everything the processes print, prefixed with their name; nil is only files
	Progress func(string) // told what is being done; may be nil
}

// withDefaults returns the options with every directory set to an absolute path.
func (o Options) withDefaults() (Options, error) {
	dir, err := StateDir(o.StateDir)
	if err != nil {
		return o, err
	}
	o.StateDir = dir
	o.ToolsDir = ToolsDir(o.StateDir, o.ToolsDir)
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	names := componentNames()
	for _, name := range o.Only {
		if !slices.Contains(names, name) {
			return o, fmt.Errorf("there is no component %q; there are %v", name, names)
		}
	}
	return o, nil
}

// StateDir returns the absolute state directory: dir, or the default when it is empty.
func StateDir(dir string) (string, error) {
	dir = cmp.Or(dir, os.Getenv("KASSA_HOME"))
	if dir == "" {
		root, err := toolchain.Root()
		if err != nil {
			root = "."
		}
		dir = filepath.Join(root, ".kassa")
	}
	return filepath.Abs(dir)
}

// ToolsDir returns the directory of Temporal's programs: dir, or the default when it is empty. It is
// shared by all state directories of a source tree, because building them takes minutes.
func ToolsDir(stateDir, dir string) string {
	if dir = cmp.Or(dir, os.Getenv("KASSA_TOOLS_DIR")); dir != "" {
		return dir
	}
	if root, err := toolchain.Root(); err == nil {
		return filepath.Join(root, ".kassa", "tools")
	}
	return filepath.Join(stateDir, "tools")
}

// instances returns how many processes of a service to start.
func (o Options) instances(service string) int { return max(1, o.Instances[service]) }
