package notification

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

const (
	outsideWithin = 15 * time.Second // for an answer, everything included
	answerMost    = 16 << 10         // bytes of an answer that are read, so that the connection can serve again
)

// outside talks to addresses that others have chosen: endpoints of webhooks
// and push services. It goes to the public internet only, whatever a name
// resolves to, and follows no redirect.
type outside struct {
	client        *http.Client
	allowLoopback bool
}

func newOutside(allowLoopback bool) *outside {
	o := &outside{allowLoopback: allowLoopback}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: o.control}
	o.client = &http.Client{
		Timeout:       outsideWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would look up the address after our check
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  outsideWithin,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        30 * time.Second,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
	}
	return o
}

// NewOutsideClient is a client that reaches the public internet only, for the
// Pusher. allowLoopback is for development.
func NewOutsideClient(allowLoopback bool) *http.Client { return newOutside(allowLoopback).client }

var (
	errInside  = errors.New("the address is not on the public internet")
	errAddress = errors.New("not an address that we call")
)

// control sees each address after it was resolved, just before the connection
// is made: a name cannot answer differently between a check and its use.
func (o *outside) control(_, address string, _ syscall.RawConn) error {
	where, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", errInside, err)
	}
	if o.reachable(where.Addr()) {
		return nil
	}
	return errInside
}

// reserved are networks that are no place on the public internet, or lead to
// one that is not, beside those that netip knows.
// Source: https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-.
var reserved = func() (all []netip.Prefix) {
	for _, network := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		all = append(all, netip.MustParsePrefix(network))
	}
	return all
}()

func (o *outside) reachable(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	if address.IsLoopback() {
		return o.allowLoopback
	}
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	if address.Is6() && !netip.MustParsePrefix("2000::/3").Contains(address) {
		return false
	}
	for _, network := range reserved {
		if network.Contains(address) {
			return false
		}
	}
	return true
}

// check refuses an address that can never be called. What a name resolves to is
// checked on each call.
func (o *outside) check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.User != nil || u.Hostname() == "" || u.Fragment != "" {
		return errAddress
	}
	literal, err := netip.ParseAddr(u.Hostname())
	isLiteral := err == nil
	if isLiteral && !o.reachable(literal) {
		return errInside
	}
	here := isLiteral && literal.Unmap().IsLoopback()
	if u.Scheme == "https" || (u.Scheme == "http" && here && o.allowLoopback) {
		return nil
	}
	return errAddress
}

// post sends a body and answers the status. An error says that there was no
// answer.
func (o *outside) post(ctx context.Context, request *http.Request) (status int, err error) {
	response, err := o.client.Do(request.WithContext(ctx))
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, answerMost)
	return response.StatusCode, nil
}
