package notification

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// MailerOptions say which server takes our mail.
type MailerOptions struct {
	Address  string // host:port
	Username string // "" signs in nowhere
	Password string
	TLS      string // none, starttls or tls (from the first byte)
	From     string // like Kassa <shop@kassa.example>
}

// The ways of talking to the mail server.
const (
	TLSNone     = "none"
	TLSStart    = "starttls"
	TLSImplicit = "tls"
)

// Mailer sends letters by SMTP.
type Mailer struct {
	client *mail.Client
	from   *netmail.Address
	domain string            // of the Message-ID
	idle   chan *smtp.Client // conversations that go on with the next letter
}

// NewMailer fails when the options make no sense. It does not connect.
func NewMailer(o MailerOptions) (*Mailer, error) {
	host, port, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("address of the mail server: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("port of the mail server: %w", err)
	}
	from, err := netmail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("sender of mails: %w", err)
	}
	options := []mail.Option{mail.WithPort(number), mail.WithTimeout(10 * time.Second), mail.WithoutNoop()}
	switch o.TLS {
	case TLSImplicit:
		options = append(options, mail.WithSSL(), mail.WithTLSConfig(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}))
	case TLSStart:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if o.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(o.Username), mail.WithPassword(o.Password))
	}
	client, err := mail.NewClient(host, options...)
	return &Mailer{
		client: client, from: from, domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:],
		idle: make(chan *smtp.Client, sendAtOnce),
	}, err
}

// Send hands a letter to the server. Its errors name no address: they are logged.
func (m *Mailer) Send(ctx context.Context, letter Letter) error {
	message, err := m.message(letter)
	if err != nil {
		return &Refusal{Reason: "bad_address", Cause: errBadAddress}
	}
	conversation, err := m.converse(ctx)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	if err = m.client.SendWithSMTPClient(conversation, message); err == nil {
		m.keep(conversation)
		return nil
	}
	_ = conversation.Close()
	if message.IsDelivered() {
		return nil // the server has taken it; what failed came after
	}
	var refused *mail.SendError
	if !errors.As(err, &refused) {
		return errors.New("mail server: the conversation broke off")
	}
	clean := fmt.Errorf("mail server: %s (code %d)", refused.Reason, refused.ErrorCode())
	if code := refused.ErrorCode(); code >= 500 && code < 600 && refused.Reason != mail.ErrSMTPMailFrom {
		return &Refusal{Reason: "refused_by_server", Cause: clean}
	}
	return clean // a sender that is refused is our own mistake: every letter can still be sent
}

// converse goes on with a conversation that is still open, or begins one. A server
// ends those that it finds too long or too quiet; such a one is noticed before a
// letter is begun.
func (m *Mailer) converse(ctx context.Context) (*smtp.Client, error) {
	for {
		select {
		case conversation := <-m.idle:
			if conversation.UpdateDeadline(stillThere) == nil && conversation.Noop() == nil {
				return conversation, nil
			}
			_ = conversation.Close()
		default:
			return m.client.DialToSMTPClientWithContext(ctx)
		}
	}
}

// stillThere is how long a server may take to say that a conversation goes on.
const stillThere = 2 * time.Second

// keep leaves a conversation open for the next letter.
func (m *Mailer) keep(conversation *smtp.Client) {
	select {
	case m.idle <- conversation:
	default:
		_ = m.client.CloseWithSMTPClient(conversation)
	}
}

var errBadAddress = errors.New("not an address that mail can go to")

func (m *Mailer) message(letter Letter) (*mail.Msg, error) {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := message.FromFormat(m.from.Name, m.from.Address); err != nil {
		return nil, err
	}
	if err := message.AddToFormat(letter.To.Name, letter.To.Email); err != nil {
		return nil, err
	}
	message.Subject(letter.Subject)
	message.SetDate()
	message.SetMessageIDWithValue(letter.ID + "@" + m.domain)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's holiday note shall answer
	message.SetBodyString(mail.TypeTextPlain, letter.Text)
	message.AddAlternativeString(mail.TypeTextHTML, letter.HTML)
	return message, nil
}
