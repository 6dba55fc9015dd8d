package inbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/smtp"
	"strings"
	"testing"

	"github.com/SherClockHolmes/webpush-go"
	"github.com/stretchr/testify/require"
)

func send(t *testing.T, method, url, body string) (status int, header http.Header, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode, response.Header, string(raw)
}

func TestTakesSMS(t *testing.T) {
	_, web := start(t)
	for to, want := range map[string]int{"+4930123": 202, "+49300000": 422, "+49305555": 503, "": 400} {
		status, _, _ := send(t, "POST", web+"/sms", `{"id":"m1","from":"Kassa","to":"`+to+`","text":"On its way"}`)
		require.Equal(t, want, status, to)
	}
	var list struct{ Messages []Message }
	ask(t, "GET", web+"/messages?channel=sms&to=%2B4930123", &list)
	require.Len(t, list.Messages, 1)
	require.Equal(t, "m1", list.Messages[0].MessageID)
	ask(t, "GET", web+"/messages?channel=push", &list)
	require.Empty(t, list.Messages)
	_, _, page := send(t, "GET", web+"/?channel=sms", "")
	require.Contains(t, page, "On its way")
}

func TestBrowsersDecryptWhatIsPushed(t *testing.T) {
	_, web := start(t)
	private, public, err := webpush.GenerateVAPIDKeys()
	require.NoError(t, err)
	_, _, answer := send(t, "POST", web+"/browsers", "")
	var subscription webpush.Subscription
	require.NoError(t, json.Unmarshal([]byte(answer), &subscription))
	push := func(to webpush.Subscription) int {
		response, err := webpush.SendNotificationWithContext(t.Context(), []byte(`{"id":"m1","title":"Your order","body":"is on its way"}`), &to,
			&webpush.Options{Subscriber: "shop@kassa.example", TTL: 60, VAPIDPublicKey: public, VAPIDPrivateKey: private})
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	require.Equal(t, 201, push(subscription))
	var list struct{ Messages []Message }
	ask(t, "GET", web+"/messages?channel=push", &list)
	require.Len(t, list.Messages, 1)
	require.Equal(t, "Your order", list.Messages[0].Subject)

	_, _, answer = send(t, "POST", web+"/browsers", "")
	var other webpush.Subscription
	require.NoError(t, json.Unmarshal([]byte(answer), &other))
	other.Endpoint = subscription.Endpoint
	require.Equal(t, 400, push(other), "encrypted for another browser")
	status, _, _ := send(t, "POST", subscription.Endpoint, "plain")
	require.Equal(t, 401, status)
	send(t, "DELETE", subscription.Endpoint, "")
	require.Equal(t, 410, push(subscription))
	require.False(t, func() bool { _, err := (browser{}).open(bytes.Repeat([]byte{9}, 12)); return err == nil }())
}

func TestHTMLMailsAreShownInACage(t *testing.T) {
	mailServer, web := start(t)
	require.NoError(t, smtp.SendMail(mailServer, nil, "shop@kassa.example", []string{"ada@example.com"},
		[]byte("Subject: x\r\nContent-Type: text/html\r\n\r\n<p>Hello</p><script>alert(1)</script>\r\n")))
	var list struct{ Messages []Message }
	ask(t, "GET", web+"/messages", &list)
	status, header, html := send(t, "GET", web+"/messages/"+list.Messages[0].ID+"/html", "")
	require.Equal(t, 200, status)
	require.Contains(t, html, "<p>Hello</p>")
	policy := header.Get("Content-Security-Policy")
	require.Contains(t, policy, "sandbox allow-popups")
	require.NotContains(t, policy, "allow-scripts")
	require.Contains(t, policy, "default-src 'none'")
	_, _, page := send(t, "GET", web+"/", "")
	require.Contains(t, page, `<iframe src="/messages/`+list.Messages[0].ID+`/html" sandbox="allow-popups allow-popups-to-escape-sandbox"`)
	require.NotContains(t, page, "<script>")
	status, _, _ = send(t, "GET", web+"/messages/none/html", "")
	require.Equal(t, 404, status)
}
