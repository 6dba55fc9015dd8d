package notification

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyThePublicInternetIsReachable(t *testing.T) {
	o := newOutside(false)
	for _, inside := range []string{
		"127.0.0.1", "127.8.9.10", "::1", "0.0.0.0", "::", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001:0:7f00:1::", "2001:db8::1", "::7f00:1", "fec0::1",
	} {
		require.False(t, o.reachable(netip.MustParseAddr(inside)), inside)
	}
	for _, public := range []string{"93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"} {
		require.True(t, o.reachable(netip.MustParseAddr(public)), public)
	}
	require.True(t, newOutside(true).reachable(netip.MustParseAddr("127.0.0.1")), "development")
	require.False(t, newOutside(true).reachable(netip.MustParseAddr("10.0.0.1")))
}

func TestAddressesAreRefusedBeforeAnybodyIsAsked(t *testing.T) {
	o := newOutside(false)
	for _, bad := range []string{
		"http://shop.example/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest/meta-data",
		"https://a:b@shop.example/", "https://shop.example/#x", "file:///etc/passwd", "gopher://shop.example", "//shop.example", "https://", "mailto:a@b.c", "\x00",
	} {
		require.Error(t, o.check(bad), bad)
	}
	require.NoError(t, o.check("https://shop.example:8443/hook?x=1"))
	require.NoError(t, newOutside(true).check("http://127.0.0.1:9/"))
	require.Error(t, newOutside(true).check("http://10.0.0.1/"))
	require.Error(t, newOutside(true).check("http://localhost/"), "a name may be anybody")
}

// TestWhatANameResolvesToIsChecked is about names that point inside: localhost
// stands for any of them, and for one that changed after it was checked.
func TestWhatANameResolvesToIsChecked(t *testing.T) {
	called := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	t.Cleanup(server.Close)
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	o := newOutside(false)
	address := "https://localhost:" + port + "/"
	require.NoError(t, o.check(address))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, nil)
	require.NoError(t, err)
	_, err = o.post(t.Context(), request)
	require.ErrorIs(t, err, errInside)
	require.False(t, called)
}

func TestAnswersAreBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			if _, err := w.Write(make([]byte, 16<<10)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
	require.NoError(t, err)
	status, err := newOutside(true).post(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
}
