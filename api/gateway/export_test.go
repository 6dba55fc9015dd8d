package gateway

import "time"

// SetUsualWait shortens the deadline of gateways made from now on.
func SetUsualWait(d time.Duration) (restore func()) {
	before := usual
	usual = d
	return func() { usual = before }
}
