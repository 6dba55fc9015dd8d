// Package discoverytest is a name server for tests of discovery.
package discoverytest

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

// Server answers for the names that it was told about, over UDP.
type Server struct {
	conn net.PacketConn

	mu      sync.Mutex
	hosts   map[string][]netip.Addr
	offered map[string][]dnsmessage.SRVResource
	failing bool
	refused int
}

// Start starts a Server that knows nothing, and ends it with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &Server{conn: conn, hosts: map[string][]netip.Addr{}, offered: map[string][]dnsmessage.SRVResource{}}
	done := make(chan struct{})
	go func() { defer close(done); s.serve() }()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return s
}

// Resolver asks this server and nobody else.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", s.conn.LocalAddr().String())
	}}
}

// Host says which addresses name has from now on; none when it is gone.
func (s *Server) Host(name string, addresses ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[name] = nil
	for _, text := range addresses {
		s.hosts[name] = append(s.hosts[name], netip.MustParseAddr(text))
	}
}

// Offer adds an SRV record of name.
func (s *Server) Offer(name, target string, port, priority uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offered[name] = append(s.offered[name], dnsmessage.SRVResource{Priority: priority, Port: port, Target: dnsmessage.MustNewName(target + ".")})
}

// Fail has every question answered with SERVFAIL, or not any more.
func (s *Server) Fail(failing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = failing
}

// Refused is how many questions were answered with SERVFAIL.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

func (s *Server) serve() {
	packet := make([]byte, 4096)
	for {
		n, from, err := s.conn.ReadFrom(packet)
		if err != nil {
			return
		}
		var question dnsmessage.Message
		if question.Unpack(packet[:n]) != nil || len(question.Questions) == 0 {
			continue
		}
		if answer, err := s.answer(question).Pack(); err == nil {
			_, _ = s.conn.WriteTo(answer, from)
		}
	}
}

func (s *Server) answer(question dnsmessage.Message) *dnsmessage.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := question.Questions[0]
	name := strings.TrimSuffix(asked.Name.String(), ".")
	out := &dnsmessage.Message{
		Header:    dnsmessage.Header{ID: question.ID, Response: true, Authoritative: true, RecursionAvailable: true, RecursionDesired: question.RecursionDesired},
		Questions: question.Questions[:1],
	}
	if s.failing {
		s.refused++
		out.RCode = dnsmessage.RCodeServerFailure
		return out
	}
	if len(s.hosts[name]) == 0 && len(s.offered[name]) == 0 {
		out.RCode = dnsmessage.RCodeNameError
		return out
	}
	add := func(body dnsmessage.ResourceBody) {
		out.Answers = append(out.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class}, Body: body})
	}
	for _, ip := range s.hosts[name] {
		switch {
		case asked.Type == dnsmessage.TypeA && ip.Is4():
			add(&dnsmessage.AResource{A: ip.As4()})
		case asked.Type == dnsmessage.TypeAAAA && ip.Is6():
			add(&dnsmessage.AAAAResource{AAAA: ip.As16()})
		}
	}
	if asked.Type == dnsmessage.TypeSRV {
		for i := range s.offered[name] {
			add(&s.offered[name][i])
		}
	}
	return out
}
