package gateway_test

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// dial opens a connection that ends with the test.
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
	_, err := conn.Write([]byte(request))
	require.NoError(e.t, err)
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method}) //nolint:bodyclose // read does
	require.NoError(e.t, err, "%q", request)
	return e.read(res)
}
