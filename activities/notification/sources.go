package notification

import (
	"context"
	"time"

	"github.com/google/uuid"

	"kassa/internal/money"
)

// Contact is where and how a person wants to be told: user.ReadContact. It is
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

// OrderBrief is an order as a message tells it: order.ReadOrderBrief.
type OrderBrief struct {
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

func (s *Service) contact(ctx context.Context, user uuid.UUID) (Contact, error) {
	var contact Contact
	err := s.options.Call(ctx, "user", "ReadContact", struct {
		UserID uuid.UUID `json:"user_id"`
	}{user}, &contact)
	return contact, err
}

func (s *Service) order(ctx context.Context, order uuid.UUID) (OrderBrief, error) {
	var brief OrderBrief
	err := s.options.Call(ctx, "order", "ReadOrderBrief", struct {
		OrderID uuid.UUID `json:"order_id"`
	}{order}, &brief)
	return brief, err
}

func (s *Service) mailToken(ctx context.Context, request uuid.UUID) (MailToken, error) {
	var token MailToken
	err := s.options.Call(ctx, "user", "IssueMailToken", struct {
		RequestID uuid.UUID `json:"request_id"`
	}{request}, &token)
	return token, err
}
