package main

import (
	"time"

	"kassa/api/orderapi"
	"kassa/internal/config"
)

// settings is the configuration of the order service.
type settings struct {
	config.Common
	config.Database
	config.Temporal
	config.Bus
	config.Services
	// ReviewAbove is the total, in minor units, above which somebody must approve an order; 0 for none.
	ReviewAbove    int64         `env:"KASSA_REVIEW_ABOVE" envDefault:"0" example:"100000"`
	ReviewWithin   time.Duration `env:"KASSA_REVIEW_WITHIN" envDefault:"24h" example:"24h"`
	DeliveredAfter time.Duration `env:"KASSA_DELIVERED_AFTER" envDefault:"336h" example:"336h"` // 0 for never
	ReturnWithin   time.Duration `env:"KASSA_RETURN_WITHIN" envDefault:"720h" example:"720h"`   // 0 for ever
	SellerName     string        `env:"KASSA_SELLER_NAME" envDefault:"Kassa" example:"Example Ltd"`
	SellerAddress  []string      `env:"KASSA_SELLER_ADDRESS" envSeparator:";" example:"Torstraße 1;10119 Berlin"`
	SellerTaxID    string        `env:"KASSA_SELLER_TAX_ID" example:"DE123456789"`
}

// Validate checks what the types cannot.
func (s settings) Validate(bool) []string {
	var lines []string
	if s.ReviewAbove < 0 {
		lines = append(lines, "KASSA_REVIEW_ABOVE must not be negative; set 0 when no order is to be reviewed")
	}
	if s.ReviewWithin < time.Second || s.DeliveredAfter < 0 || s.ReturnWithin < 0 {
		lines = append(lines, "KASSA_REVIEW_WITHIN must be a second at least, KASSA_DELIVERED_AFTER and KASSA_RETURN_WITHIN not negative; for example KASSA_REVIEW_WITHIN=24h")
	}
	return lines
}

// desk are the shop's rules about orders.
func (s settings) desk() orderapi.DeskOptions {
	return orderapi.DeskOptions{
		ReviewAbove: s.ReviewAbove, ReviewSeconds: int64(s.ReviewWithin / time.Second),
		DeliverSeconds: int64(s.DeliveredAfter / time.Second), ReturnSeconds: int64(s.ReturnWithin / time.Second),
		Seller: orderapi.Seller{Name: s.SellerName, Address: s.SellerAddress, TaxID: s.SellerTaxID},
	}
}
