package gateway

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client is the network address that r comes from: the peer of its connection,
// unless that is one of our proxies. Then it is the last address of
// X-Forwarded-For that no proxy of ours has, because each of them appends whom it
// heard from, and what stands before that is the client's own claim. The header
// Forwarded (RFC 7239) is not read. The zero address stands for one that cannot
// be told.
func (g *Gateway) client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := peer.Addr().Unmap()
	if !g.trusts(address) {
		return address
	}
	for _, line := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for line != "" {
			before, last := "", line
			if i := strings.LastIndexByte(line, ','); i >= 0 {
				before, last = line[:i], line[i+1:]
			}
			named, ok := parseAddress(strings.TrimSpace(last))
			if !ok {
				return address // nonsense; the proxy that passed it on is what we know
			}
			if address = named; !g.trusts(address) {
				return address
			}
			line = before
		}
	}
	return address
}

// trusts reports whether a is a proxy of ours.
func (g *Gateway) trusts(a netip.Addr) bool {
	for _, network := range g.proxies {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// parseAddress reads an address, with or without a port.
func parseAddress(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		var both netip.AddrPort
		both, err = netip.ParseAddrPort(text)
		a = both.Addr()
	}
	return a.Unmap().WithZone(""), err == nil
}
