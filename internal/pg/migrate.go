package pg

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migrate brings the database at url to the newest migration of files, whose
// root holds 0001_….sql and so on. Several processes may call it at once: an
// advisory lock lets one work and the others wait. It waits up to 30 s for a
// database that is still starting.
func Migrate(ctx context.Context, url string, files fs.FS) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("database URL: %w", err)
	}
	defer func() { _ = db.Close() }()
	if err := reachable(ctx, db); err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func reachable(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		if !transient(err) {
			return fmt.Errorf("reach the database: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the database did not answer within 30 s; is it running, and is KASSA_DATABASE_URL right? %w", err)
		case <-tick.C:
		}
	}
}
