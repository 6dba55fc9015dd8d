package notification

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/pg"
	"kassa/sql/notificationdb"
)

// mostBrowsers is how many browsers a customer may be told in.
const mostBrowsers = 20

// PushSubscription is a browser's, as its PushManager gives it.
type PushSubscription struct {
	Endpoint string   `json:"endpoint" minLength:"1" maxLength:"1000" doc:"Where the browser's push service takes messages." example:"https://push.example.net/v1/8f3a"`
	Keys     PushKeys `json:"keys" doc:"The browser's keys."`
}

// PushKeys are what messages to a browser are encrypted with.
type PushKeys struct {
	P256dh string `json:"p256dh" minLength:"1" maxLength:"200" doc:"The browser's public key, base64url." example:"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"`
	Auth   string `json:"auth" minLength:"1" maxLength:"100" doc:"The browser's authentication secret, base64url." example:"BTBZMqHH6r4Tts7J_aSIgg"`
}

// SubscribePushInput is a browser that a customer wants to be told in.
type SubscribePushInput struct {
	UserID uuid.UUID `json:"user_id"`
	PushSubscription
}

// SubscribePush remembers a browser. The same browser is remembered once, for
// whoever subscribed in it last.
func (s *Service) SubscribePush(ctx context.Context, in SubscribePushInput) (PushSubscription, error) {
	if s.options.Senders[Push] == nil {
		return PushSubscription{}, ErrPushOff
	}
	if err := s.checkSubscription(in.PushSubscription); err != nil {
		return PushSubscription{}, err
	}
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := notificationdb.New(tx)
		if err := db.LockSubscriber(ctx, in.UserID); err != nil {
			return fmt.Errorf("lock subscriber %s: %w", in.UserID, err)
		}
		others, err := db.CountPushSubscriptions(ctx, in.UserID, in.Endpoint)
		if err != nil {
			return fmt.Errorf("count subscriptions of %s: %w", in.UserID, err)
		}
		if others >= mostBrowsers {
			return ErrTooManySubscriptions
		}
		_, err = db.UpsertPushSubscription(ctx, notificationdb.UpsertPushSubscriptionParams{
			ID: id.New(), UserID: in.UserID, Endpoint: in.Endpoint, P256dh: in.Keys.P256dh, Auth: in.Keys.Auth, CreatedAt: now(),
		})
		if err != nil {
			return fmt.Errorf("insert subscription of %s: %w", in.UserID, err)
		}
		return nil
	})
	return in.PushSubscription, err
}

// checkSubscription refuses what no message could ever be encrypted for, and
// addresses that are not the internet's.
func (s *Service) checkSubscription(in PushSubscription) error {
	if err := s.outside.check(in.Endpoint); err != nil {
		return ErrBadSubscription.Because(err)
	}
	key, err := decode64(in.Keys.P256dh)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(key)
	}
	if err != nil {
		return ErrBadSubscription.Because(err)
	}
	if secret, err := decode64(in.Keys.Auth); err != nil || len(secret) != 16 {
		return ErrBadSubscription
	}
	return nil
}

// decode64 reads base64 in either alphabet, with or without padding.
func decode64(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(s))
}

// UnsubscribePushInput names a browser of a customer.
type UnsubscribePushInput struct {
	UserID   uuid.UUID `json:"user_id"`
	Endpoint string    `json:"endpoint"`
}

// UnsubscribedPush says whether there was anything to forget.
type UnsubscribedPush struct {
	Forgotten int64 `json:"forgotten"`
}

// UnsubscribePush forgets a browser; one that is not there is forgotten already.
func (s *Service) UnsubscribePush(ctx context.Context, in UnsubscribePushInput) (UnsubscribedPush, error) {
	var out UnsubscribedPush
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		out.Forgotten, err = notificationdb.New(conn).DeletePushSubscription(ctx, in.UserID, in.Endpoint)
		return err
	})
	return out, err
}

func (s *Service) forgetBrowser(ctx context.Context, user uuid.UUID, endpoint string) error {
	_, err := s.UnsubscribePush(ctx, UnsubscribePushInput{UserID: user, Endpoint: endpoint})
	return err
}

// browsers are where a person gets push messages.
func (s *Service) browsers(ctx context.Context, user uuid.UUID) (all []PushSubscription, err error) {
	err = pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := notificationdb.New(conn).ListPushSubscriptions(ctx, user)
		for _, row := range rows {
			all = append(all, subscriptionOf(row))
		}
		return err
	})
	return all, err
}

// ListPushSubscriptionsInput names a customer.
type ListPushSubscriptionsInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// PushSubscriptions are a customer's browsers.
type PushSubscriptions struct {
	PublicKey string             `json:"public_key" doc:"What a browser subscribes with (VAPID), base64url." example:"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"`
	Data      []PushSubscription `json:"data" nullable:"false" doc:"The browsers, in the order in which they subscribed."`
}

// ListPushSubscriptions answers the browsers that a customer is told in.
func (s *Service) ListPushSubscriptions(ctx context.Context, in ListPushSubscriptionsInput) (PushSubscriptions, error) {
	if s.options.Senders[Push] == nil {
		return PushSubscriptions{}, ErrPushOff
	}
	browsers, err := s.browsers(ctx, in.UserID)
	return PushSubscriptions{PublicKey: s.options.PushKey, Data: append([]PushSubscription{}, browsers...)}, err
}
