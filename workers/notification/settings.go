package main

import (
	"context"
	"net"
	netmail "net/mail"
	"strings"

	"kassa/activities/notification"
	"kassa/internal/config"
)

// settings is the configuration of the notification service.
type settings struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
	config.Services

	SMTPAddress  string `env:"KASSA_SMTP_ADDRESS" envDefault:"127.0.0.1:1025" example:"smtp.example.com:587"`
	SMTPUsername string `env:"KASSA_SMTP_USERNAME" example:"apikey"` // "" signs in nowhere
	SMTPPassword string `env:"KASSA_SMTP_PASSWORD" example:"SG.…"`
	SMTPTLS      string `env:"KASSA_SMTP_TLS" envDefault:"none" example:"starttls"` // none, starttls, tls
	MailFrom     string `env:"KASSA_MAIL_FROM" envDefault:"Kassa <shop@kassa.example>" example:"Shop <hello@shop.example>"`
	ShopURL      string `env:"KASSA_SHOP_URL" envDefault:"http://127.0.0.1:8080" example:"https://shop.example"` // of the links in messages

	SMSURL   string `env:"KASSA_SMS_URL" example:"https://sms.example.com/messages"` // "" sends no SMS
	SMSToken string `env:"KASSA_SMS_TOKEN" example:"…"`
	SMSFrom  string `env:"KASSA_SMS_FROM" envDefault:"Kassa" example:"+4930123456"`

	PushKey     string `env:"KASSA_PUSH_KEY" example:"$(openssl rand -base64 32)"` // VAPID, 32 bytes in base64; "" pushes nothing
	PushSubject string `env:"KASSA_PUSH_SUBJECT" envDefault:"mailto:shop@kassa.example" example:"mailto:hello@shop.example"`

	WebhookKey string `env:"KASSA_WEBHOOK_KEY" envDefault:"development-webhook-key" example:"$(openssl rand -hex 32)"`
	// WebhookLoopback lets webhooks and push messages go to http and to 127.0.0.1.
	WebhookLoopback bool `env:"KASSA_WEBHOOK_LOOPBACK" envDefault:"false" example:"false"`
}

// Validate checks what the types cannot.
func (s settings) Validate(production bool) []string {
	lines := config.HTTPURLs("KASSA_SHOP_URL", s.ShopURL)
	if _, _, err := net.SplitHostPort(s.SMTPAddress); err != nil {
		lines = append(lines, "KASSA_SMTP_ADDRESS must be host:port; for example KASSA_SMTP_ADDRESS=smtp.example.com:587")
	}
	if _, err := netmail.ParseAddress(s.MailFrom); err != nil {
		lines = append(lines, "KASSA_MAIL_FROM must be an address; for example KASSA_MAIL_FROM=\"Shop <hello@shop.example>\"")
	}
	switch s.SMTPTLS {
	case notification.TLSStart, notification.TLSImplicit:
	case notification.TLSNone:
		if production {
			lines = append(lines, "KASSA_SMTP_TLS is none, but mails hold names and tokens; set starttls, or tls for port 465")
		}
	default:
		lines = append(lines, "KASSA_SMTP_TLS must be none, starttls or tls; set one of the three")
	}
	if s.SMSURL != "" {
		lines = append(lines, config.HTTPURLs("KASSA_SMS_URL", s.SMSURL)...)
	}
	if s.PushKey != "" {
		if _, err := notification.NewPusher(notification.PusherOptions{PrivateKey: s.PushKey}); err != nil {
			lines = append(lines, "KASSA_PUSH_KEY must be a P-256 key of 32 bytes in base64; make one with openssl rand -base64 32")
		}
	}
	if !strings.HasPrefix(s.PushSubject, "mailto:") && !strings.HasPrefix(s.PushSubject, "https:") {
		lines = append(lines, "KASSA_PUSH_SUBJECT must say who is responsible; for example KASSA_PUSH_SUBJECT=mailto:hello@shop.example")
	}
	if production {
		lines = append(lines, s.forProduction()...)
	}
	return lines
}

func (s settings) forProduction() []string {
	lines := config.Secret("KASSA_WEBHOOK_KEY", s.WebhookKey)
	if s.WebhookLoopback {
		lines = append(lines, "KASSA_WEBHOOK_LOOPBACK would let webhooks reach this machine; leave it out")
	}
	if !strings.HasPrefix(s.ShopURL, "https://") {
		lines = append(lines, "KASSA_SHOP_URL must be the shop's https address; for example https://shop.example")
	}
	if s.SMSURL != "" && !strings.HasPrefix(s.SMSURL, "https://") {
		lines = append(lines, "KASSA_SMS_URL must be https; for example https://sms.example.com/messages")
	}
	return lines
}

// options are the channels that are configured, and who is asked for content.
func (s settings) options(call func(ctx context.Context, service, operation string, in, out any) error) (notification.Options, error) {
	o := notification.Options{
		Call: call, ShopURL: strings.TrimRight(s.ShopURL, "/"), WebhookKey: s.WebhookKey, AllowLoopback: s.WebhookLoopback,
		Senders: map[notification.Channel]notification.Sender{},
	}
	mailer, err := notification.NewMailer(notification.MailerOptions{
		Address: s.SMTPAddress, Username: s.SMTPUsername, Password: s.SMTPPassword, TLS: s.SMTPTLS, From: s.MailFrom,
	})
	if err != nil {
		return o, err
	}
	o.Senders[notification.Email] = mailer
	if s.SMSURL != "" {
		o.Senders[notification.SMS] = notification.NewTexter(notification.TexterOptions{URL: s.SMSURL, Token: s.SMSToken, From: s.SMSFrom})
	}
	if s.PushKey != "" {
		pusher, err := notification.NewPusher(notification.PusherOptions{
			PrivateKey: s.PushKey, Subject: s.PushSubject, Client: notification.NewOutsideClient(s.WebhookLoopback),
		})
		if err != nil {
			return o, err
		}
		o.Senders[notification.Push], o.PushKey = pusher, pusher.PublicKey()
	}
	return o, nil
}
