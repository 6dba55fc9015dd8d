package notification

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/pg"
	"kassa/sql/notificationdb"
)

// bothSign is how long the secret before goes on signing after a new one was made.
const bothSign = 24 * time.Hour

// WebhookEndpoint is a program outside that is told what happens.
type WebhookEndpoint struct {
	ID            uuid.UUID  `json:"id" format:"uuid" doc:"Id of the endpoint." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7c01"`
	URL           string     `json:"url" doc:"Where it is told." example:"https://erp.example.com/kassa"`
	Description   string     `json:"description" doc:"What it is for, in words." example:"Sends orders to the ERP"`
	EventTypes    []string   `json:"event_types" nullable:"false" doc:"What it hears: types, order.* for all of a kind, or * for everything." example:"[\"order.*\"]"`
	Enabled       bool       `json:"enabled" doc:"Whether it is told anything." example:"true"`
	DisabledWhy   string     `json:"disabled_why,omitempty" doc:"failing: it did not answer well for five days. gone: it answered 410. Absent when it is enabled or was switched off by hand."`
	FailingSince  *time.Time `json:"failing_since,omitempty" doc:"The first failure since its last success, UTC; absent when all is well."`
	PreviousUntil *time.Time `json:"previous_secret_until,omitempty" doc:"Until when the secret before signs as well, UTC."`
	Secret        string     `json:"secret,omitempty" doc:"What its webhooks are signed with. Shown when it is made, and never again." example:"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD5Hk4Fg8vPbo="`
	Version       int64      `json:"version" doc:"Counts its changes; the ETag." example:"1"`
	CreatedAt     time.Time  `json:"created_at" doc:"When it was made, UTC." example:"2026-01-15T09:30:00Z"`
	UpdatedAt     time.Time  `json:"updated_at" doc:"When it last changed, UTC." example:"2026-01-15T09:30:00Z"`
}

// CreateWebhookEndpointInput is a new endpoint.
type CreateWebhookEndpointInput struct {
	ActorID     uuid.UUID `json:"actor_id"` // is told when it is switched off
	URL         string    `json:"url"`
	Description string    `json:"description"`
	EventTypes  []string  `json:"event_types"`
}

// CreateWebhookEndpoint makes an endpoint; the answer shows its secret.
func (s *Service) CreateWebhookEndpoint(ctx context.Context, in CreateWebhookEndpointInput) (WebhookEndpoint, error) {
	if err := s.checkEndpoint(in.URL, in.Description, in.EventTypes); err != nil {
		return WebhookEndpoint{}, err
	}
	var made WebhookEndpoint
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err := notificationdb.New(conn).InsertWebhookEndpoint(ctx, notificationdb.InsertWebhookEndpointParams{
			ID: id.New(), Url: in.URL, Description: in.Description, EventTypes: in.EventTypes, CreatedBy: in.ActorID, CreatedAt: now(),
		})
		if pg.Constraint(err) == "webhook_endpoints_url" {
			return ErrEndpointExists
		}
		if err != nil {
			return fmt.Errorf("insert webhook endpoint: %w", err)
		}
		made = endpointOf(row)
		made.Secret = s.secret(row.ID, row.SecretNumber)
		return nil
	})
	return made, err
}

// checkEndpoint refuses an address that is never called, and types that nobody
// publishes: they would be silent for ever.
func (s *Service) checkEndpoint(url, description string, types []string) error {
	if err := s.outside.check(url); err != nil {
		return ErrBadEndpoint.Because(err)
	}
	if len(url) > 2000 || utf8.RuneCountInString(description) > 200 || len(types) == 0 || len(types) > 100 {
		return ErrBadEndpoint
	}
	for _, typ := range types {
		word, all := strings.CutSuffix(typ, ".*")
		known := typ == "*" || slices.ContainsFunc(Published, func(heard string) bool {
			return heard == typ || all && strings.HasPrefix(heard, word+".")
		})
		if !known {
			return ErrBadEndpoint
		}
	}
	return nil
}

// ReadWebhookEndpointInput names an endpoint.
type ReadWebhookEndpointInput struct {
	ID uuid.UUID `json:"id"`
}

// ReadWebhookEndpoint answers an endpoint, without its secret.
func (s *Service) ReadWebhookEndpoint(ctx context.Context, in ReadWebhookEndpointInput) (WebhookEndpoint, error) {
	var read WebhookEndpoint
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err := notificationdb.New(conn).GetWebhookEndpoint(ctx, in.ID)
		read = endpointOf(row)
		return endpointFound(err)
	})
	if err != nil {
		return WebhookEndpoint{}, err
	}
	return read, nil
}

func endpointFound(err error) error {
	if pg.NotFound(err) {
		return ErrEndpointNotFound
	}
	return err
}

// ListWebhookEndpointsInput asks for endpoints, newest first.
type ListWebhookEndpointsInput struct {
	Before *uuid.UUID `json:"before"` // nil starts at the newest
	Limit  int        `json:"limit"`  // endpoints, 1 to 101
}

// WebhookEndpoints are some of them.
type WebhookEndpoints struct {
	Endpoints []WebhookEndpoint `json:"endpoints"`
}

// ListWebhookEndpoints leafs through the endpoints.
func (s *Service) ListWebhookEndpoints(ctx context.Context, in ListWebhookEndpointsInput) (WebhookEndpoints, error) {
	list := WebhookEndpoints{Endpoints: []WebhookEndpoint{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := notificationdb.New(conn).ListWebhookEndpoints(ctx, in.Before, int32(min(max(in.Limit, 1), 101)))
		if err != nil {
			return fmt.Errorf("list webhook endpoints: %w", err)
		}
		for _, row := range rows {
			list.Endpoints = append(list.Endpoints, endpointOf(row))
		}
		return nil
	})
	return list, err
}

// WebhookEndpointChange is what can be changed; what is left out stays.
type WebhookEndpointChange struct {
	URL          *string   `json:"url,omitempty" minLength:"1" maxLength:"2000" doc:"Where it is told." example:"https://erp.example.com/kassa"`
	Description  *string   `json:"description,omitempty" maxLength:"200" doc:"What it is for, in words."`
	EventTypes   *[]string `json:"event_types,omitempty" minItems:"1" maxItems:"100" nullable:"false" doc:"What it hears."`
	Enabled      *bool     `json:"enabled,omitempty" doc:"Whether it is told anything. Enabling it begins anew with what waits."`
	RotateSecret bool      `json:"rotate_secret,omitempty" doc:"Makes a new secret and shows it; the one before signs as well for 24 hours."`
}

// UpdateWebhookEndpointInput changes an endpoint.
type UpdateWebhookEndpointInput struct {
	ID uuid.UUID `json:"id"`
	WebhookEndpointChange
}

// UpdateWebhookEndpoint changes an endpoint; the answer shows a new secret, when
// one was asked for.
func (s *Service) UpdateWebhookEndpoint(ctx context.Context, in UpdateWebhookEndpointInput) (WebhookEndpoint, error) {
	var changed WebhookEndpoint
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := notificationdb.New(tx)
		row, err := db.LockWebhookEndpoint(ctx, in.ID)
		if err != nil {
			return endpointFound(err)
		}
		row = in.on(row)
		if err := s.checkEndpoint(row.Url, row.Description, row.EventTypes); err != nil {
			return err
		}
		row, err = db.UpdateWebhookEndpoint(ctx, notificationdb.UpdateWebhookEndpointParams{
			ID: row.ID, Url: row.Url, Description: row.Description, EventTypes: row.EventTypes, Enabled: row.Enabled,
			DisabledWhy: row.DisabledWhy, SecretNumber: row.SecretNumber, PreviousUntil: row.PreviousUntil, FailingSince: row.FailingSince, UpdatedAt: now(),
		})
		if pg.Constraint(err) == "webhook_endpoints_url" {
			return ErrEndpointExists
		}
		if err != nil {
			return fmt.Errorf("update webhook endpoint %s: %w", in.ID, err)
		}
		changed = endpointOf(row)
		if in.RotateSecret {
			changed.Secret = s.secret(row.ID, row.SecretNumber)
		}
		return nil
	})
	return changed, err
}

// on is the row with the change.
func (c WebhookEndpointChange) on(row notificationdb.WebhookEndpoint) notificationdb.WebhookEndpoint {
	if c.URL != nil {
		row.Url = *c.URL
	}
	if c.Description != nil {
		row.Description = *c.Description
	}
	if c.EventTypes != nil {
		row.EventTypes = *c.EventTypes
	}
	if c.Enabled != nil {
		row.Enabled, row.DisabledWhy = *c.Enabled, ""
		if *c.Enabled {
			row.FailingSince = nil
		}
	}
	if c.RotateSecret {
		until := now().Add(bothSign)
		row.SecretNumber++
		row.PreviousUntil = &until
	}
	return row
}

// DeleteWebhookEndpointInput names an endpoint.
type DeleteWebhookEndpointInput struct {
	ID uuid.UUID `json:"id"`
}

// DeletedWebhookEndpoint is nothing.
type DeletedWebhookEndpoint struct{}

// DeleteWebhookEndpoint forgets an endpoint and the log of its deliveries.
func (s *Service) DeleteWebhookEndpoint(ctx context.Context, in DeleteWebhookEndpointInput) (DeletedWebhookEndpoint, error) {
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		n, err := notificationdb.New(conn).DeleteWebhookEndpoint(ctx, in.ID)
		if err == nil && n == 0 {
			return ErrEndpointNotFound
		}
		return err
	})
	return DeletedWebhookEndpoint{}, err
}
