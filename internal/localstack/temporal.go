package localstack

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"kassa/internal/localstack/toolchain"
)

//go:embed temporal-server.yaml.tmpl
var temporalServerConfig string

//go:embed temporal-ui.yaml.tmpl
var temporalUIConfig string

//go:embed temporal-dynamic.yaml
var temporalDynamicConfig []byte

// temporalValues fills the templates.
type temporalValues struct {
	Database, Visibility, Role, Password string
	Postgres, Frontend, UI, Namespace    string
	Dynamic                              string
	ports                                portPlan
}

// Port returns the port planned for name.
func (v temporalValues) Port(name string) int { return v.ports[name] }

// startTemporal brings the schema up to date, starts the server and makes the namespace.
func (s *Stack) startTemporal(ctx context.Context) error {
	if err := s.updateTemporalSchema(ctx); err != nil {
		return err
	}
	s.options.Progress("starting Temporal")
	config := s.path("run", "temporal", "server.yaml")
	if err := s.render(config, temporalServerConfig); err != nil {
		return err
	}
	if err := os.WriteFile(s.path("run", "temporal", "dynamic.yaml"), temporalDynamicConfig, 0o600); err != nil {
		return err
	}
	frontend, err := newFrontend(s.ports.listen(nameTemporal))
	if err != nil {
		return err
	}
	s.frontend = frontend
	server := &process{
		name:    nameTemporal,
		program: filepath.Join(s.options.ToolsDir, toolchain.TemporalServer.Name),
		args:    []string{config},
		env:     inheritedEnvironment(),
		ready:   frontend.serving,
	}
	if err := s.startProcess(ctx, stageTemporal, server); err != nil {
		return err
	}
	if err := frontend.makeNamespace(ctx); err != nil {
		return err
	}
	server.setReady(frontend.ready)
	return nil
}

// startTemporalUI starts the Web UI, which waits for the server by itself.
func (s *Stack) startTemporalUI(ctx context.Context) error {
	config := s.path("run", "temporal", "ui", "kassa.yaml")
	if err := s.render(config, temporalUIConfig); err != nil {
		return err
	}
	return s.startProcess(ctx, stageSandbox, &process{
		name:    nameTemporalUI,
		program: filepath.Join(s.options.ToolsDir, toolchain.TemporalUI.Name),
		args:    []string{"--root", filepath.Dir(config), "--config", ".", "--env", "kassa", "start"},
		env:     inheritedEnvironment(),
		ready:   answers(s.url(nameTemporalUI) + "/healthz"),
	})
}

// render writes a configuration file from its template.
func (s *Stack) render(path, text string) error {
	parsed, err := template.New(filepath.Base(path)).Parse(text)
	if err != nil {
		return err
	}
	var content bytes.Buffer
	err = parsed.Execute(&content, temporalValues{
		Database:   databaseTemporal,
		Visibility: databaseTemporalVisibility,
		Role:       roleTemporal,
		Password:   s.secrets.databasePassword(roleTemporal),
		Postgres:   s.ports.listen(namePostgres),
		Frontend:   s.ports.listen(nameTemporal),
		UI:         s.ports.listen(nameTemporalUI),
		Namespace:  Namespace,
		Dynamic:    s.path("run", "temporal", "dynamic.yaml"),
		ports:      s.ports,
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, content.Bytes(), 0o600)
}

// updateTemporalSchema runs Temporal's own tool. The database remembers with which build that was
// done last, so that a usual start skips it.
func (s *Stack) updateTemporalSchema(ctx context.Context) error {
	conn, err := s.admin(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))

	tool := filepath.Join(s.options.ToolsDir, toolchain.TemporalSQLTool.Name)
	info, err := os.Stat(tool)
	if err != nil {
		return err
	}
	build := fmt.Sprintf("schema by a tool of %d bytes made %s", info.Size(), info.ModTime().UTC().Format(time.RFC3339))
	var done string
	err = conn.QueryRow(ctx, "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = $1",
		databaseTemporal).Scan(&done)
	if err != nil || done == build {
		return err
	}

	s.options.Progress("making Temporal's schema")
	group, groupCtx := errgroup.WithContext(ctx)
	for database, schema := range map[string]string{
		databaseTemporal:           "postgresql/v12/temporal",
		databaseTemporalVisibility: "postgresql/v12/visibility",
	} {
		group.Go(func() error { return s.updateSchema(groupCtx, tool, database, schema) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "COMMENT ON DATABASE "+databaseTemporal+" IS '"+build+"'")
	return err
}

func (s *Stack) updateSchema(ctx context.Context, tool, database, schema string) error {
	conn, err := pgx.Connect(ctx, s.postgres.URL(database, roleTemporal))
	if err != nil {
		return err
	}
	var versioned bool
	err = conn.QueryRow(ctx, "SELECT to_regclass('schema_version') IS NOT NULL").Scan(&versioned)
	_ = conn.Close(ctx)
	if err != nil {
		return err
	}
	var steps [][]string
	if !versioned {
		steps = append(steps, []string{"setup-schema", "-v", "0.0"})
	}
	steps = append(steps, []string{"update-schema", "--schema-name", schema})
	host, port, err := net.SplitHostPort(s.ports.listen(namePostgres))
	if err != nil {
		return err
	}
	for _, step := range steps {
		cmd := exec.CommandContext(ctx, tool, step...)
		cmd.Env = append(inheritedEnvironment(), "SQL_PLUGIN=postgres12_pgx", "SQL_HOST="+host, "SQL_PORT="+port,
			"SQL_USER="+roleTemporal, "SQL_PASSWORD="+s.secrets.databasePassword(roleTemporal), "SQL_DATABASE="+database)
		if output, err := cmd.CombinedOutput(); err != nil {
			lines := strings.Split(strings.TrimSpace(string(output)), "\n")
			return fmt.Errorf("temporal-sql-tool %s: %w: %s", step[0], err, lines[len(lines)-1])
		}
	}
	return nil
}
