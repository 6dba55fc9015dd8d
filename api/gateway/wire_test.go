package gateway_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
	"kassa/internal/id"
	"kassa/internal/identity"
)

// dial opens a connection to the gateway.
func (e *edge) dial() net.Conn {
	e.t.Helper()
	conn, err := new(net.Dialer).DialContext(e.t.Context(), "tcp", strings.TrimPrefix(e.url, "http://"))
	require.NoError(e.t, err)
	require.NoError(e.t, conn.SetDeadline(time.Now().Add(soon)))
	return conn
}

// wire sends a request as it is written, which no client library would.
func (e *edge) wire(request string) answer {
	e.t.Helper()
	conn := e.dial()
	defer func() { _ = conn.Close() }()
	_, err := io.WriteString(conn, request)
	require.NoError(e.t, err)
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method}) //nolint:bodyclose // read does
	require.NoError(e.t, err, "%q", request)
	return e.read(res)
}

// heard is a service that keeps the requests as they come, byte for byte, one to a
// connection.
func heard(t *testing.T, says string) (address string, requests <-chan string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	came := make(chan string, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			var seen bytes.Buffer
			req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &seen)))
			if err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(conn, says)
				came <- seen.String()
			}
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String(), came
}

const fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}"

// both is a gateway whose order service and old shop are one that keeps requests.
func both(t *testing.T, says string) (e *edge, requests <-chan string) {
	t.Helper()
	address, requests := heard(t, says)
	return open(t, func(o *gateway.Options) { o.Services["order"], o.LegacyURL = []string{address}, address }), requests
}

func TestRequestsThatCanBeReadInTwoWays(t *testing.T) {
	const next = "GET /api/v1/orders/smuggled HTTP/1.1\r\nHost: shop\r\n\r\n"
	for name, c := range map[string]struct {
		head   string // after the request line and Host
		status int
	}{
		"two lengths":               {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
		"a list of lengths":         {"Content-Length: 5, 6\r\n", 400},
		"a signed length":           {"Content-Length: +5\r\n", 400},
		"a length below 0":          {"Content-Length: -1\r\n", 400},
		"no length":                 {"Content-Length: five\r\n", 400},
		"another coding":            {"Transfer-Encoding: gzip, chunked\r\n", 501},
		"a coding that is none":     {"Transfer-Encoding: xchunked\r\n", 501},
		"identity":                  {"Transfer-Encoding: identity\r\n", 501},
		"codings on two lines":      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 501},
		"a space before the colon":  {"Transfer-Encoding : chunked\r\n", 400},
		"a tab in a name":           {"Transfer-\tEncoding: chunked\r\n", 400},
		"a folded first line":       {" folded: 1\r\n", 400},
		"a second host":             {"Host: evil\r\n", 400},
		"NUL in a value":            {"X-A: a\x00b\r\n", 400},
		"a bare CR in a value":      {"X-A: a\rTransfer-Encoding: chunked\r\n", 400},
		"a line without a colon":    {"X-A\r\n", 400},
		"an expectation of its own": {"Expect: 200-ok\r\n", 417},
	} {
		t.Run(name, func(t *testing.T) {
			e, requests := both(t, fine)
			for _, path := range []string{"/api/v1/orders/7/notes", "/api/v1/wishlists"} {
				conn := e.dial()
				_, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: shop\r\n"+c.head+"\r\n0\r\n\r\n"+next)
				require.NoError(t, err)
				all, err := io.ReadAll(conn) // it is closed, whatever comes next
				if err != nil {
					require.ErrorContains(t, err, "reset")
				}
				require.Contains(t, strings.SplitN(string(all), "\r\n", 2)[0], fmt.Sprintf("HTTP/1.1 %d", c.status))
				require.Equal(t, 1, strings.Count(string(all), "HTTP/1.1"))
				require.NoError(t, conn.Close())
			}
			require.Empty(t, requests)
		})
	}
	for _, head := range []string{"", "Host: \r\n", "Host: a b\r\n"} {
		conn := open(t, echoing(t)).dial()
		_, err := io.WriteString(conn, "GET /api/v1/orders HTTP/1.1\r\n"+strings.Replace(head, "Host: \r\n", "", 1)+"\r\n")
		require.NoError(t, err)
		line, err := bufio.NewReader(conn).ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, "HTTP/1.1 400", head)
		require.NoError(t, conn.Close())
	}
}

// TestTheCodingCountsAndNotTheLength is RFC 9112, section 6.3: of both, what the
// service hears has one.
func TestTheCodingCountsAndNotTheLength(t *testing.T) {
	e, requests := both(t, fine)
	for _, path := range []string{"/api/v1/orders/7/notes", "/api/v1/wishlists"} {
		a := e.wire("POST " + path + " HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
		require.Equal(t, 200, a.status, a.raw)
		got := await(t, requests)
		require.NotContains(t, got, "Content-Length")
		require.Contains(t, got, "\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	}
}

func TestNothingBetweenUsAndTheClientGoesOn(t *testing.T) {
	e, requests := both(t, fine)
	token := e.issuer.Token(id.New(), identity.Customer)
	for _, path := range []string{"/api/v1/orders", "/api/v1/wishlists"} {
		a := e.wire("GET " + path + " HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer " + token + "\r\n" +
			"Connection: Upgrade, HTTP2-Settings, X-Request-Id, X-Correlation-Id, X-Forwarded-For, keep-alive\r\nConnection: X-Hop\r\n" +
			"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\n" +
			"Proxy-Authenticate: x\r\nX-Forwarded-For: 203.0.113.9\r\nX_Forwarded_For: 203.0.113.9\r\nX-Folded: one\r\n two\r\n\r\n")
		require.Equal(t, 200, a.status, a.raw)
		got := await(t, requests)
		for _, name := range []string{"Upgrade", "Http2-Settings", "X-Hop", "Keep-Alive", "Proxy-", "203.0.113.9", "X_Forwarded_For", "Connection"} {
			require.NotContains(t, got, name)
		}
		for _, line := range []string{"X-Request-Id: " + a.header.Get("X-Request-Id"), "X-Correlation-Id: " + a.header.Get("X-Correlation-Id"), "X-Forwarded-For: 127.0.0.1", "Authorization: Bearer " + token, "X-Folded: one two"} {
			require.Contains(t, got, "\r\n"+line+"\r\n")
		}
	}
}

func TestNobodyGetsATunnel(t *testing.T) {
	e, requests := both(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	for _, path := range []string{"/api/v1/orders", "/api/v1/wishlists"} {
		a := e.wire("GET " + path + " HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n")
		require.NotContains(t, await(t, requests), "Upgrade", "RFC 9110, section 7.8: it may be ignored")
		e.refused(a, 503, "unavailable")
	}
	conn := e.dial()
	_, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	require.NoError(t, err)
	line, _ := bufio.NewReader(conn).ReadString('\n')
	require.NotContains(t, line, " 2", "the version that we speak is 1.1")
	require.NoError(t, conn.Close())
	require.Empty(t, requests)
}

func TestTrailersOfARequestEndHere(t *testing.T) {
	e, requests := both(t, fine)
	for _, path := range []string{"/api/v1/orders/7/notes", "/api/v1/wishlists"} {
		a := e.wire("POST " + path + " HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTE: trailers\r\nTrailer: X-Forwarded-For, X-Internal-Token\r\nTransfer-Encoding: chunked\r\n\r\n" +
			"2\r\n{}\r\n0\r\nX-Forwarded-For: 203.0.113.9\r\nX-Internal-Token: x\r\nX-Unannounced: x\r\n\r\n")
		require.Equal(t, 200, a.status, a.raw)
		got := await(t, requests)
		for _, each := range []string{"Trailer:", "203.0.113.9", "X-Internal-Token", "X-Unannounced"} {
			require.NotContains(t, got, each)
		}
	}
}

func TestManyHeadersAreAsLargeAsOneLargeHeader(t *testing.T) {
	e, requests := both(t, fine)
	many := "GET /api/v1/orders HTTP/1.1\r\nHost: shop\r\n" + strings.Repeat("A:\r\n", 4000) + "\r\n"
	e.refused(e.wire(many), 431, "headers_too_large")
	require.Empty(t, requests)
}

func TestABodyIsAskedForOnlyWhenItIsWanted(t *testing.T) {
	t.Cleanup(gateway.SetArrivesIn(2 * time.Second))
	e := open(t, echoing(t))
	ask := func(path string) (*bufio.Reader, net.Conn) {
		conn := e.dial()
		t.Cleanup(func() { _ = conn.Close() })
		_, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
		require.NoError(t, err)
		return bufio.NewReader(conn), conn
	}
	from, _ := ask("/api/v1/checkout")
	res, err := http.ReadResponse(from, nil) //nolint:bodyclose // read does
	require.NoError(t, err)
	e.refused(e.read(res), 400, "idempotency_key_required")
	_, err = from.ReadByte()
	require.ErrorIs(t, err, io.EOF, "what was not asked for is not taken for the next request") // and is not waited for

	from, conn := ask("/api/v1/quotes")
	line, err := from.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, _ = from.ReadString('\n')
	_, err = io.WriteString(conn, "{}")
	require.NoError(t, err)
	res, err = http.ReadResponse(from, nil) //nolint:bodyclose // read does
	require.NoError(t, err)
	a := e.read(res)
	require.Equal(t, []any{200, "{}"}, []any{a.status, a.body["body"]}, a.raw)
	require.NotContains(t, a.raw, "100-continue")
}

// TestABodyThatDoesNotComeHoldsUpNobody drips bodies. Go's server answers when all of
// one is there, refusals too.
func TestABodyThatDoesNotComeHoldsUpNobody(t *testing.T) {
	t.Cleanup(gateway.SetArrivesIn(300 * time.Millisecond))
	e := open(t, echoing(t))
	const large = 100 << 10
	for _, c := range []struct {
		path, header string
		status       string
	}{
		{"/api/v1/quotes", fmt.Sprintf("Content-Length: %d", 100), "408"},
		{"/api/v1/quotes", fmt.Sprintf("Content-Length: %d", large), "408"},
		{"/api/v1/quotes", "Transfer-Encoding: chunked", "408"},
		{"/api/v1/checkout", "Content-Length: 100", "400"},
		{"/api/v1/nothing", "Content-Length: 100", "404"},
		{"/api/v1/a//b", fmt.Sprintf("Content-Length: %d", large), "400"},
		{"/docs", "Transfer-Encoding: chunked", "405"},
	} {
		conn := e.dial()
		_, err := io.WriteString(conn, "POST "+c.path+" HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"+c.header+"\r\n\r\n1")
		require.NoError(t, err)
		all, err := io.ReadAll(conn)
		require.NoError(t, err, "%s: the connection ends, too", c.path)
		require.Contains(t, string(all), "HTTP/1.1 "+c.status, c.path)
		require.NoError(t, conn.Close())
	}
	require.Equal(t, 200, e.call("GET", "/api/v1/quotes", "", nil).status)
}
