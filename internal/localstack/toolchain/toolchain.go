// Package toolchain builds the programs the platform consists of: Temporal's from the pinned
// modules under tools/, once for all starts, and our own from the module itself.
package toolchain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Tool is a program of a pinned module.
type Tool struct {
	Name    string // file name of the program
	Module  string // folder of the module that pins it, below the module root
	Package string
}

// The programs of Temporal.
var (
	TemporalServer  = Tool{"temporal-server", "tools/temporal", "./server"}
	TemporalSQLTool = Tool{"temporal-sql-tool", "tools/temporal", "go.temporal.io/server/cmd/tools/sql"}
	TemporalUI      = Tool{"temporal-ui", "tools/temporal", "github.com/temporalio/ui-server/v2/cmd/server"}
	TemporalCLI     = Tool{"temporal", "tools/temporal-cli", "github.com/temporalio/cli/cmd/temporal"}
	Tctl            = Tool{"tctl", "tools/tctl", "github.com/temporalio/tctl/cmd/tctl"}
)

// Ensure makes sure that dir holds the tools in the pinned versions. What is missing or pinned
// anew is built; two callers never build at once.
func Ensure(ctx context.Context, dir string, progress func(string), tools ...Tool) error {
	root, rootErr := Root()
	if complete(root, dir, tools) {
		return nil
	}
	if rootErr != nil {
		return fmt.Errorf("%s lacks the programs of Temporal and there are no sources to build them from: run this command inside the source tree or set KASSA_TOOLS_DIR to a folder that has them", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	unlock, err := lock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	for _, tool := range tools {
		if complete(root, dir, []Tool{tool}) {
			continue
		}
		if err := build(ctx, root, dir, tool, progress); err != nil {
			return err
		}
	}
	return nil
}

// complete reports whether every tool is there and was built from what is pinned now. Without
// sources whatever is there has to do.
func complete(root, dir string, tools []Tool) bool {
	for _, tool := range tools {
		if _, err := os.Stat(filepath.Join(dir, tool.Name)); err != nil {
			return false
		}
		if root == "" {
			continue
		}
		want, err := stamp(root, tool)
		have, readErr := os.ReadFile(stampFile(dir, tool))
		if err != nil || readErr != nil || string(have) != want {
			return false
		}
	}
	return true
}

// stamp identifies what a tool would be built from.
func stamp(root string, tool Tool) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, tool.Package, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	sources := []string{"go.mod", "go.sum"}
	if name, ours := strings.CutPrefix(tool.Package, "./"); ours {
		sources = append(sources, filepath.Join(name, "main.go"))
	}
	for _, name := range sources {
		content, err := os.ReadFile(filepath.Join(root, tool.Module, name))
		if err != nil {
			return "", err
		}
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func stampFile(dir string, tool Tool) string {
	return filepath.Join(dir, "."+tool.Name+".stamp")
}

func build(ctx context.Context, root, dir string, tool Tool, progress func(string)) error {
	done := report(progress, fmt.Sprintf("building %s (once, takes a minute or more)", tool.Name))
	defer done()
	want, err := stamp(root, tool)
	if err != nil {
		return err
	}
	target := filepath.Join(dir, tool.Name)
	fresh := target + ".new"
	if err := goBuild(ctx, filepath.Join(root, tool.Module), "-ldflags=-s -w", "-o", fresh, tool.Package); err != nil {
		return fmt.Errorf("build %s: %w", tool.Name, err)
	}
	if err := os.Rename(fresh, target); err != nil {
		return err
	}
	return os.WriteFile(stampFile(dir, tool), []byte(want), 0o644)
}

// Packages builds packages of our own module into dir. Go does nothing for one that is up to date.
func Packages(ctx context.Context, dir string, packages ...string) error {
	return Tagged(ctx, dir, "", packages...)
}

// Tagged is Packages with a build tag.
func Tagged(ctx context.Context, dir, tag string, packages ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	unlock, err := lock(ctx, filepath.Join(dir, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	for i, name := range packages {
		packages[i] = "./" + name
	}
	// The separator at the end makes it a folder even for a single package.
	if err := goBuild(ctx, root, append([]string{"-tags=" + tag, "-o", dir + "/"}, packages...)...); err != nil {
		return fmt.Errorf("build the services: %w", err)
	}
	return nil
}

func goBuild(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly -buildvcs=false")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("the go command is not on PATH: install Go 1.26 or newer")
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, bytes.TrimSpace(output.Bytes()))
	}
	return nil
}

// Root finds the folder of the module kassa: around the working directory or around this program.
func Root() (string, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if program, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(program))
	}
	for _, dir := range starts {
		for {
			if content, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil &&
				strings.HasPrefix(string(content), "module kassa\n") {
				return dir, nil
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return "", fmt.Errorf("the sources of kassa are not here: %w", fs.ErrNotExist)
}

// lock waits for an exclusive lock that ends with this process at the latest.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = file.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// report tells progress what is going on, now and every ten seconds.
func report(progress func(string), what string) (done func()) {
	if progress == nil {
		return func() {}
	}
	progress(what)
	begin := time.Now()
	ticker := time.NewTicker(10 * time.Second)
	finished := make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				progress(fmt.Sprintf("%s: %s", what, time.Since(begin).Round(time.Second)))
			case <-finished:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(finished)
	}
}
