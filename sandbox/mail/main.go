// Command mail is the mail server of a developer's machine: it takes every message, delivers
// none, and shows them at its web address. See package inbox.
package main

import (
	"context"

	"kassa/internal/config"
	"kassa/internal/process"
	"kassa/sandbox/mail/inbox"
)

// configuration is what this process reads from its environment.
type configuration struct {
	Listen     string `env:"KASSA_LISTEN,notEmpty" example:"127.0.0.1:4101"`
	SMTPListen string `env:"KASSA_SMTP_LISTEN,notEmpty" example:"127.0.0.1:1025"`
}

// Validate refuses a production environment: no message leaves this process.
func (configuration) Validate(production bool) []string {
	if production {
		return []string{"KASSA_ENV is production, where the mail sandbox must not run; point the notification service at a real mail server"}
	}
	return nil
}

func main() { process.Main("mail", nil, run) }

func run(_ context.Context, p *process.Process) error {
	cfg, err := config.Load[configuration]()
	if err != nil {
		return err
	}
	messages := inbox.New()
	smtp, err := inbox.Listen(cfg.SMTPListen, messages)
	if err != nil {
		return err
	}
	p.Check("smtp", smtp.Ping)
	p.Add("smtp", smtp.Run)
	return p.Serve(cfg.Listen, messages.Handler())
}
