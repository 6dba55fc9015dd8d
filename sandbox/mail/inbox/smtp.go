package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	largestMessage = 10 << 20 // bytes
	mostRecipients = 100
	slowestClient  = 30 * time.Second
)

// SMTP is the server that mail is sent to.
type SMTP struct {
	listener net.Listener
	server   *smtp.Server
}

// Listen takes the address at once, so that one that is taken is said before anything starts.
func Listen(address string, messages *Inbox) (*SMTP, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for mail: %w; end the process that uses it or set KASSA_SMTP_LISTEN to another address", address, err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{messages: messages}, nil
	}))
	server.Domain = "sandbox.localhost"
	server.MaxMessageBytes, server.MaxRecipients = largestMessage, mostRecipients
	server.ReadTimeout, server.WriteTimeout = slowestClient, slowestClient
	server.AllowInsecureAuth, server.EnableSMTPUTF8 = true, true
	return &SMTP{listener: listener, server: server}, nil
}

// Address is where it listens.
func (s *SMTP) Address() string { return s.listener.Addr().String() }

// Run serves until ctx ends; a conversation under way may end first.
func (s *SMTP) Run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(s.listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = s.server.Shutdown(stopping) // what goes on after that ends with the process
	_ = s.listener.Close()          // the server does not know it when it is shut down before it began to serve
	if err := <-served; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// Ping says whether mail is taken.
func (s *SMTP) Ping(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Address())
	if err != nil {
		return err
	}
	return conn.Close()
}

// session is one conversation. It believes everything.
type session struct {
	messages *Inbox
	from     string
	to       []string
}

// AuthMechanisms lets clients sign in that insist on it.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth takes any name and password.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}

// Mail notes the sender.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt notes a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data keeps the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := parse(string(raw))
	m.Channel, m.From, m.To = channelEmail, s.from, s.to
	s.messages.add(m)
	return nil
}

// Reset begins anew.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the conversation.
func (*session) Logout() error { return nil }
