// Package inbox catches what a shop sends to people, on a developer's machine: an SMTP server that
// takes every mail from and for anybody, and an HTTP server that takes SMS and push messages, plays
// the browsers that get them, and shows everything. Messages live in memory, the newest 1000 and at
// most 64 MiB of them; a restart forgets them. No message is passed on.
package inbox

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	mostMessages = 1000
	mostBytes    = 64 << 20
)

// The channels that a message can have come by.
const (
	channelEmail = "email"
	channelSMS   = "sms"
	channelPush  = "push"
)

// Message is a mail, an SMS or a push message as it was caught.
type Message struct {
	ID          string              `json:"id"`
	Channel     string              `json:"channel"` // email, sms or push
	ReceivedAt  time.Time           `json:"received_at"`
	From        string              `json:"from"` // of the envelope; of an SMS, what the phone shows
	To          []string            `json:"to"`   // of the envelope, blind copies too; a phone number; a browser's id
	Subject     string              `json:"subject"`
	MessageID   string              `json:"message_id"` // as sent, without < >; "" when there is none
	Size        int                 `json:"size"`       // bytes
	Headers     map[string][]string `json:"headers,omitempty"`
	Text        string              `json:"text,omitempty"` // the plain text part
	HTML        string              `json:"html,omitempty"` // the HTML part, as sent
	Attachments []string            `json:"attachments,omitempty"`
	Raw         string              `json:"raw,omitempty"`
}

// Inbox holds the newest messages, and the browsers that get push messages.
type Inbox struct {
	mu       sync.RWMutex
	messages []Message // oldest first
	bytes    int
	browsers []browser // oldest first
}

// New makes an empty inbox.
func New() *Inbox { return &Inbox{} }

// add keeps a message, at the cost of the oldest ones.
func (in *Inbox) add(m Message) {
	m.ID, m.ReceivedAt, m.Size = uuid.NewString(), time.Now().UTC(), len(m.Raw)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.messages = append(in.messages, m)
	in.bytes += m.Size
	for len(in.messages) > mostMessages || in.bytes > mostBytes {
		in.bytes -= in.messages[0].Size
		in.messages = slices.Delete(in.messages, 0, 1)
	}
}

// list is the messages for an address that came by a channel, newest first; "" stands for all.
func (in *Inbox) list(to, channel string) []Message {
	in.mu.RLock()
	defer in.mu.RUnlock()
	found := []Message{}
	for _, m := range slices.Backward(in.messages) {
		wanted := to == "" || slices.ContainsFunc(m.To, func(address string) bool { return strings.EqualFold(address, to) })
		if wanted && (channel == "" || m.Channel == channel) {
			found = append(found, m)
		}
	}
	return found
}

func (in *Inbox) find(id string) (Message, bool) {
	in.mu.RLock()
	defer in.mu.RUnlock()
	at := slices.IndexFunc(in.messages, func(m Message) bool { return m.ID == id })
	if at < 0 {
		return Message{}, false
	}
	return in.messages[at], true
}

func (in *Inbox) clear() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.messages, in.bytes = nil, 0
}
