package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"kassa/internal/localstack"
)

// owners are the databases by the role that owns them.
var owners = map[string]string{
	"users": "users", "products": "products", "inventory": "inventory", "carts": "carts", "orders": "orders", "payments": "payments",
	"notifications": "notifications", "analytics": "analytics", "psp": "psp", "temporal": "temporal", "temporal_visibility": "temporal",
}

// denied is Postgres' insufficient_privilege.
const denied = "42501"

func TestARoleOpensItsOwnDatabaseOnly(t *testing.T) {
	for database, owner := range owners {
		for _, role := range owners {
			conn, err := pgx.Connect(t.Context(), where.DatabaseURL(database, role))
			if role == owner {
				require.NoError(t, err, "%s opens %s", role, database)
				require.NoError(t, conn.Close(t.Context()))
				continue
			}
			requireDenied(t, err, "%s opens %s", role, database)
		}
	}
	for _, role := range owners {
		for _, database := range []string{"postgres", "template1"} {
			_, err := pgx.Connect(t.Context(), where.DatabaseURL(database, role))
			requireDenied(t, err, "%s opens %s", role, database)
		}
	}
}

// TestARoleReadsItsOwnTablesOnly is about one that came into another's database
// all the same.
func TestARoleReadsItsOwnTablesOnly(t *testing.T) {
	for database, table := range map[string]string{"users": "users", "carts": "carts", "orders": "orders", "payments": "payments", "notifications": "letters", "inventory": "stock", "products": "products", "analytics": "sales"} {
		conn, err := pgx.Connect(t.Context(), where.DatabaseURL(database, "postgres"))
		require.NoError(t, err)
		for _, role := range owners {
			if role == database {
				continue
			}
			for _, statement := range []string{"SELECT FROM %s", "DELETE FROM %s", "INSERT INTO %s DEFAULT VALUES", "DROP TABLE %s"} {
				_, err := conn.Exec(t.Context(), "SET ROLE "+role+"; "+fmt.Sprintf(statement, table))
				requireDenied(t, err, "%s in %s: %s", role, database, statement)
				_, err = conn.Exec(t.Context(), "RESET ROLE")
				require.NoError(t, err)
			}
		}
		require.NoError(t, conn.Close(t.Context()))
	}
}

func TestTheRoleThatVerifiesReadsOnly(t *testing.T) {
	for database, owner := range owners {
		conn, err := pgx.Connect(t.Context(), where.DatabaseURL(database, localstack.RoleVerify))
		if owner == "temporal" {
			requireDenied(t, err, "opens %s", database)
			continue
		}
		require.NoError(t, err)
		table := scalar[string](t, conn, "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public' AND relkind = 'r' ORDER BY relname LIMIT 1")
		_, err = conn.Exec(t.Context(), "SELECT FROM "+table)
		require.NoError(t, err)
		for _, statement := range []string{"DELETE FROM " + table, "TRUNCATE " + table, "DROP TABLE " + table, "CREATE TABLE written ()", "CREATE TEMPORARY TABLE written ()", "CREATE SCHEMA written", "COPY (SELECT 1) TO PROGRAM 'true'"} {
			_, err = conn.Exec(t.Context(), statement)
			requireDenied(t, err, "%s in %s", statement, database)
		}
		require.NoError(t, conn.Close(t.Context()))
	}
}

func TestNoRoleOfOursHasSpecialRights(t *testing.T) {
	conn := database(t, "users")
	mighty := scalar[[]string](t, conn, "SELECT array_agg(rolname::text) FROM pg_roles WHERE rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls")
	require.Equal(t, []string{"postgres"}, mighty)
}

func requireDenied(t *testing.T, err error, format string, args ...any) {
	t.Helper()
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused, "%s is not refused", fmt.Sprintf(format, args...))
	require.Equal(t, denied, refused.Code, "%s: %s", fmt.Sprintf(format, args...), refused)
}

// TestTheInsideCannotBeReachedThroughTheGateway asks for what only the inside
// may ask, in every spelling that a proxy could get wrong.
func TestTheInsideCannotBeReachedThroughTheGateway(t *testing.T) {
	inside := where.Services["inventory"][0]
	for _, path := range []string{"/metrics", "/health", "/ready", "/status"} {
		require.Equal(t, http.StatusOK, ask{method: http.MethodGet, path: path}.at(t, inside).status, "%s is there", path)
	}
	const operation = "/internal/operations/ReserveStock"
	call := ask{method: http.MethodPost, path: operation, body: "{}", header: map[string]string{"Authorization": "Bearer " + where.Secrets.InternalToken}}
	require.NotContains(t, []int{http.StatusUnauthorized, http.StatusMethodNotAllowed}, call.at(t, inside).status, "the token opens the inside")
	for _, wrong := range []string{"", "Bearer " + tokenOf(t, shop.Admin()), "Bearer x", "Bearer " + where.Secrets.InternalToken + "x"} {
		r := call.with("Authorization", wrong).at(t, inside)
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, r.status, r.body)
	}

	for _, target := range []string{"/metrics", operation, "/internal/failpoints", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars"} {
		for _, spelt := range spellings(target, inside) {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				status, body := asWritten(t, method, spelt, "Authorization: Bearer "+where.Secrets.InternalToken, "X-Original-Url: "+target, "X-Rewrite-Url: "+target, "X-Forwarded-Prefix: "+target)
				require.GreaterOrEqual(t, status, 400, "%s %s: %s", method, spelt, body)
				require.NotContains(t, []int{500, 502, 504}, status, "%s %s: %s", method, spelt, body)
				require.NotContains(t, body, "go_goroutines", "%s %s", method, spelt)
			}
		}
	}
	status, _ := asWritten(t, http.MethodConnect, strings.TrimPrefix(inside, "http://"))
	require.GreaterOrEqual(t, status, 400)
}

// spellings are how somebody might write a path of the inside.
func spellings(target, service string) []string {
	encoded := ""
	for _, letter := range []byte(target[1:]) {
		encoded += fmt.Sprintf("%%%02x", letter)
	}
	escaped := strings.ReplaceAll(target, "/", "%2f")
	return []string{
		target, "/" + target, "//" + target, "/." + target, "/x/.." + target, "/" + encoded, escaped, "/" + escaped, target + "/", target + "?x=1", target + "%00", target + ";x=1", strings.ToUpper(target),
		"/api/v1" + target, "/api/v1/.." + target, "/api/v1/../.." + target, "/api/v1/orders/../../.." + target, "/api/v1/orders/..%2f..%2f..%2f" + escaped, "/api/v1/orders/%2e%2e/%2e%2e/%2e%2e" + target,
		"/api/v1/orders/%252e%252e%252f" + escaped, "/api/v1/orders/..;/..;/.." + target, `/api/v1/orders/..\..\..` + strings.ReplaceAll(target, "/", `\`), "/api/v1/orders//.." + target, "/api/v1/orders/%2e%2e%5c%2e%2e" + target,
		service + target, "http://127.0.0.1" + target, "/api/v1/orders" + target, "/api/v1/products/search/../.." + target, "*", "/docs/../" + target,
	}
}

// asWritten sends one request as it is written, which no client library would, and
// answers what came back.
func asWritten(t *testing.T, method, target string, header ...string) (status int, body string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(where.Gateway, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(soon)))
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n%s\r\n\r\n{}",
		method, target, strings.TrimPrefix(where.Services["inventory"][0], "http://"), strings.Join(append(header, "Accept: */*"), "\r\n"))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err, "%s %s", method, target)
	defer func() { _ = response.Body.Close() }()
	said, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(said)
}

// TestEverythingListensOnThisMachineOnly looks at the sockets of every process
// of the platform.
func TestEverythingListensOnThisMachineOnly(t *testing.T) {
	sockets, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skip("only Linux tells who listens where")
	}
	more, err := os.ReadFile("/proc/net/tcp6")
	if !errors.Is(err, fs.ErrNotExist) { // as where there is no IPv6
		require.NoError(t, err)
	}
	listening := map[string]string{} // inode → local address, in hexadecimal
	for line := range strings.Lines(string(sockets) + string(more)) {
		if fields := strings.Fields(line); len(fields) > 9 && fields[3] == "0A" {
			listening[fields[9]] = fields[1]
		}
	}
	processes, ports := map[string]bool{}, 0
	for _, pid := range platformProcesses(t) {
		links, _ := filepath.Glob("/proc/" + pid + "/fd/*")
		for _, link := range links {
			to, _ := os.Readlink(link)
			address, is := listening[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")]
			if !is {
				continue
			}
			require.Regexp(t, `^(0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F):`, address, "process %s", pid)
			processes[pid] = true
			ports++
		}
	}
	require.Greater(t, len(processes), len(where.Services)+4, "workers, sandboxes, Temporal and its page, Postgres")
	t.Logf("%d processes listen at %d ports, all of 127.0.0.1", len(processes), ports)
}

// platformProcesses are the process ids of what the platform has started, and of
// this process, in which the event bus runs.
func platformProcesses(t *testing.T) []string {
	t.Helper()
	found := []string{strconv.Itoa(os.Getpid())}
	folders, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	for _, folder := range folders {
		parent := regexp.MustCompile(`(?m)^PPid:\s+(\d+)$`).FindStringSubmatch(content(folder + "/status"))
		if parent == nil {
			continue
		}
		if parent[1] == found[0] || strings.Contains(content(folder+"/cmdline"), state) {
			found = append(found, filepath.Base(folder))
		}
	}
	return found
}

func content(path string) string {
	read, _ := os.ReadFile(path)
	return string(read)
}
