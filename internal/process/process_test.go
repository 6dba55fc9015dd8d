package process_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/internal/config"
	"kassa/internal/localstack/freeport"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
	"kassa/internal/process"
)

// first and migrations are a database before and after its newest migration.
var (
	first      = fstest.MapFS{"0001_shelf.sql": {Data: []byte("-- +goose Up\nCREATE TABLE shelf (id integer);\n")}}
	migrations = fstest.MapFS{"0001_shelf.sql": first["0001_shelf.sql"], "0002_mugs.sql": {Data: []byte("-- +goose Up\nCREATE TABLE mugs (id integer);\n")}}
)

// TestMain is also the worker under test, when the test binary calls itself.
func TestMain(m *testing.M) {
	if os.Getenv("KASSA_TEST_WORKER") != "" {
		process.Main("mugs", migrations, worker)
	}
	pgtest.Main(m)
}

func worker(ctx context.Context, p *process.Process) error {
	cfg, err := config.Load[struct {
		config.Common
		config.Database
	}]()
	if err != nil {
		return err
	}
	pool, err := pg.Open(cfg.DatabaseURL, 2)
	if err != nil {
		return err
	}
	p.OnStop("database", func(context.Context) error { pool.Close(); return nil })
	p.Check("database", pool.Ping)
	p.Add("printer", func(ctx context.Context) error {
		<-ctx.Done()
		fmt.Println("printer stopped")
		return nil
	})
	lit := make(chan struct{})
	if os.Getenv("KASSA_TEST_WORKER") == "bomb" {
		close(lit)
	}
	p.Add("bomb", func(ctx context.Context) error {
		select {
		case <-lit:
			fmt.Println("bomb went off")
			return errors.New("fuse burnt")
		case <-ctx.Done():
			fmt.Println("bomb stopped")
			return nil
		}
	})
	return p.Serve(cfg.Listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("serving " + r.URL.Path)
		switch r.URL.Path {
		case "/v1/stream":
			_ = http.NewResponseController(w).Flush()
			<-process.Leaving(r.Context()).Done()
			return
		case "/v1/fuse/now":
			close(lit)
		case "/v1/fuse/on-leaving":
			<-process.Leaving(r.Context()).Done()
			close(lit)
		}
		_, _ = io.Copy(io.Discard, r.Body) // the client decides when it is done
		fmt.Println("served")
		_, _ = io.WriteString(w, "ok")
	}))
}

// child is a worker process.
type child struct {
	*exec.Cmd
	t       *testing.T
	out     *bufio.Scanner
	errFile string
	url     string
}

// stderr is what it has written to standard error so far.
func (c *child) stderr() string {
	text, err := os.ReadFile(c.errFile)
	require.NoError(c.t, err)
	return string(text)
}

func start(t *testing.T, mode, database string, args ...string) *child {
	t.Helper()
	listen := freePort(t)
	cmd := exec.Command(os.Args[0], args...) //nolint:gosec,noctx // ourselves, ended below
	cmd.Env = append(os.Environ(), "KASSA_TEST_WORKER="+mode, "KASSA_LISTEN="+listen, "KASSA_DATABASE_URL="+database)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := os.CreateTemp(t.TempDir(), "stderr")
	require.NoError(t, err)
	c := &child{Cmd: cmd, t: t, out: bufio.NewScanner(out), errFile: stderr.Name(), url: "http://" + listen}
	cmd.Stderr = stderr
	require.NoError(t, cmd.Start())
	require.NoError(t, stderr.Close())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return c
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := freeport.Pick()
	require.NoError(t, err)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// line is the next line of standard output.
func (c *child) line() string {
	c.t.Helper()
	require.True(c.t, c.out.Scan(), c.stderr())
	return c.out.Text()
}

func (c *child) ready() (int, process.State) {
	c.t.Helper()
	var state process.State
	var status int
	require.Eventually(c.t, func() bool {
		res, err := http.Get(c.url + "/ready") //nolint:noctx // a test
		if err != nil {
			return false
		}
		defer func() { _ = res.Body.Close() }()
		status = res.StatusCode
		return json.NewDecoder(res.Body).Decode(&state) == nil && state.Status != "stopping"
	}, time.Minute, 5*time.Millisecond)
	return status, state
}

func (c *child) exitCode() int {
	c.t.Helper()
	_ = c.Wait()
	return c.ProcessState.ExitCode()
}

// TestHeadersThatDripEndTheirConnection is the attack called slow loris.
func TestHeadersThatDripEndTheirConnection(t *testing.T) {
	t.Parallel()
	c := start(t, "serve", pgtest.URL(t, migrations))
	c.ready()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://")) //nolint:noctx // a test
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "GET /v1/x HTTP/1.1\r\nHost: shop\r\nX-Drip: ")
	require.NoError(t, err)
	drop := time.NewTicker(100 * time.Millisecond)
	defer drop.Stop()
	for begin := time.Now(); err == nil; <-drop.C { // there is always one more letter
		require.Less(t, time.Since(begin), time.Minute)
		_, err = io.WriteString(conn, "x")
	}
}

func TestSIGTERMFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	c := start(t, "serve", pgtest.URL(t, migrations))
	var state process.State
	require.Eventually(t, func() bool {
		var status int
		status, state = c.ready()
		return status == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
	require.Equal(t, process.State{Service: "mugs", Status: "ready", Checks: map[string]string{"database": "ok"}}, state)

	body, finish := io.Pipe()
	answer := make(chan string, 1)
	go func() {
		res, err := http.Post(c.url+"/v1/slow/../x", "text/plain", body) //nolint:noctx // a test
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = res.Body.Close() }()
		text, _ := io.ReadAll(res.Body)
		answer <- string(text)
	}()
	require.Equal(t, "serving /v1/slow/../x", c.line())
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { // the port closes before the request ends
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://")) //nolint:noctx // a test
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, finish.Close())
	select {
	case text := <-answer:
		require.Equal(t, "ok", text)
	case <-time.After(time.Minute):
		t.Fatal("no answer")
	}
	require.Equal(t, []string{"served", "bomb stopped", "printer stopped"}, []string{c.line(), c.line(), c.line()})
	require.Zero(t, c.exitCode(), c.stderr())
}

func TestAProcessThatStopsAnswersUntilItsClientsHaveNoticed(t *testing.T) {
	t.Setenv("KASSA_DRAIN", "5s")
	c := start(t, "serve", "postgres://mugs@127.0.0.1:1/mugs")
	_, _ = c.ready()
	stream, err := http.Get(c.url + "/v1/stream") //nolint:noctx // a test
	require.NoError(t, err)
	defer func() { _ = stream.Body.Close() }()
	begin := time.Now()
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))

	ask := func(path string) (text string, closes bool) {
		res, err := http.Get(c.url + path) //nolint:noctx // a test
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return string(body), res.Close
	}
	c.stopping()
	text, closes := ask("/v1/mugs")
	require.Equal(t, "ok", text)
	require.True(t, closes, "the next request is to come by another connection")

	rest, err := io.ReadAll(stream.Body)
	require.NoError(t, err, "it ends, and is not cut")
	require.Empty(t, rest)
	require.GreaterOrEqual(t, time.Since(begin), 4900*time.Millisecond, "not before the drain is over")
	require.Zero(t, c.exitCode(), c.stderr())
}

func TestWhatFailsWhileTheProcessStopsIsSaid(t *testing.T) {
	for _, c := range []struct{ name, drain, fuse string }{
		{"while it still answers", "10s", "now"},
		{"while requests in flight are finished", "0s", "on-leaving"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("KASSA_DRAIN", c.drain)
			p := start(t, "serve", "postgres://mugs@127.0.0.1:1/mugs")
			_, _ = p.ready()
			slow, finish := io.Pipe()
			go p.post("/v1/slow", slow) // is under way when the stop begins
			require.Equal(t, "serving /v1/slow", p.line())
			light := func() {
				go p.post("/v1/fuse/"+c.fuse, http.NoBody)
				require.Equal(t, "serving /v1/fuse/"+c.fuse, p.line())
			}
			if c.fuse == "on-leaving" {
				light()
			}
			require.NoError(t, p.Process.Signal(syscall.SIGTERM))
			if c.fuse == "now" {
				p.stopping()
				light()
			}
			begin := time.Now()
			if first := p.line(); first != "bomb went off" {
				require.Equal(t, []string{"served", "bomb went off"}, []string{first, p.line()})
			}
			require.NoError(t, finish.Close())
			require.Equal(t, 1, p.exitCode())
			require.Less(t, time.Since(begin), 8*time.Second, "what is left of the drain is not waited for")
			require.Contains(t, p.stderr(), "mugs: bomb stopped: fuse burnt")
		})
	}
}

// stopping waits until it says that it stops.
func (c *child) stopping() {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		res, err := http.Get(c.url + "/ready") //nolint:noctx // a test
		if err != nil {
			return false
		}
		defer func() { _ = res.Body.Close() }()
		state, err := io.ReadAll(res.Body)
		return err == nil && strings.Contains(string(state), "stopping")
	}, 30*time.Second, 5*time.Millisecond)
}

// post sends a request, whatever becomes of it.
func (c *child) post(path string, body io.Reader) {
	res, err := http.Post(c.url+path, "text/plain", body) //nolint:noctx // a test
	if err == nil {
		_ = res.Body.Close()
	}
}

func TestADatabaseThatIsNotThereIsSaidNotFatal(t *testing.T) {
	t.Parallel()
	c := start(t, "serve", "postgres://mugs:secret@127.0.0.1:1/mugs")
	status, state := c.ready()
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, process.State{Service: "mugs", Status: "not ready", Checks: map[string]string{"database": "unavailable"}}, state)
	res, err := http.Get(c.url + "/health") //nolint:noctx // a test
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Zero(t, c.exitCode())
	require.NotContains(t, c.stderr(), "secret")
}

func TestTheFirstComponentToStopStopsTheRest(t *testing.T) {
	t.Parallel()
	c := start(t, "bomb", "postgres://mugs@127.0.0.1:1/mugs")
	require.Equal(t, []string{"bomb went off", "printer stopped"}, []string{c.line(), c.line()})
	require.Equal(t, 1, c.exitCode())
	require.Contains(t, c.stderr(), "mugs: bomb stopped: fuse burnt")
}

func TestAPortThatIsTakenIsOneSentence(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed below
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	cmd := exec.Command(os.Args[0]) //nolint:gosec,noctx // ourselves
	cmd.Env = append(os.Environ(), "KASSA_TEST_WORKER=serve", "KASSA_LISTEN="+l.Addr().String(), "KASSA_DATABASE_URL=postgres://mugs@127.0.0.1:1/mugs")
	text, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	_, port, _ := net.SplitHostPort(l.Addr().String())
	require.Equal(t, "mugs: cannot listen on "+l.Addr().String()+": the port is taken; end the process that uses it (ss -ltnp 'sport = :"+port+"') or set KASSA_LISTEN to another address\n", string(text))
}

func TestABadConfigurationIsAList(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0]) //nolint:gosec,noctx // ourselves
	cmd.Env = append(os.Environ(), "KASSA_TEST_WORKER=serve", "KASSA_LISTEN=", "KASSA_DATABASE_URL=")
	text, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 2, cmd.ProcessState.ExitCode())
	require.Equal(t, `mugs: the configuration is not usable:
  - KASSA_LISTEN is not set or empty; set it, for example KASSA_LISTEN=127.0.0.1:4001
  - KASSA_DATABASE_URL is not set or empty; set it, for example KASSA_DATABASE_URL=postgres://orders:secret@127.0.0.1:5442/orders?sslmode=disable
`, string(text))
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t, first)
	for range 2 { // the second has nothing to do
		c := start(t, "serve", url, "migrate")
		require.Zero(t, c.exitCode(), c.stderr())
	}
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), "INSERT INTO mugs VALUES (1)")
	require.NoError(t, err)

	c := start(t, "serve", url, "frobnicate")
	require.Equal(t, 2, c.exitCode())
	require.Contains(t, c.stderr(), "usage: mugs [migrate]")
}
