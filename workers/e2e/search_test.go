package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"kassa/internal/localstack"
)

// finds are the places where words were found: word → places, sorted.
type finds map[string][]string

func (f finds) add(place string, content []byte, words []string) {
	for _, word := range words {
		if bytes.Contains(content, []byte(word)) && !slices.Contains(f[word], place) {
			f[word] = append(f[word], place)
		}
	}
}

// search looks for words in everything that the platform has written down or
// tells about itself: every column of every database, Temporal's and the
// provider's included, the files of the event bus, the logs and the metrics of
// all processes, and the traces.
func search(ctx context.Context, words []string) (finds, error) {
	found := finds{}
	for _, database := range []string{"users", "products", "inventory", "carts", "orders", "payments", "notifications", "analytics", "psp"} {
		if err := found.database(ctx, database, localstack.RoleVerify, words); err != nil {
			return nil, err
		}
	}
	for _, database := range []string{"temporal", "temporal_visibility"} {
		if err := found.database(ctx, database, "temporal", words); err != nil {
			return nil, err
		}
	}
	for _, folder := range []string{"logs", filepath.Join("data", "nats")} {
		if err := found.files(folder, words); err != nil {
			return nil, err
		}
	}
	for name, urls := range metrics() {
		for _, url := range urls {
			if err := found.page(ctx, "metrics of "+name, url+"/metrics", words); err != nil {
				return nil, err
			}
		}
	}
	found.add("traces", traces.everything(), words)
	for _, places := range found {
		slices.Sort(places)
	}
	return found, nil
}

// metrics are the processes that tell some: base URLs by name.
func metrics() map[string][]string {
	all := map[string][]string{"gateway": {where.Metrics}, "psp": {where.PSP}, "mail": {where.Mail}}
	for name, urls := range where.Services {
		all[name] = urls
	}
	return all
}

// database looks into every column that can hold words.
func (f finds) database(ctx context.Context, name, role string, words []string) error {
	conn, err := pgx.Connect(ctx, where.DatabaseURL(name, role))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `
		SELECT format(CASE atttypid::regtype::text
			WHEN 'bytea' THEN 'SELECT sought, %2$L FROM unnest($1::text[]) sought WHERE EXISTS (SELECT FROM %1$s WHERE position(convert_to(sought, ''UTF8'') IN %3$I) > 0)'
			ELSE              'SELECT sought, %2$L FROM unnest($1::text[]) sought WHERE EXISTS (SELECT FROM %1$s WHERE strpos(%3$I::text, sought) > 0)' END,
			attrelid::regclass, relname || '.' || attname, attname)
		FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
		WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped AND nspname NOT IN ('pg_catalog', 'information_schema')
		  AND atttypid::regtype::text NOT IN ('uuid', 'bigint', 'integer', 'smallint', 'boolean', 'timestamp with time zone', 'timestamp without time zone', 'date')`)
	if err != nil {
		return err
	}
	queries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(queries) == 0 {
		return fmt.Errorf("database %s has no columns to look into", name)
	}
	if rows, err = conn.Query(ctx, strings.Join(queries, " UNION ALL "), words); err != nil {
		return err
	}
	var word, column string
	_, err = pgx.ForEachRow(rows, []any{&word, &column}, func() error {
		f[word] = append(f[word], name+"."+column)
		return nil
	})
	return err
}

// files looks into every file below a folder of the platform's state.
func (f finds) files(folder string, words []string) error {
	read := 0
	err := filepath.WalkDir(filepath.Join(state, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		place := folder
		if folder == "logs" {
			place = "log of " + strings.TrimSuffix(entry.Name(), ".log")
		}
		f.add(place, content, words)
		return nil
	})
	if err == nil && read == 0 {
		err = fmt.Errorf("%s holds no files", folder)
	}
	return err
}

func (f finds) page(ctx context.Context, place, url string, words []string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d %w", url, response.StatusCode, err)
	}
	f.add(place, content, words)
	return nil
}
