package inbox

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

// parse reads what there is to show of a message. A message that is not well-formed is kept as it
// is, with what could be read.
func parse(raw string) Message {
	m := Message{Raw: raw}
	parsed, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		m.Text = raw
		return m
	}
	m.Headers = parsed.Header
	m.Subject = decoded(parsed.Header.Get("Subject"))
	m.MessageID = strings.Trim(parsed.Header.Get("Message-Id"), "<> ")
	m.part(textproto.MIMEHeader(parsed.Header), parsed.Body, 0)
	return m
}

// decoded reads words such as =?utf-8?q?Gr=C3=BC=C3=9Fe?=.
func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return text
}

// deepest is how far parts within parts are followed.
const deepest = 5

// part reads a part of a message, or the parts it has.
func (m *Message) part(header textproto.MIMEHeader, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < deepest {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return
			}
			m.part(part.Header, part, depth+1)
		}
	}
	disposition, names, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	if disposition == "attachment" || !strings.HasPrefix(kind, "text/") {
		m.Attachments = append(m.Attachments, decoded(names["filename"]))
		return
	}
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, _ := io.ReadAll(body)
	if kind == "text/html" {
		m.HTML += string(text)
		return
	}
	m.Text += string(text)
}
