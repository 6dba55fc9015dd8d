package inbox

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail"
)

func TestEndsThoughItHardlyBegan(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		server, err := Listen("127.0.0.1:0", New())
		require.NoError(t, err)
		require.NoError(t, server.Run(ctx))
	}
}

// start runs both servers and answers the addresses of SMTP and HTTP.
func start(t *testing.T) (string, string) {
	t.Helper()
	messages := New()
	server, err := Listen("127.0.0.1:0", messages)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	web := httptest.NewServer(messages.Handler())
	t.Cleanup(func() {
		web.Close()
		cancel()
		require.NoError(t, <-stopped)
	})
	return server.Address(), web.URL
}

func ask(t *testing.T, method, url string, into any) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	if into != nil {
		require.NoError(t, json.Unmarshal(body, into))
	}
	return response.StatusCode, string(body)
}

func TestCatchesAPlainMessage(t *testing.T) {
	mailServer, web := start(t)
	require.NoError(t, smtp.SendMail(mailServer, nil, "shop@kassa.example", []string{"ada@example.com", "bcc@example.com"},
		[]byte("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <m1@kassa>\r\nTo: ada@example.com\r\n\r\nYour order <b>is</b> confirmed.\r\n")))

	var list struct{ Messages []Message }
	ask(t, "GET", web+"/messages?to=Ada@example.com", &list)
	require.Len(t, list.Messages, 1)
	require.Equal(t, "Grüße", list.Messages[0].Subject)
	require.Equal(t, []string{"ada@example.com", "bcc@example.com"}, list.Messages[0].To)
	require.Empty(t, list.Messages[0].Text)
	var none struct{ Messages []Message }
	ask(t, "GET", web+"/messages?to=bob@example.com", &none)
	require.Empty(t, none.Messages)

	var m Message
	ask(t, "GET", web+"/messages/"+list.Messages[0].ID, &m)
	require.Equal(t, "m1@kassa", m.MessageID)
	require.Equal(t, "shop@kassa.example", m.From)
	require.Contains(t, m.Text, "confirmed")

	_, shown := ask(t, "GET", web+"/", nil)
	require.Contains(t, shown, "Your order &lt;b&gt;is&lt;/b&gt; confirmed.")
	require.NotContains(t, shown, "://")

	status, _ := ask(t, "DELETE", web+"/messages", nil)
	require.Equal(t, http.StatusNoContent, status)
	status, _ = ask(t, "GET", web+"/messages/"+m.ID, nil)
	require.Equal(t, http.StatusNotFound, status)
}

func TestCatchesAMessageOfSeveralParts(t *testing.T) {
	mailServer, web := start(t)
	m := mail.NewMsg()
	require.NoError(t, m.From("shop@kassa.example"))
	require.NoError(t, m.To("ada@example.com"))
	m.Subject("Rechnung für Sie")
	m.SetBodyString(mail.TypeTextPlain, "Beträge in €")
	m.AddAlternativeString(mail.TypeTextHTML, "<p>Beträge in €</p>")
	require.NoError(t, m.AttachReader("invoice.pdf", strings.NewReader("%PDF")))
	host, port, _ := strings.Cut(mailServer, ":")
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	client, err := mail.NewClient(host, mail.WithPort(number), mail.WithTLSPolicy(mail.NoTLS),
		mail.WithSMTPAuth(mail.SMTPAuthPlainNoEnc), mail.WithUsername("any"), mail.WithPassword("any"))
	require.NoError(t, err)
	require.NoError(t, client.DialAndSend(m))

	var list struct{ Messages []Message }
	ask(t, "GET", web+"/messages", &list)
	var caught Message
	ask(t, "GET", web+"/messages/"+list.Messages[0].ID, &caught)
	require.Equal(t, "Rechnung für Sie", caught.Subject)
	require.Equal(t, "Beträge in €", strings.TrimSpace(caught.Text))
	require.Equal(t, "<p>Beträge in €</p>", strings.TrimSpace(caught.HTML))
	require.Equal(t, []string{"invoice.pdf"}, caught.Attachments)
}

func TestKeepsTheNewest(t *testing.T) {
	in := New()
	for i := range mostMessages + 10 {
		in.add(Message{Subject: strconv.Itoa(i)})
	}
	require.Equal(t, mostMessages, len(in.list("", ""))) //nolint:testifylint // Len would print them all
	require.Equal(t, strconv.Itoa(mostMessages+9), in.list("", "")[0].Subject)
	for range 3 {
		in.add(Message{Raw: strings.Repeat("x", mostBytes/2)})
	}
	require.Equal(t, 2, len(in.list("", ""))) //nolint:testifylint // Len would print them all
}

func TestKeepsWhatCannotBeRead(t *testing.T) {
	m := parse("no header at all")
	require.Equal(t, "no header at all", m.Text)
	m = parse("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nbroken")
	require.Equal(t, "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nbroken", m.Raw)
}
