package localstack

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"kassa/internal/localstack/postgres"
)

// RoleVerify may read every database of Kassa and change nothing.
const RoleVerify = "kassa_verify"

// Temporal's role and databases.
const (
	roleTemporal               = "temporal"
	databaseTemporal           = "temporal"
	databaseTemporalVisibility = "temporal_visibility"
)

// startPostgres starts the server and makes roles and databases that do not exist yet.
func (s *Stack) startPostgres(ctx context.Context) error {
	s.options.Progress("starting Postgres")
	log, err := openLog(s.path("logs"), namePostgres, s.console)
	if err != nil {
		return err
	}
	server, err := postgres.Start(ctx, postgres.Config{
		Dir:      s.path("data", "postgres"),
		Port:     s.ports[namePostgres],
		Durable:  true,
		Password: s.secrets.databasePassword,
		Settings: map[string]string{
			// Longer than a demo or a test: a forced checkpoint in the middle costs latency.
			"checkpoint_timeout": "15min",
			"random_page_cost":   "1.1",
			// A failing statement and its values may hold what must not be in a log.
			"log_min_error_statement": "panic",
			"log_error_verbosity":     "terse",
		},
		Log:       log,
		Progress:  s.options.Progress,
		Restarted: func(cause error) { log.note("postgres ended (%v), starting it again", cause) },
	})
	if err != nil {
		return asPortTaken(err)
	}
	s.postgres = server
	s.add(stageStore, postgresComponent{server, log})
	return s.makeDatabases(ctx)
}

// wantedDatabases maps each database to the role that owns it and nobody else may connect as.
func (s *Stack) wantedDatabases() map[string]string {
	wanted := map[string]string{}
	for _, sv := range services {
		if sv.database != "" {
			wanted[sv.database] = sv.database
		}
	}
	wanted[databaseTemporal] = roleTemporal
	wanted[databaseTemporalVisibility] = roleTemporal
	return wanted
}

func (s *Stack) makeDatabases(ctx context.Context) error {
	conn, err := s.admin(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))

	rows, err := conn.Query(ctx, "SELECT datname FROM pg_database")
	if err != nil {
		return err
	}
	existing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	missing := s.wantedDatabases()
	for _, name := range existing {
		delete(missing, name)
	}
	if len(missing) == 0 {
		return nil
	}
	s.options.Progress("making the databases")
	if err := s.makeRoles(ctx, conn, missing); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for database, role := range missing {
		group.Go(func() error { return s.makeDatabase(ctx, database, role) })
	}
	return group.Wait()
}

// makeRoles makes the owners of databases and the verifier, where they are missing.
func (s *Stack) makeRoles(ctx context.Context, conn *pgx.Conn, owners map[string]string) error {
	rows, err := conn.Query(ctx, "SELECT rolname FROM pg_roles")
	if err != nil {
		return err
	}
	existing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, role := range append(slices.Collect(maps.Values(owners)), RoleVerify) {
		if slices.Contains(existing, role) {
			continue
		}
		existing = append(existing, role)
		_, err := conn.Exec(ctx, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'",
			pgx.Identifier{role}.Sanitize(), s.secrets.databasePassword(role)))
		if err != nil {
			return fmt.Errorf("make role %s: %w", role, err)
		}
	}
	_, err = conn.Exec(ctx, "GRANT pg_read_all_data TO "+RoleVerify+"; REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
	return err
}

// makeDatabase creates a database that only its owner, and for Kassa's own the verifier, can open.
func (s *Stack) makeDatabase(ctx context.Context, database, role string) error {
	conn, err := s.admin(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	name, owner := pgx.Identifier{database}.Sanitize(), pgx.Identifier{role}.Sanitize()
	statements := []string{
		"CREATE DATABASE " + name + " OWNER " + owner,
		"REVOKE ALL ON DATABASE " + name + " FROM PUBLIC",
	}
	if role != roleTemporal {
		statements = append(statements, "GRANT CONNECT ON DATABASE "+name+" TO "+RoleVerify)
	}
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("make database %s: %w", database, err)
		}
	}
	return nil
}

// admin connects as the superuser.
func (s *Stack) admin(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, s.postgres.URL("postgres", postgres.Superuser))
}

// postgresComponent makes the Postgres server a component.
type postgresComponent struct {
	*postgres.Server
	log *processLog
}

func (postgresComponent) Name() string { return namePostgres }

func (c postgresComponent) Ready(ctx context.Context) error { return c.Wait(ctx) }

func (c postgresComponent) Stop(ctx context.Context) error {
	defer c.log.close()
	return c.Server.Stop(ctx)
}
