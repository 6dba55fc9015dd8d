package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pterm/pterm"

	"kassa/api/client"
	"kassa/internal/money"
	"kassa/sandbox/shopper"
)

func (d *Demo) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, "   "+format+"\n", args...)
}

func (d *Demo) title(n int, title, about string) {
	_, _ = fmt.Fprintf(d.out, "\n%s\n", pterm.Bold.Sprintf("%d. %s", n, title))
	d.say("%s", pterm.Gray(about))
}

func (d *Demo) right(format string, args ...any) {
	d.say("%s", pterm.Green("✓ ")+fmt.Sprintf(format, args...))
}

func (d *Demo) wrong(err error) { d.say("%s", pterm.Red("✗ ")+err.Error()) }

// told shows what the customer was answered.
func (d *Demo) told(a shopper.Answer) {
	switch {
	case a.Problem != nil:
		d.say("POST /api/v1/checkout → %d %s after %s: %s", a.Status, a.Problem.Code, round(a.Took), a.Problem.Detail)
	case a.Order != nil:
		d.say("POST /api/v1/checkout → %d %s %s after %s, %s", a.Status, a.Order.Number, a.Order.Status, round(a.Took), amount(a.Order.Total))
	}
}

// timeline shows what happened to an order, with the time since it was placed.
func (d *Demo) timeline(ctx context.Context, who *shopper.Customer, orderID uuid.UUID) error {
	history, err := who.Timeline(ctx, orderID)
	if err != nil {
		return err
	}
	begin := history.Entries[0].At
	for _, entry := range history.Entries {
		d.say("  %9s  %-22s %s", "+"+round(entry.At.Sub(begin)).String(), entry.Type, remark(entry))
	}
	return nil
}

// remark picks out of an entry what a reader wants to know.
func remark(entry client.TimelineEntry) string {
	if entry.Data == nil {
		return ""
	}
	var words []string
	for _, name := range []string{"payment_status", "reason", "action_url"} {
		if value, _ := (*entry.Data)[name].(string); value != "" && value != "none" {
			words = append(words, value)
		}
	}
	return pterm.Gray(strings.Join(words, ", "))
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func amount(m client.Money) string { return money.New(m.Amount, m.Currency).String() }
