package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pterm/pterm"

	"kassa/internal/localstack"
	"kassa/internal/money"
)

type ordersCommand struct {
	List     ordersListCommand     `cmd:"" help:"List orders, newest first."`
	Show     ordersShowCommand     `cmd:"" help:"Show an order with its shipments, refunds and returns."`
	Timeline ordersTimelineCommand `cmd:"" help:"Show what happened to an order, and what its saga is doing."`
}

type ordersListCommand struct {
	Status         string `help:"Only orders in this status." placeholder:"STATUS"`
	Customer       string `help:"Only orders of this customer." placeholder:"USER-ID"`
	NeedsAttention bool   `help:"Only orders whose saga cannot get past something by itself."`
	Limit          int    `help:"How many." default:"20"`
}

type ordersShowCommand struct {
	Order string `arg:"" help:"Id of the order, or its number like K-1000042."`
}

type ordersTimelineCommand struct {
	Order string `arg:"" help:"Id of the order, or its number like K-1000042."`
}

// shownOrder is what is shown of an order.
type shownOrder struct {
	ID             uuid.UUID   `json:"id"`
	Number         string      `json:"number"`
	CustomerName   string      `json:"customer_name"`
	Status         string      `json:"status"`
	PaymentStatus  string      `json:"payment_status"`
	Fulfilment     string      `json:"fulfilment"`
	Reason         string      `json:"reason"`
	NeedsAttention string      `json:"needs_attention"`
	Total          money.Money `json:"total"`
	Refunded       money.Money `json:"refunded"`
	CreatedAt      time.Time   `json:"created_at"`
	Lines          []struct {
		Name     string      `json:"name"`
		SKU      string      `json:"sku"`
		Quantity int64       `json:"quantity"`
		Total    money.Money `json:"total"`
	} `json:"lines"`
	Shipments []struct {
		Status, Carrier, Tracking string
	} `json:"shipments"`
	Refunds []struct {
		Status string
		Amount money.Money
	} `json:"refunds"`
	Returns []struct {
		ID     uuid.UUID
		Status string
	} `json:"returns"`
}

// Run prints a table of orders.
func (c *ordersListCommand) Run(ctx context.Context, cli *commands) error {
	shop, err := enter(ctx, cli.Home)
	if err != nil {
		return err
	}
	query := url.Values{"limit": {fmt.Sprint(c.Limit)}}
	for name, value := range map[string]string{"status": c.Status, "user_id": c.Customer} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if c.NeedsAttention {
		query.Set("needs_attention", "true")
	}
	var page struct{ Data []shownOrder }
	if err := shop.get(ctx, "/orders?"+query.Encode(), &page); err != nil {
		return err
	}
	table := pterm.TableData{{"Number", "Status", "Payment", "Goods", "Total", "Customer", "Placed", "Id"}}
	for _, o := range page.Data {
		table = append(table, []string{
			o.Number, o.Status, o.PaymentStatus, o.Fulfilment, o.Total.String(), o.CustomerName, o.CreatedAt.Local().Format(time.DateTime), o.ID.String(),
		})
	}
	return pterm.DefaultTable.WithHasHeader().WithData(table).Render()
}

// Run prints an order.
func (c *ordersShowCommand) Run(ctx context.Context, cli *commands) error {
	shop, err := enter(ctx, cli.Home)
	if err != nil {
		return err
	}
	id, err := shop.find(ctx, c.Order)
	if err != nil {
		return err
	}
	var o shownOrder
	if err := shop.get(ctx, "/orders/"+id, &o); err != nil {
		return err
	}
	pterm.Printfln("%s  %s, payment %s, goods %s", pterm.Bold.Sprint(o.Number), o.Status, o.PaymentStatus, o.Fulfilment)
	for _, line := range []struct{ name, value string }{{"Reason", o.Reason}, {"Needs attention", o.NeedsAttention}, {"Customer", o.CustomerName}} {
		if line.value != "" {
			pterm.Printfln("%s: %s", line.name, line.value)
		}
	}
	table := pterm.TableData{{"Item", "SKU", "Pieces", "Total"}}
	for _, line := range o.Lines {
		table = append(table, []string{line.Name, line.SKU, fmt.Sprint(line.Quantity), line.Total.String()})
	}
	table = append(table, []string{"Total", "", "", o.Total.String()})
	if err := pterm.DefaultTable.WithHasHeader().WithData(table).Render(); err != nil {
		return err
	}
	for _, s := range o.Shipments {
		pterm.Printfln("Shipment  %s  %s %s", s.Status, s.Carrier, s.Tracking)
	}
	for _, r := range o.Refunds {
		pterm.Printfln("Refund    %s  %s", r.Status, r.Amount)
	}
	for _, r := range o.Returns {
		pterm.Printfln("Return    %s  %s", r.Status, r.ID)
	}
	return nil
}

// Run prints an order's history.
func (c *ordersTimelineCommand) Run(ctx context.Context, cli *commands) error {
	shop, err := enter(ctx, cli.Home)
	if err != nil {
		return err
	}
	id, err := shop.find(ctx, c.Order)
	if err != nil {
		return err
	}
	var history struct {
		Entries []struct {
			Version int64
			Type    string
			At      time.Time
			Actor   string
			Data    struct {
				Status, Reason string
				About          map[string]any
			}
		}
		Payment []struct {
			Kind      string
			Amount    money.Money
			CreatedAt time.Time `json:"created_at"`
		}
		Saga *struct {
			WorkflowID string `json:"workflow_id"`
			Operation  string
			Attempt    int
			LastError  string `json:"last_error"`
		}
	}
	if err := shop.get(ctx, "/orders/"+id+"/timeline", &history); err != nil {
		return err
	}
	table := pterm.TableData{{"", "At", "What", "Status", "Who", "Why"}}
	for _, e := range history.Entries {
		why := e.Data.Reason
		if words, ok := e.Data.About["reason"].(string); ok {
			why = words
		}
		table = append(table, []string{fmt.Sprint(e.Version), e.At.Local().Format(time.StampMilli), e.Type, e.Data.Status, e.Actor, why})
	}
	for _, m := range history.Payment {
		table = append(table, []string{"", m.CreatedAt.Local().Format(time.StampMilli), "payment " + m.Kind, "", "payment", m.Amount.String()})
	}
	if err := pterm.DefaultTable.WithHasHeader().WithData(table).Render(); err != nil {
		return err
	}
	if s := history.Saga; s != nil {
		pterm.Printfln("%s is at work: %s, attempt %d %s", s.WorkflowID, s.Operation, s.Attempt, s.LastError)
	}
	return nil
}

// shopDoor is the public API of the running platform, opened by its admin.
type shopDoor struct{ url, token string }

// enter signs the platform's own admin in.
func enter(ctx context.Context, home string) (*shopDoor, error) {
	platform, err := localstack.Running(home)
	if err != nil {
		return nil, err
	}
	shop := &shopDoor{url: platform.Gateway + "/api/v1"}
	credentials, err := json.Marshal(map[string]string{"email": platform.Secrets.AdminEmail, "password": platform.Secrets.AdminPassword})
	if err != nil {
		return nil, err
	}
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	if err := shop.ask(ctx, http.MethodPost, "/users/login", credentials, &tokens); err != nil {
		return nil, fmt.Errorf("sign in as %s: %w", platform.Secrets.AdminEmail, err)
	}
	shop.token = tokens.AccessToken
	return shop, nil
}

// find is the id of an order that is named by its id or by its number.
func (s *shopDoor) find(ctx context.Context, name string) (string, error) {
	if _, err := uuid.Parse(name); err == nil {
		return name, nil
	}
	var page struct{ Data []shownOrder }
	if err := s.get(ctx, "/orders?number="+url.QueryEscape(strings.ToUpper(name)), &page); err != nil {
		return "", err
	}
	if len(page.Data) == 0 {
		return "", fmt.Errorf("there is no order %s", name)
	}
	return page.Data[0].ID.String(), nil
}

func (s *shopDoor) get(ctx context.Context, path string, into any) error {
	return s.ask(ctx, http.MethodGet, path, nil, into)
}

func (s *shopDoor) ask(ctx context.Context, method, path string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= http.StatusBadRequest {
		var problem struct{ Code, Detail string }
		_ = json.NewDecoder(res.Body).Decode(&problem)
		return fmt.Errorf("%s %s: %d %s: %s", method, path, res.StatusCode, problem.Code, problem.Detail)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
