package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
)

func TestProductionRefusesPlayMoney(t *testing.T) {
	good := settings{
		StripeURL: "https://api.stripe.com", StripeKey: "sk_live_0123456789abcdef", ReturnURL: "https://shop.example/orders",
		WebhookSecrets: []string{"whsec_0123456789abcdef0123", "whsec_abcdef0123456789abcd"},
		Providers:      []payment.Provider{payment.ProviderCard, payment.ProviderBankTransfer}, TransferDays: 7,
	}
	require.Empty(t, good.Validate(true))
	for name, spoil := range map[string]func(*settings){
		"the sandbox":         func(s *settings) { s.StripeURL = "http://127.0.0.1:4100" },
		"somebody like it":    func(s *settings) { s.StripeURL = "https://api.stripe.com.example" },
		"in the clear":        func(s *settings) { s.StripeURL = "http://api.stripe.com" },
		"a test key":          func(s *settings) { s.StripeKey = "sk_test_0123456789abcdef" },
		"an invented key":     func(s *settings) { s.StripeKey = "kassa" },
		"no webhook secret":   func(s *settings) { s.WebhookSecrets = []string{"whsec_kassa"} },
		"one bad one of two":  func(s *settings) { s.WebhookSecrets = append(s.WebhookSecrets, "secret-of-twenty-four-characters") },
		"nobody to pay by":    func(s *settings) { s.Providers = nil },
		"somebody unknown":    func(s *settings) { s.Providers = []payment.Provider{"cash"} },
		"no time to transfer": func(s *settings) { s.TransferDays = 0 },
		"a page in the clear": func(s *settings) {
			s.ReturnURL = "http://shop.example"
		},
	} {
		bad := good
		bad.WebhookSecrets = append([]string{}, good.WebhookSecrets...)
		spoil(&bad)
		require.Len(t, bad.Validate(true), 1, name)
	}
}

func TestDevelopmentRefusesRealMoney(t *testing.T) {
	s := settings{
		StripeURL: "http://127.0.0.1:4100", StripeKey: "sk_test_kassa", ReturnURL: "http://127.0.0.1:8080/", WebhookSecrets: []string{"whsec_kassa"},
		Providers: []payment.Provider{payment.ProviderCard}, TransferDays: 7,
	}
	require.Empty(t, s.Validate(false))
	s.StripeKey = "sk_live_0123456789abcdef"
	require.Len(t, s.Validate(false), 1)
}
