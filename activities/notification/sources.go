package notification

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/sql/notificationdb"
)

// Contact is where and how a person wants to be told: user.ReadContacts. It is
// asked for when something is sent, and kept nowhere.
type Contact struct {
	UserID   uuid.UUID `json:"user_id"`
	Email    string    `json:"email"`
	Name     string    `json:"name"`
	Phone    string    `json:"phone"`  // E.164; "" when there is none
	Locale   string    `json:"locale"` // en or de
	Channels struct {
		Email bool `json:"email"`
		SMS   bool `json:"sms"`
		Push  bool `json:"push"`
	} `json:"channels"`
	Erased bool `json:"erased"`
}

// OrderBrief is an order as a message tells it: order.ReadOrderBriefs.
type OrderBrief struct {
	OrderID uuid.UUID `json:"order_id"`

	Number string      `json:"number"`
	UserID uuid.UUID   `json:"user_id"`
	Status string      `json:"status"`
	Total  money.Money `json:"total"`
	Lines  []BriefLine `json:"lines"`

	ActionURL string `json:"action_url"` // where the customer satisfies the bank; "" when there is no such place
}

// BriefLine is a line of an order.
type BriefLine struct {
	Name     string      `json:"name"`
	SKU      string      `json:"sku"`
	Quantity int64       `json:"quantity"`
	Total    money.Money `json:"total"`
}

// MailToken proves that whoever has it reads the person's mail:
// user.IssueMailToken. It is derived when it is asked for, and kept nowhere.
type MailToken struct {
	Token     string    `json:"token"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Locale    string    `json:"locale"`
	ExpiresAt time.Time `json:"expires_at"`
}

// errOrderUnknown is a message about an order that there is not.
var errOrderUnknown = fault.New(fault.NotFound, "order_unknown", "There is no such order.")

// material is what the messages of a round are written from: asked for at once,
// and forgotten with the round.
type material struct {
	people   map[uuid.UUID]Contact
	orders   map[uuid.UUID]OrderBrief
	noPeople error // why there are none; nil when there are
	noOrders error
}

// gather asks for everybody whom the messages are to, and for the orders that
// they are about.
func (s *Service) gather(ctx context.Context, messages []notificationdb.Message) material {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	var people, about []uuid.UUID
	for _, m := range messages {
		people = append(people, m.UserID)
		if m.AboutID != nil && m.Kind != kindCustom && contentOf(m.Kind) == aboutOrder {
			about = append(about, *m.AboutID)
		}
	}
	var from material
	var asking sync.WaitGroup
	asking.Go(func() { from.people, from.noPeople = s.contacts(ctx, people) })
	asking.Go(func() { from.orders, from.noOrders = s.orders(ctx, about) })
	asking.Wait()
	return from
}

// person is whom a message is to.
func (from material) person(id uuid.UUID) (Contact, error) {
	if from.noPeople != nil {
		return Contact{}, from.noPeople
	}
	person, known := from.people[id]
	if !known {
		return Contact{}, ErrRecipientUnknown
	}
	return person, nil
}

// order is what a message is about.
func (from material) order(id uuid.UUID) (OrderBrief, error) {
	if from.noOrders != nil {
		return OrderBrief{}, from.noOrders
	}
	order, known := from.orders[id]
	if !known {
		return OrderBrief{}, errOrderUnknown
	}
	return order, nil
}

func (s *Service) contacts(ctx context.Context, users []uuid.UUID) (map[uuid.UUID]Contact, error) {
	if len(users) == 0 {
		return nil, nil
	}
	var answer struct {
		Contacts []Contact `json:"contacts"`
	}
	err := s.options.Call(ctx, "user", "ReadContacts", struct {
		UserIDs []uuid.UUID `json:"user_ids"`
	}{users}, &answer)
	people := make(map[uuid.UUID]Contact, len(answer.Contacts))
	for _, person := range answer.Contacts {
		people[person.UserID] = person
	}
	return people, err
}

func (s *Service) orders(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]OrderBrief, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var answer struct {
		Orders []OrderBrief `json:"orders"`
	}
	err := s.options.Call(ctx, "order", "ReadOrderBriefs", struct {
		OrderIDs []uuid.UUID `json:"order_ids"`
	}{ids}, &answer)
	orders := make(map[uuid.UUID]OrderBrief, len(answer.Orders))
	for _, order := range answer.Orders {
		orders[order.OrderID] = order
	}
	return orders, err
}

func (s *Service) mailToken(ctx context.Context, request uuid.UUID) (MailToken, error) {
	var token MailToken
	err := s.options.Call(ctx, "user", "IssueMailToken", struct {
		RequestID uuid.UUID `json:"request_id"`
	}{request}, &token)
	return token, err
}
