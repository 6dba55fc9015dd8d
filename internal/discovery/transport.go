package discovery

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Transport connects to the process, whatever name its URL has, and keeps so many
// connections open for the next requests. It is the instance's own, so that the
// others keep theirs when this one goes.
func (i Instance) Transport(idle int) *http.Transport {
	dialer := &net.Dialer{Timeout: time.Second, KeepAlive: 15 * time.Second}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, i.Dial)
		},
		MaxIdleConnsPerHost: idle,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // what a client asks for passes through
	}
}
