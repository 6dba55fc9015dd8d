package demo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.uber.org/zap"

	"kassa/api/client"
	"kassa/internal/durable"
	"kassa/sandbox/shopper"
	"kassa/workflows"
)

// settleWithin bounds the wait for an order to get where it must.
const settleWithin = time.Minute

// buy lets somebody check out until there is a definite answer, and shows it.
func (d *Demo) buy(ctx context.Context, who *shopper.Customer, wish shopper.Wish) (shopper.Answer, error) {
	answer, err := who.Insist(ctx, wish)
	if err == nil {
		d.told(answer)
	}
	return answer, err
}

// settles waits until the order is in a status, and shows its timeline.
func (d *Demo) settles(ctx context.Context, orderID uuid.UUID, want client.OrderStatus) error {
	if _, err := d.until(ctx, d.ada, orderID, func(now client.Order) bool { return now.Status == want }); err != nil {
		return err
	}
	return d.timeline(ctx, d.ada, orderID)
}

// until waits for an order to be as it must. An order service that was just
// killed comes back soon.
func (d *Demo) until(ctx context.Context, who *shopper.Customer, orderID uuid.UUID, there func(client.Order) bool) (now client.Order, err error) {
	err = soon(ctx, func(ctx context.Context) bool {
		now, err = who.Order(ctx, orderID)
		return err == nil && there(now)
	})
	if err != nil {
		return now, fmt.Errorf("the order is %s after %s: %w", now.Status, settleWithin, err)
	}
	return now, nil
}

// soon asks until the answer is yes, at most for settleWithin.
func soon(ctx context.Context, yes func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !yes(ctx) {
		select {
		case <-ctx.Done():
			return errUnexpected
		case <-tick.C:
		}
	}
	return nil
}

func (d *Demo) timelineOf(ctx context.Context, rejected shopper.Answer) error {
	return d.timeline(ctx, d.ada, rejected.OrderID())
}

// chargedOnce looks into the provider's books.
func (d *Demo) chargedOnce(ctx context.Context, o client.Order) error {
	charges, err := d.provider.of(ctx, o.Id)
	if err != nil {
		return err
	}
	if len(charges) != 1 || charges[0].Captured != o.Total.Amount {
		return fmt.Errorf("the provider's books show %+v: %w", charges, errUnexpected)
	}
	d.right("The provider's books: charged once, %s.", amount(o.Total))
	return nil
}

func (d *Demo) stockIs(ctx context.Context, sku string, available int64) error {
	level, err := d.shop.Level(ctx, d.items[sku])
	if err != nil {
		return err
	}
	if level.Available != available {
		return fmt.Errorf("%d of %s are free, %d were before: %w", level.Available, sku, available, errUnexpected)
	}
	d.right("%s: %d on hand, %d reserved, %d free.", sku, level.OnHand, level.Reserved, level.Available)
	return nil
}

// leaderOf is the process that took the newest workflow task of an order's
// checkout, by the identity that it gave Temporal (pid@host).
func (d *Demo) leaderOf(ctx context.Context, orderID uuid.UUID) (string, error) {
	a := d.stack.Addresses()
	temporal, err := durable.Dial(durable.Options{Address: a.Temporal, Namespace: a.Namespace, Log: zap.NewNop()})
	if err != nil {
		return "", err
	}
	defer temporal.Close()
	leader := ""
	events := temporal.GetWorkflowHistory(ctx, workflows.CheckoutID(orderID), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return "", err
		}
		if started := event.GetWorkflowTaskStartedEventAttributes(); started != nil {
			leader = started.GetIdentity()
		}
	}
	number, _, _ := strings.Cut(leader, "@")
	pid, err := strconv.Atoi(number)
	if err != nil {
		return "", fmt.Errorf("identity %q: %w", leader, err)
	}
	for name, known := range d.stack.Pids() {
		if known == pid {
			return name, nil
		}
	}
	return "", fmt.Errorf("process %d is none of ours: %w", pid, errUnexpected)
}
