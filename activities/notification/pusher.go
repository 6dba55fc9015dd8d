package notification

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/SherClockHolmes/webpush-go"
)

// pushKept is how long a push service keeps a message for a browser that is away, in seconds.
const pushKept = 24 * 3600

// PusherOptions say who we are to the push services.
type PusherOptions struct {
	PrivateKey string // VAPID, base64url of the 32 bytes
	Subject    string // mailto: or https: of who is responsible
	Client     *http.Client
}

// Pusher sends letters to browsers (Web Push: RFC 8030, 8291, 8292).
type Pusher struct {
	options PusherOptions
	public  string
}

// NewPusher fails when the key is none.
func NewPusher(o PusherOptions) (*Pusher, error) {
	raw, err := decode64(o.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("VAPID key: %w", err)
	}
	private, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("VAPID key: %w", err)
	}
	o.PrivateKey = base64.RawURLEncoding.EncodeToString(raw)
	return &Pusher{options: o, public: base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes())}, nil
}

// PublicKey is what browsers subscribe with, base64url.
func (p *Pusher) PublicKey() string { return p.public }

// pushMessage is what the shop's service worker shows.
type pushMessage struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Body  string `json:"body"`
	URL   string `json:"url,omitempty"`
	Tag   string `json:"tag"` // a repeat replaces what is shown already
}

// Send encrypts the letter's short form for one browser. Its errors name no
// address: they are logged.
func (p *Pusher) Send(ctx context.Context, letter Letter) error {
	body, err := json.Marshal(pushMessage{ID: letter.ID, Title: letter.Subject, Body: letter.Short, URL: letter.Link, Tag: letter.ID})
	if err != nil || len(body) > 3000 {
		return &Refusal{Reason: "unwritable", Cause: errors.Join(err, errors.New("too long for a push service"))}
	}
	to := letter.To.Push
	response, err := webpush.SendNotificationWithContext(ctx, body, &webpush.Subscription{
		Endpoint: to.Endpoint, Keys: webpush.Keys{P256dh: to.Keys.P256dh, Auth: to.Keys.Auth},
	}, &webpush.Options{
		HTTPClient: p.options.Client, Subscriber: strings.TrimPrefix(p.options.Subject, "mailto:"), TTL: pushKept, Urgency: webpush.UrgencyNormal,
		VAPIDPublicKey: p.public, VAPIDPrivateKey: p.options.PrivateKey,
	})
	if err != nil {
		return errors.New("push service: no answer") // the error's text names the browser's endpoint
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, answerMost)
	return judgeStatus("push service", response.StatusCode)
}
