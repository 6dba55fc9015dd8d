package notification_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/notification"
	"kassa/events"
	"kassa/internal/id"
)

func TestTheShopWritesToACustomerOnce(t *testing.T) {
	p := open(t)
	in := notification.SendNotificationInput{RequestID: id.New(), UserID: p.person.UserID, Subject: "Your mug", Text: "It leaves tomorrow.\n\nYours, the shop"}
	first, err := p.SendNotification(t.Context(), in)
	require.NoError(t, err)
	again, err := p.SendNotification(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, first, again)
	p.person.Channels.Email = false // it is not news that can be declined
	p.send()
	mails := p.mails()
	require.Len(t, mails, 1)
	require.Equal(t, "Your mug", mails[0].Subject)
	require.Contains(t, mails[0].HTML, "It leaves tomorrow.</p>")

	for name, change := range map[string]func(*notification.SendNotificationInput){
		"no subject":         func(in *notification.SendNotificationInput) { in.Subject = "" },
		"too long a text":    func(in *notification.SendNotificationInput) { in.Text = strings.Repeat("x", 10_001) },
		"a channel not here": func(in *notification.SendNotificationInput) { in.Channels = []notification.Channel{notification.SMS} },
		"a channel twice": func(in *notification.SendNotificationInput) {
			in.Channels = []notification.Channel{notification.Email, notification.Email}
		},
	} {
		bad := in
		change(&bad)
		_, err := p.SendNotification(t.Context(), bad)
		require.ErrorIs(t, err, notification.ErrBadMessage, name)
	}
	p.person.Erased = true
	_, err = p.SendNotification(t.Context(), in)
	require.ErrorIs(t, err, notification.ErrRecipientUnknown)
}

func TestAMessageIsSentOnceMoreOnRequest(t *testing.T) {
	p := open(t)
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	list, err := p.ListNotifications(t.Context(), notification.ListNotificationsInput{UserID: &p.person.UserID, Limit: 10})
	require.NoError(t, err)
	first := list.Notifications[0]
	_, err = p.ResendNotification(t.Context(), notification.ResendNotificationInput{RequestID: id.New(), ID: first.ID})
	require.ErrorIs(t, err, notification.ErrNotificationPending)
	p.send()

	p.person.Email = "ada.lovelace@example.com"
	ask := notification.ResendNotificationInput{RequestID: id.New(), ID: first.ID}
	again, err := p.ResendNotification(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, first.ID, *again.ResendOf)
	repeat, err := p.ResendNotification(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, again.ID, repeat.ID)
	p.send()
	mails := p.mails()
	require.Len(t, mails, 2)
	require.Equal(t, []string{"ada.lovelace@example.com"}, mails[0].To)
	require.NotEqual(t, mails[1].MessageID, mails[0].MessageID)
	_, err = p.ResendNotification(t.Context(), notification.ResendNotificationInput{RequestID: id.New(), ID: id.New()})
	require.ErrorIs(t, err, notification.ErrNotificationNotFound)
}

func TestALetterCanBeRepeatedUntilItsTextIsForgotten(t *testing.T) {
	p := open(t)
	sent, err := p.SendNotification(t.Context(), notification.SendNotificationInput{RequestID: id.New(), UserID: p.person.UserID, Subject: "Your mug", Text: "It leaves."})
	require.NoError(t, err)
	p.send()
	ask := notification.ResendNotificationInput{RequestID: id.New(), ID: sent.Notifications[0].ID}
	_, err = p.ResendNotification(t.Context(), ask)
	require.NoError(t, err)
	p.send()
	require.Len(t, p.mails(), 2)
	p.exec("UPDATE letters SET created_at = now() - interval '31 days'")
	_, err = p.ForgetOldNotifications(t.Context(), notification.ForgetOldNotificationsInput{})
	require.NoError(t, err)
	ask.RequestID = id.New()
	_, err = p.ResendNotification(t.Context(), ask)
	require.ErrorIs(t, err, notification.ErrTextForgotten)
}

func TestAPersonIsForgottenAndNobodyElse(t *testing.T) {
	p, outside := openAll(t)
	p.browse(outside)
	_, err := p.SendNotification(t.Context(), notification.SendNotificationInput{RequestID: id.New(), UserID: p.person.UserID, Subject: "Dear Ada", Text: "Your street"})
	require.NoError(t, err)
	p.send()
	p.happen(events.OrderShipped, map[string]any{"order_id": id.New(), "tracking": "JD014600"})
	other := id.New()
	p.happen(events.OrderShipped, map[string]any{"order_id": id.New(), "user_id": other, "tracking": "JD099999"})

	in := notification.ForgetRecipientInput{UserID: p.person.UserID}
	forgotten, err := p.ForgetRecipient(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, notification.ForgottenRecipient{Subscriptions: 1, Letters: 1, Pending: 3, Facts: 3}, forgotten)
	again, err := p.ForgetRecipient(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, notification.ForgottenRecipient{}, again)

	kept := strings.Join(p.everything(), "\n")
	require.NotContains(t, kept, "JD014600")
	require.NotContains(t, kept, "Dear Ada")
	require.Contains(t, kept, "JD099999")
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	p := open(t)
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	p.send()
	p.happen(events.OrderConfirmed, map[string]any{"order_id": id.New()})
	p.exec("UPDATE messages SET created_at = now() - interval '181 days'")
	forgotten, err := p.ForgetOldNotifications(t.Context(), notification.ForgetOldNotificationsInput{})
	require.NoError(t, err)
	require.Equal(t, notification.ForgottenNotifications{Messages: 1}, forgotten)
	require.Equal(t, []string{"order_confirmed email pending"}, p.log(), "what is still to be sent stays")
}
