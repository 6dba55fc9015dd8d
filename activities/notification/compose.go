package notification

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kassa/internal/fault"
	"kassa/internal/pg"
	"kassa/sql/notificationdb"
)

// Letter is a message on its way: the only place where text and address meet.
type Letter struct {
	// ID is the same for every attempt at the message, made from the event's id:
	// by it a repeat after a crash is recognised.
	ID      string
	To      Address
	Subject string
	Text    string // plain text
	HTML    string
	Short   string // one sentence, for SMS and push
	Link    string // where the person can go on; "" when there is nowhere
}

// Address is where a person is reached; a channel reads its own part.
type Address struct {
	Name  string
	Email string
	Phone string            // E.164
	Push  *PushSubscription // a browser
}

// compose writes the letters of a message, one per address: e-mail and SMS have
// one, push has one per browser.
func (s *Service) compose(ctx context.Context, m notificationdb.Message, from material) ([]Letter, error) {
	person, err := from.person(m.UserID)
	if err != nil {
		return nil, err
	}
	if person.Erased {
		return nil, errSkip{"recipient_erased"}
	}
	if !person.wants(m.Kind, Channel(m.Channel)) {
		return nil, errSkip{"not_wanted"}
	}
	page, err := s.page(ctx, m, from, &person)
	if err != nil {
		return nil, err
	}
	letter, err := page.write(m.Kind, person.Locale)
	if err != nil {
		return nil, &Refusal{Reason: "unwritable", Cause: err}
	}
	letter.ID = m.EventID.String() + "." + m.Channel
	return s.addressed(ctx, m, letter, person)
}

// addressed puts the addresses of the message's channel on the letter.
func (s *Service) addressed(ctx context.Context, m notificationdb.Message, letter Letter, person Contact) ([]Letter, error) {
	letter.To = Address{Name: oneLine(person.Name)}
	switch Channel(m.Channel) {
	case Email:
		letter.To.Email = person.Email
		if person.Email == "" {
			return nil, errSkip{"no_address"}
		}
	case SMS:
		letter.To.Phone = person.Phone
		if person.Phone == "" {
			return nil, errSkip{"no_address"}
		}
	case Push:
		browsers, err := s.browsers(ctx, m.UserID)
		letters := make([]Letter, len(browsers))
		for i := range browsers {
			letters[i] = letter
			letters[i].To.Push = &browsers[i]
		}
		return letters, err
	}
	return []Letter{letter}, nil
}

// page gathers what the text of a message is written from.
func (s *Service) page(ctx context.Context, m notificationdb.Message, from material, person *Contact) (page, error) {
	p := page{Name: oneLine(person.Name), Shop: s.options.ShopURL}
	if err := json.Unmarshal(m.Facts, &p.Facts); err != nil {
		return p, &Refusal{Reason: "unwritable", Cause: err}
	}
	if m.Kind == kindCustom {
		return p, s.letterOf(ctx, m, &p)
	}
	if m.AboutID == nil {
		return p, nil
	}
	switch contentOf(m.Kind) {
	case aboutOrder:
		order, err := from.order(*m.AboutID)
		if err != nil {
			return p, err
		}
		p.Order, p.Link = &order, p.Shop+"/orders/"+m.AboutID.String()
		if m.Kind == "order_awaiting_payment" && order.ActionURL != "" {
			p.Link = order.ActionURL
		}
	case aboutRequest:
		token, err := s.mailToken(ctx, *m.AboutID)
		if known := (*fault.Error)(nil); errors.As(err, &known) && !known.Code.Retryable() {
			return p, errSkip{known.Reason} // used, expired or replaced meanwhile
		}
		if err != nil {
			return p, err
		}
		if !token.ExpiresAt.IsZero() && time.Now().After(token.ExpiresAt) {
			return p, errSkip{"expired"}
		}
		person.Email = token.Email // the address that is to be proven, which may be a new one
		p.Token, p.Expires = token.Token, token.ExpiresAt
		p.Link = fmt.Sprintf("%s/%s?token=%s", p.Shop, strings.ReplaceAll(m.Kind, "_", "-"), url.QueryEscape(token.Token))
	case aboutCart:
		p.Link = p.Shop + "/cart"
	}
	return p, nil
}

// letterOf reads what somebody of the shop wrote.
func (s *Service) letterOf(ctx context.Context, m notificationdb.Message, p *page) error {
	return pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err := notificationdb.New(conn).GetLetter(ctx, m.EventID)
		if pg.NotFound(err) {
			return &Refusal{Reason: "text_forgotten", Cause: err}
		}
		p.Subject, p.Body = row.Subject, row.Body
		return err
	})
}
