package main

import (
	"strings"

	"kassa/activities/user"
	"kassa/internal/config"
)

// settings is the configuration of the user service.
type settings struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
	SigningKeys   string `env:"KASSA_SIGNING_KEYS,notEmpty" example:"2026-01:$(openssl rand -base64 32)"` // the first signs, all are published
	AdminEmail    string `env:"KASSA_ADMIN_EMAIL" example:"admin@example.com"`                            // "" is no first admin
	AdminPassword string `env:"KASSA_ADMIN_PASSWORD" example:"$(openssl rand -base64 18)"`

	// Failed sign-ins per minute; see user.Limits.
	SignInPerPair    int `env:"KASSA_SIGN_IN_PER_PAIR" envDefault:"5" example:"5"`
	SignInPerAccount int `env:"KASSA_SIGN_IN_PER_ACCOUNT" envDefault:"30" example:"30"`
	SignInPerAddress int `env:"KASSA_SIGN_IN_PER_ADDRESS" envDefault:"60" example:"60"`
}

// Validate checks what the types cannot.
func (s settings) Validate(production bool) []string {
	var lines []string
	if _, err := user.ParseKeyring(s.SigningKeys); err != nil {
		lines = append(lines, "KASSA_SIGNING_KEYS cannot be used: "+err.Error())
	}
	if production && strings.Contains(","+s.SigningKeys, ",development") {
		lines = append(lines, "KASSA_SIGNING_KEYS still has its development value; make a key with openssl rand -base64 32")
	}
	if production && strings.HasPrefix(s.AdminPassword, "development-") {
		lines = append(lines, "KASSA_ADMIN_PASSWORD still has its development value; set a password of its own, or leave it and KASSA_ADMIN_EMAIL out")
	}
	if (s.AdminEmail == "") != (s.AdminPassword == "") {
		lines = append(lines, "KASSA_ADMIN_EMAIL and KASSA_ADMIN_PASSWORD belong together; set both or neither")
	}
	if s.SignInPerPair < 1 || s.SignInPerAccount < 1 || s.SignInPerAddress < 1 {
		lines = append(lines, "KASSA_SIGN_IN_PER_PAIR, …_PER_ACCOUNT and …_PER_ADDRESS must be 1 or more; leave them out for the defaults")
	}
	return lines
}

func (s settings) limits() user.Limits {
	return user.Limits{PerPair: s.SignInPerPair, PerAccount: s.SignInPerAccount, PerAddress: s.SignInPerAddress}
}
