package main

import (
	"net/url"
	"strings"

	"kassa/activities/payment"
	"kassa/internal/config"
)

// settings is the configuration of the payment service.
type settings struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
	StripeURL      string   `env:"KASSA_STRIPE_URL" envDefault:"http://127.0.0.1:4100" example:"https://api.stripe.com"`
	StripeKey      string   `env:"KASSA_STRIPE_KEY,notEmpty" example:"sk_live_…"`
	WebhookSecrets []string `env:"KASSA_STRIPE_WEBHOOK_SECRET,notEmpty" example:"whsec_…"` // the current one, and those being replaced
	// Providers are who may be chosen to pay: card, bank_transfer.
	Providers    []payment.Provider `env:"KASSA_PAYMENT_PROVIDERS" envDefault:"card,bank_transfer" example:"card"`
	TransferDays int                `env:"KASSA_BANK_TRANSFER_DAYS" envDefault:"7" example:"14"` // how long a customer has for a transfer
	// ReturnURL is the shop's page that the bank sends a customer back to.
	ReturnURL string `env:"KASSA_STRIPE_RETURN_URL" envDefault:"http://127.0.0.1:8080/" example:"https://shop.example/orders"`
}

// payable refuses a shop in which nobody can pay, or has no time to.
func (s settings) payable() []string {
	var lines []string
	for _, p := range s.Providers {
		if p != payment.ProviderCard && p != payment.ProviderBankTransfer {
			lines = append(lines, "KASSA_PAYMENT_PROVIDERS names "+string(p)+"; there are card and bank_transfer")
		}
	}
	if len(s.Providers) == 0 {
		lines = append(lines, "KASSA_PAYMENT_PROVIDERS is empty; name card, bank_transfer or both")
	}
	if s.TransferDays < 1 || s.TransferDays > 60 {
		lines = append(lines, "KASSA_BANK_TRANSFER_DAYS must be 1 to 60 days")
	}
	return lines
}

// Validate refuses play money in production, and real money elsewhere: a test
// key never reaches customers' cards, a live key always does.
func (s settings) Validate(production bool) []string {
	lines := append(config.HTTPURLs("KASSA_STRIPE_URL", s.StripeURL), config.HTTPURLs("KASSA_STRIPE_RETURN_URL", s.ReturnURL)...)
	lines = append(lines, s.payable()...)
	live := strings.HasPrefix(s.StripeKey, "sk_live_") || strings.HasPrefix(s.StripeKey, "rk_live_")
	if !production {
		if live {
			lines = append(lines, "KASSA_STRIPE_KEY is a live key outside of production; use a test key (sk_test_…) or set KASSA_ENV=production")
		}
		return lines
	}
	if u, err := url.Parse(s.StripeURL); err != nil || u.Scheme != "https" || u.Host != "api.stripe.com" {
		lines = append(lines, "KASSA_STRIPE_URL must be Stripe itself in production; set KASSA_STRIPE_URL=https://api.stripe.com")
	}
	if !live {
		lines = append(lines, "KASSA_STRIPE_KEY is no live key; set the secret key (sk_live_…) of the Stripe account")
	}
	for _, secret := range s.WebhookSecrets {
		if !strings.HasPrefix(secret, "whsec_") {
			lines = append(lines, "KASSA_STRIPE_WEBHOOK_SECRET must be Stripe's (whsec_…); copy it from the webhook endpoint's page")
			continue
		}
		lines = append(lines, config.Secret("KASSA_STRIPE_WEBHOOK_SECRET", secret)...)
	}
	if !strings.HasPrefix(s.ReturnURL, "https://") {
		lines = append(lines, "KASSA_STRIPE_RETURN_URL must be an https page of the shop; for example https://shop.example/orders")
	}
	return lines
}
