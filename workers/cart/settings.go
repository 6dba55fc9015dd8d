package main

import "kassa/internal/config"

// settings are the variables that the cart service reads.
type settings struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
	config.Services
	Tokens
}

// Tokens sign the ids of guests' carts.
type Tokens struct {
	CartSecret string `env:"KASSA_CART_SECRET" envDefault:"development-cart-secret" example:"$(openssl rand -hex 32)"`
}

// Validate keeps the development secret out of production: whoever knows it can
// open every guest's cart.
func (t Tokens) Validate(production bool) []string {
	if !production {
		return nil
	}
	return config.Secret("KASSA_CART_SECRET", t.CartSecret)
}
