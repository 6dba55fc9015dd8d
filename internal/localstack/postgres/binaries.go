package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// binaryPatterns are the places where packages put the server's programs.
var binaryPatterns = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	"/usr/local/pgsql/bin",
}

// oldestMajor is the oldest version the migrations are tested with.
const oldestMajor = 15

// installation is one set of Postgres programs.
type installation struct {
	dir   string
	major int
}

// chooseBinaries returns the programs that made the data directory, or the newest ones. When there
// are none it installs them where it may.
func (s *Server) chooseBinaries(ctx context.Context) (string, error) {
	found := installations(ctx)
	if len(found) == 0 {
		if err := s.install(ctx); err != nil {
			return "", err
		}
		if found = installations(ctx); len(found) == 0 {
			return "", errors.New("the package postgresql was installed, but its programs were not found: set KASSA_PG_BIN to their directory")
		}
	}
	major, err := dataMajor(s.data)
	if err != nil {
		return "", err
	}
	if major == 0 {
		return found[0].dir, nil
	}
	for _, candidate := range found {
		if candidate.major == major {
			return candidate.dir, nil
		}
	}
	return "", fmt.Errorf("the data in %s was made by Postgres %d, but only version %d is installed: install version %d, or begin anew with `kassa reset`",
		s.data, major, found[0].major, major)
}

// installations lists the usable Postgres programs: the one asked for by KASSA_PG_BIN, the one on
// PATH, then those of packages, newest first.
func installations(ctx context.Context) []installation {
	var dirs []string
	if dir := os.Getenv("KASSA_PG_BIN"); dir != "" {
		dirs = append(dirs, dir)
	} else {
		if program, err := exec.LookPath("postgres"); err == nil {
			dirs = append(dirs, filepath.Dir(program))
		}
		for _, pattern := range binaryPatterns {
			matches, _ := filepath.Glob(pattern)
			slices.SortFunc(matches, func(a, b string) int { return pathVersion(b) - pathVersion(a) })
			dirs = append(dirs, matches...)
		}
	}
	var found []installation
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
			continue
		}
		if major := programMajor(ctx, filepath.Join(dir, "postgres")); major >= oldestMajor {
			found = append(found, installation{dir: dir, major: major})
		}
	}
	return found
}

// pathVersion returns the number in a path such as /usr/lib/postgresql/15/bin; 0 is none.
func pathVersion(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	version, _ := strconv.Atoi(digits[len(digits)-1])
	return version
}

// programMajor asks a server program for its major version; 0 when it does not say.
func programMajor(ctx context.Context, program string) int {
	output, err := exec.CommandContext(ctx, program, "--version").Output() // postgres (PostgreSQL) 15.14 (Debian …)
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(output))
	if len(fields) < 3 {
		return 0
	}
	major, _, _ := strings.Cut(fields[2], ".")
	version, _ := strconv.Atoi(strings.TrimRight(major, "abcdefghijklmnopqrstuvwxyz"))
	return version
}

// dataMajor returns the major version that made the data directory; 0 when there is none yet.
func dataMajor(data string) (int, error) {
	content, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("%s is not a Postgres data directory: %w", data, err)
	}
	return major, nil
}

// install fetches Postgres where that needs no decision from a person: as root on Debian.
func (s *Server) install(ctx context.Context) error {
	if dir := os.Getenv("KASSA_PG_BIN"); dir != "" {
		return fmt.Errorf("KASSA_PG_BIN is %s, but there are no programs of Postgres %d or newer", dir, oldestMajor)
	}
	_, debian := os.Stat("/etc/debian_version")
	_, noApt := exec.LookPath("apt-get")
	if debian != nil || noApt != nil || os.Geteuid() != 0 {
		return fmt.Errorf("there is no Postgres %d or newer on this machine: run `%s`, or set KASSA_PG_BIN to the directory of its programs", oldestMajor, installCommand())
	}
	if s.cfg.Progress != nil {
		s.cfg.Progress("installing Postgres (apt-get install postgresql)")
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", aptScript)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("install Postgres with `apt-get install postgresql`: %w\n%s", err, output)
	}
	return nil
}

// aptScript installs the programs without the cluster that Debian would make and start beside ours.
const aptScript = `set -e
apt-get update -q
apt-get install -q -y --no-install-recommends postgresql-common
sed -ri 's/^#?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
apt-get install -q -y --no-install-recommends postgresql`

// installCommand is what a person types on this machine to get Postgres.
func installCommand() string {
	if _, err := exec.LookPath("brew"); err == nil {
		return "brew install postgresql@17"
	}
	if _, err := exec.LookPath("dnf"); err == nil {
		return "sudo dnf install postgresql-server"
	}
	return "sudo apt-get install postgresql"
}
