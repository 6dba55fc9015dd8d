package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/localstack"
)

// kassaDatabases are those of Kassa's services. The provider's is a stranger's.
var kassaDatabases = []string{"users", "products", "inventory", "carts", "orders", "payments"}

// A transaction is what one server process of Postgres did as one unit.
type transaction struct {
	database   string
	program    string // application_name; "" for a service at work for a caller
	at         time.Time
	statements []string // names of the queries, else their first words
}

// watchTransactions answers the transactions in Kassa's databases that began
// between a checkout's request and its answer, from Postgres's own log, and the
// order. Nothing else should be going on: relays and consumers pause between
// events, so what begins in these few milliseconds is the checkout's, except
// for connections that say by their name that they are a relay's.
func watchTransactions(ctx context.Context, a localstack.Addresses, stateDir string, buy func(context.Context) (uuid.UUID, error)) ([]transaction, uuid.UUID, error) {
	logFile := filepath.Join(stateDir, "logs", "postgres.log")
	admin, err := pgx.Connect(ctx, a.DatabaseURL("postgres", "postgres"))
	if err != nil {
		return nil, uuid.Nil, err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	// Everything is written to the log before it is carried out.
	err = configure(ctx, admin, "SET log_line_prefix = 'bench %n|%d|%a|%v|'", "SET log_statement = 'all'", "SET log_parameter_max_length = 0")
	if err != nil {
		return nil, uuid.Nil, err
	}
	before, err := size(logFile)
	if err != nil {
		return nil, uuid.Nil, err
	}
	begin := time.Now().Truncate(time.Millisecond) // as exact as the log
	orderID, err := buy(ctx)
	end := time.Now()
	if err != nil {
		return nil, orderID, err
	}
	if err := configure(ctx, admin, "RESET ALL"); err != nil {
		return nil, orderID, err
	}
	all, err := readTransactions(logFile, before)
	return slices.DeleteFunc(all, func(t transaction) bool {
		return !slices.Contains(kassaDatabases, t.database) || strings.HasSuffix(t.program, "relay") || t.at.Before(begin) || t.at.After(end)
	}), orderID, err
}

// configure changes settings and returns when this session has noticed; the
// others do with their next statement, which costs them nothing but that.
func configure(ctx context.Context, admin *pgx.Conn, changes ...string) error {
	for _, change := range changes {
		if _, err := admin.Exec(ctx, "ALTER SYSTEM "+change); err != nil {
			return fmt.Errorf("configure Postgres: %w", err)
		}
	}
	var loaded, now time.Time
	if err := admin.QueryRow(ctx, "SELECT pg_conf_load_time(), clock_timestamp() FROM pg_reload_conf()").Scan(&loaded, &now); err != nil {
		return fmt.Errorf("configure Postgres: %w", err)
	}
	for reload := now; !loaded.After(reload); {
		if err := admin.QueryRow(ctx, "SELECT pg_conf_load_time() FROM pg_sleep(0.02)").Scan(&loaded); err != nil {
			return fmt.Errorf("configure Postgres: %w", err)
		}
	}
	return nil
}

// logLine is a statement in the log: time, database, program, transaction, text.
var logLine = regexp.MustCompile(`^bench (\d+)\.(\d+)\|(\w*)\|([^|]*)\|([\d/]*)\|LOG:  (?:statement|execute [^:]*): (.*)$`)

// queryName is how the generated queries begin.
var queryName = regexp.MustCompile(`^-- name: (\w+)`)

func readTransactions(logFile string, from int64) ([]transaction, error) {
	file, err := os.Open(logFile)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := file.Seek(from, 0); err != nil {
		return nil, err
	}
	var order []string
	var last *string // the statement whose text may go on in the next line
	found := map[string]*transaction{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := logLine.FindStringSubmatch(lines.Text())
		if m == nil {
			if text, goesOn := strings.CutPrefix(lines.Text(), "\t"); goesOn && last != nil && *last == "" {
				*last = nameOf(text)
			}
			continue
		}
		key := m[3] + m[5]
		if found[key] == nil {
			seconds, _ := strconv.ParseInt(m[1], 10, 64)
			millis, _ := strconv.ParseInt(m[2], 10, 64)
			found[key] = &transaction{database: m[3], program: m[4], at: time.Unix(seconds, millis*int64(time.Millisecond))}
			order = append(order, key)
		}
		statements := append(found[key].statements, nameOf(m[6]))
		found[key].statements, last = statements, &statements[len(statements)-1]
	}
	transactions := make([]transaction, len(order))
	for i, key := range order {
		transactions[i] = *found[key]
	}
	return transactions, lines.Err()
}

// nameOf is the name of a generated query, or the beginning of another.
func nameOf(statement string) string {
	if m := queryName.FindStringSubmatch(statement); m != nil {
		return m[1]
	}
	words := strings.Fields(statement)
	return strings.Join(words[:min(len(words), 4)], " ")
}

func size(file string) (int64, error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// committed counts the transactions of each of Kassa's databases so far.
func committed(ctx context.Context, a localstack.Addresses) (map[string]int64, error) {
	conn, err := pgx.Connect(ctx, a.DatabaseURL("postgres", "postgres"))
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, "SELECT datname, xact_commit FROM pg_stat_database WHERE datname = ANY($1)", kassaDatabases)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	var name string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error { counts[name] = n; return nil })
	return counts, err
}
