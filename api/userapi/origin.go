package userapi

import (
	"net/netip"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Origin is the part of an input that knows the client's network address, ""
// when it cannot be read.
type Origin struct{ address string }

// Resolve takes the address from the connection, or from the last entry of
// X-Forwarded-For when a machine of our own network is at the other end: then it
// is the gateway's word, which drops what a client claims.
func (o *Origin) Resolve(ctx huma.Context) []error {
	peer, err := netip.ParseAddrPort(ctx.RemoteAddr())
	if err != nil {
		return nil
	}
	client := peer.Addr().Unmap()
	if client.IsLoopback() || client.IsPrivate() {
		forwarded := ctx.Header("X-Forwarded-For")
		last := forwarded[strings.LastIndexByte(forwarded, ',')+1:]
		if named, err := netip.ParseAddr(strings.TrimSpace(last)); err == nil {
			client = named.Unmap()
		}
	}
	o.address = group(client).String()
	return nil
}

// group is what counts as one address: of IPv6 the 64 bits that a household gets.
func group(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	network, _ := a.WithZone("").Prefix(64)
	return network.Addr()
}
