package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/notification"
)

func good() settings {
	return settings{
		SMTPAddress: "smtp.example.com:587", SMTPTLS: "starttls", MailFrom: "Shop <hello@shop.example>", ShopURL: "https://shop.example/",
		SMSURL: "https://sms.example.com/messages", PushKey: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", PushSubject: "mailto:hello@shop.example",
		WebhookKey: strings.Repeat("k", 32),
	}
}

func TestASetOfSettingsMakesItsChannels(t *testing.T) {
	require.Empty(t, good().Validate(true))
	options, err := good().options(nil)
	require.NoError(t, err)
	require.Len(t, options.Senders, 3)
	require.Equal(t, "https://shop.example", options.ShopURL)
	require.NotEmpty(t, options.PushKey)

	mailOnly := good()
	mailOnly.SMSURL, mailOnly.PushKey = "", ""
	options, err = mailOnly.options(nil)
	require.NoError(t, err)
	require.Contains(t, options.Senders, notification.Email)
	require.Len(t, options.Senders, 1)
}

func TestWhatCannotWorkIsRefusedAtStart(t *testing.T) {
	for name, change := range map[string]func(*settings){
		"KASSA_SMTP_ADDRESS": func(s *settings) { s.SMTPAddress = "smtp" },
		"KASSA_SMTP_TLS":     func(s *settings) { s.SMTPTLS = "ssl" },
		"KASSA_MAIL_FROM":    func(s *settings) { s.MailFrom = "shop" },
		"KASSA_SHOP_URL":     func(s *settings) { s.ShopURL = "shop" },
		"KASSA_SMS_URL":      func(s *settings) { s.SMSURL = "sms" },
		"KASSA_PUSH_KEY":     func(s *settings) { s.PushKey = "short" },
		"KASSA_PUSH_SUBJECT": func(s *settings) { s.PushSubject = "me" },
	} {
		s := good()
		change(&s)
		lines := s.Validate(false)
		require.Len(t, lines, 1, name)
		require.Contains(t, lines[0], name)
	}
}

func TestProductionRefusesWhatDevelopmentMayHave(t *testing.T) {
	for name, change := range map[string]func(*settings){
		"KASSA_SMTP_TLS":         func(s *settings) { s.SMTPTLS = "none" },
		"KASSA_SHOP_URL":         func(s *settings) { s.ShopURL = "http://shop.example" },
		"KASSA_SMS_URL":          func(s *settings) { s.SMSURL = "http://sms.example.com" },
		"KASSA_WEBHOOK_KEY":      func(s *settings) { s.WebhookKey = "development-webhook-key" },
		"KASSA_WEBHOOK_LOOPBACK": func(s *settings) { s.WebhookLoopback = true },
	} {
		s := good()
		change(&s)
		require.Empty(t, s.Validate(false), name)
		lines := s.Validate(true)
		require.Len(t, lines, 1, name)
		require.Contains(t, lines[0], name)
	}
}
