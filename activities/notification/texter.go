package notification

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"
)

// shortMost is the longest text of an SMS, in characters: four parts of one.
const shortMost = 600

// TexterOptions say who takes our SMS.
type TexterOptions struct {
	URL   string // POST takes {"id", "from", "to", "text"}
	Token string // sent as a bearer token; "" sends none
	From  string // what the phone shows: a number, or up to 11 letters
}

// Texter sends letters as SMS, over HTTP: a gateway of the shop's choice, or an
// adapter in front of one.
type Texter struct {
	options TexterOptions
	client  *http.Client
}

// NewTexter makes a Texter. It does not connect.
func NewTexter(o TexterOptions) *Texter {
	return &Texter{options: o, client: &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// textMessage is what the gateway takes.
type textMessage struct {
	ID   string `json:"id"` // the same for a repeat, as is the Idempotency-Key
	From string `json:"from"`
	To   string `json:"to"` // E.164
	Text string `json:"text"`
}

// Send posts the letter's short form. Its errors name no number: they are logged.
func (t *Texter) Send(ctx context.Context, letter Letter) error {
	text := letter.Short
	if letter.Link != "" {
		text += " " + letter.Link
	}
	if utf8.RuneCountInString(text) > shortMost {
		text = string([]rune(text)[:shortMost-1]) + "…"
	}
	body, err := json.Marshal(textMessage{ID: letter.ID, From: t.options.From, To: letter.To.Phone, Text: text})
	if err != nil {
		return &Refusal{Reason: "unwritable", Cause: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.options.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", letter.ID)
	if t.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+t.options.Token)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return fmt.Errorf("SMS gateway: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, answerMost)
	return judgeStatus("SMS gateway", response.StatusCode)
}

// judgeStatus says what a gateway's answer means. What is wrong with our own
// credentials is ours to mend: every letter can still be sent.
func judgeStatus(who string, status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		return &Refusal{Reason: "address_gone", Gone: true, Cause: fmt.Errorf("%s answered %d", who, status)}
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity || status == http.StatusRequestEntityTooLarge:
		return &Refusal{Reason: "refused_by_server", Cause: fmt.Errorf("%s answered %d", who, status)}
	default:
		return fmt.Errorf("%s answered %d", who, status)
	}
}
