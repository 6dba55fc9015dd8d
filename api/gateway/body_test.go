package gateway_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
)

// TestAClientsBrokenBodyIsNotTheServicesFault sends bodies that are no chunks (RFC
// 9112, section 7.1) after the service has begun to read them.
func TestAClientsBrokenBodyIsNotTheServicesFault(t *testing.T) {
	e := open(t, echoing(t))
	for range 10 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(e.url, "http://"))
		require.NoError(t, err)
		_, err = fmt.Fprint(conn, "POST /api/v1/webhooks/stripe HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"+
			"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno chunk\r\n")
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, res.StatusCode)
		require.NoError(t, res.Body.Close())
		require.NoError(t, conn.Close())
	}
	require.Equal(t, 200, e.call("GET", "/api/v1/payments/7", "", nil).status, "the service is as it was")
}

func TestThePathInAnAddressIsKept(t *testing.T) {
	e := open(t, func(o *gateway.Options) { o.Services["order"] = []string{upstream(t, "order").URL + "/shop/"} })
	require.Equal(t, "/shop/v1/orders/7", e.call("GET", "/api/v1/orders/7", "", nil).body["path"])
}

func TestNobodyTriesKeysWhereTheProviderSpeaks(t *testing.T) {
	e := open(t, echoing(t))
	a := e.call("POST", "/api/v1/webhooks/stripe", "{}", headers{"X-API-Key": "guess"})
	require.Equal(t, 200, a.status, "the service looks at the signature alone")
	require.NotContains(t, a.raw, "guess")
}
