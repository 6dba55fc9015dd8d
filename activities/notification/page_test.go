package notification_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/notification"
	"kassa/events"
	"kassa/internal/id"
)

func TestEveryKindIsWrittenInEveryLanguage(t *testing.T) {
	p := open(t)
	var told []string
	for typ := range notification.Kinds {
		told = append(told, typ)
	}
	slices.Sort(told)
	for _, locale := range []string{"en", "de", "fr"} {
		p.person.Locale = locale
		p.exec("TRUNCATE messages")
		for _, typ := range told {
			p.happen(typ, map[string]any{
				"order_id": id.New(), "request_id": id.New(), "reason": "card_declined", "carrier": "DHL", "tracking": "JD014600",
				"amount": map[string]any{"amount": 100000, "currency": "EUR"},
			})
		}
		for p.send().Claimed > 0 {
			continue
		}
		for _, line := range p.log() {
			require.True(t, strings.HasSuffix(line, " email sent"), "%s: %s", locale, line)
		}
	}
	mails := p.mails()
	require.Len(t, mails, 3*len(told))
	for _, mail := range mails {
		require.NotEmpty(t, mail.Subject)
		for _, text := range []string{mail.Text, mail.HTML} {
			require.Contains(t, text, "Ada Lovelace")
			require.Contains(t, text, "https://shop.example")
			require.NotContains(t, text, "<no value>")
			require.NotContains(t, text, "ZgotmplZ")
		}
	}
}

func TestLanguagesWriteAmountsTheirOwnWay(t *testing.T) {
	p := open(t)
	refund := map[string]any{"order_id": id.New(), "amount": map[string]any{"amount": 123456, "currency": "EUR"}, "full": true}
	p.happen(events.OrderRefunded, refund)
	p.send()
	require.Contains(t, p.mails()[0].Text, "We have refunded €1,234.56 of your order K-1000042: all that you paid.")
	p.person.Locale = "de"
	p.happen(events.OrderRefunded, refund)
	p.send()
	require.Equal(t, "Geld zurück für Ihre Bestellung K-1000042", p.mails()[0].Subject)
	require.Contains(t, p.mails()[0].Text, "Wir haben 1.234,56\u00a0€ aus Ihrer Bestellung K-1000042 erstattet: alles, was Sie bezahlt haben.")
}

func TestATokenGoesToTheAddressThatIsToBeProven(t *testing.T) {
	p := open(t)
	p.person.Channels.Email = false
	p.happen(events.UserVerificationRequested, map[string]any{"request_id": id.New()})
	p.send()
	mail := p.mails()[0]
	require.Equal(t, []string{"ada.new@example.com"}, mail.To)
	require.Contains(t, mail.Text, "https://shop.example/email-verification?token=tok%2Fen%2B1")
	require.Contains(t, mail.Text, "tok/en+1")
	require.NotContains(t, strings.Join(p.everything(), "\n"), "tok/en")
}

func TestNamesCannotForgeHeadersOrMarkup(t *testing.T) {
	p := open(t)
	p.person.Name = "Ada\r\nBcc: eve@example.com <script>alert(1)</script>"
	p.order.Number = "K-1\r\nBcc: eve@example.com"
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	p.send()
	mails := p.mails()
	require.Len(t, mails, 1)
	require.Equal(t, []string{"ada@example.com"}, mails[0].To)
	require.Empty(t, mails[0].Headers["Bcc"])
	require.NotContains(t, mails[0].HTML, "<script>")
}

// everything is every row of every table that could keep something personal.
func (p *post) everything() []string {
	p.t.Helper()
	var all []string
	for _, table := range []string{"messages", "letters", "push_subscriptions", "webhook_endpoints", "webhook_deliveries"} {
		rows, err := p.pool.Query(p.t.Context(), "SELECT row_to_json(t)::text FROM "+table+" AS t")
		require.NoError(p.t, err)
		for rows.Next() {
			var row string
			require.NoError(p.t, rows.Scan(&row))
			all = append(all, row)
		}
		require.NoError(p.t, rows.Err())
	}
	return all
}
