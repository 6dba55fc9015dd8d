package demo

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"time"

	"golang.org/x/sync/errgroup"

	"kassa/api/client"
	"kassa/sandbox/shopper"
)

func (d *Demo) bought(ctx context.Context) error {
	tea := shopper.Wish{Lines: []client.CheckoutLine{
		{VariantId: d.items["TEAPOT"].VariantID, Quantity: 1},
		{VariantId: d.items["MUG-RED"].VariantID, Quantity: 2},
		{VariantId: d.items["TEA-GREEN"].VariantID, Quantity: 3},
	}}
	answer, err := d.buy(ctx, d.ada, tea)
	if err != nil {
		return err
	}
	if !answer.Confirmed() {
		return errUnexpected
	}
	if err := d.timeline(ctx, d.ada, answer.Order.Id); err != nil {
		return err
	}
	again, err := d.ada.Buy(ctx, shopper.Wish{Lines: tea.Lines, Key: answer.Key})
	if err != nil {
		return err
	}
	if again.Order == nil || again.Order.Id != answer.Order.Id || !again.Replayed {
		return fmt.Errorf("the same Idempotency-Key led to another order: %w", errUnexpected)
	}
	d.right("The same Idempotency-Key again: the same order, after %s.", round(again.Took))
	return d.chargedOnce(ctx, *answer.Order)
}

func (d *Demo) authenticated(ctx context.Context) error {
	wish := shopper.One(d.items["KETTLE"])
	wish.Method = "pm_card_threeDSecure2Required"
	answer, err := d.buy(ctx, d.ada, wish)
	if err != nil {
		return err
	}
	if answer.Order == nil || answer.Order.ActionUrl == nil {
		return errUnexpected
	}
	page, err := url.Parse(*answer.Order.ActionUrl)
	if err != nil {
		return err
	}
	d.say("The customer is sent to %s, and satisfies the bank.", page)
	charges, err := d.provider.of(ctx, answer.Order.Id)
	if err != nil || len(charges) != 1 {
		return fmt.Errorf("%d payments at the provider (%s): %w", len(charges), path.Base(page.Path), errUnexpected)
	}
	if err := d.provider.authenticate(ctx, charges[0].ID); err != nil {
		return err
	}
	return d.settles(ctx, answer.Order.Id, client.OrderStatusConfirmed)
}

func (d *Demo) declined(ctx context.Context) error {
	before, err := d.shop.Level(ctx, d.items["TRAY"])
	if err != nil {
		return err
	}
	wish := shopper.Some(d.items["TRAY"], 5)
	wish.Method = "pm_card_visa_chargeDeclinedInsufficientFunds"
	answer, err := d.buy(ctx, d.ada, wish)
	if err != nil {
		return err
	}
	if answer.Status != 402 {
		return errUnexpected
	}
	if err := d.timelineOf(ctx, answer); err != nil {
		return err
	}
	return d.stockIs(ctx, "TRAY", before.Available)
}

func (d *Demo) outOfStock(ctx context.Context) error {
	before, err := d.shop.Level(ctx, d.items["KETTLE"])
	if err != nil {
		return err
	}
	answer, err := d.buy(ctx, d.ada, shopper.Some(d.items["KETTLE"], before.Available+1))
	if err != nil {
		return err
	}
	if answer.Status != 409 || answer.Problem.Code != "out_of_stock" {
		return errUnexpected
	}
	d.say("lines: %v", answer.Problem.AdditionalProperties["lines"])
	if err := d.timelineOf(ctx, answer); err != nil {
		return err
	}
	return d.stockIs(ctx, "KETTLE", before.Available)
}

func (d *Demo) cancelled(ctx context.Context) error {
	before, err := d.shop.Level(ctx, d.items["MUG-BLUE"])
	if err != nil {
		return err
	}
	answer, err := d.buy(ctx, d.ada, shopper.Some(d.items["MUG-BLUE"], 4))
	if err != nil {
		return err
	}
	if !answer.Confirmed() {
		return errUnexpected
	}
	ended, err := d.ada.Cancel(ctx, answer.Order.Id, "ordered twice")
	if err != nil {
		return err
	}
	d.say("POST /api/v1/orders/{id}/cancel → %s, payment %s", ended.Status, ended.PaymentStatus)
	if err := d.settles(ctx, answer.Order.Id, client.OrderStatusCancelled); err != nil {
		return err
	}
	charges, err := d.provider.of(ctx, answer.Order.Id)
	if err != nil || len(charges) != 1 || charges[0].Captured != charges[0].Refunded {
		return fmt.Errorf("the provider's books show %+v: %w", charges, errUnexpected)
	}
	d.right("The provider's books: %d taken, %d given back.", charges[0].Captured, charges[0].Refunded)
	return d.stockIs(ctx, "MUG-BLUE", before.Available)
}

func (d *Demo) silentProvider(ctx context.Context) error {
	if err := d.provider.fault(ctx, "drop_reply", 1); err != nil {
		return err
	}
	defer func() { _ = d.provider.heal(context.WithoutCancel(ctx)) }()
	wish := shopper.One(d.items["TEA-BLACK"])
	wish.Wait = 30 * time.Second
	answer, err := d.buy(ctx, d.ada, wish)
	if err != nil {
		return err
	}
	if answer.Order == nil {
		return errUnexpected
	}
	if err := d.settles(ctx, answer.Order.Id, client.OrderStatusConfirmed); err != nil {
		return err
	}
	return d.chargedOnce(ctx, *answer.Order)
}

func (d *Demo) killedWorker(ctx context.Context) error {
	// The provider takes its time, so that there is a middle to die in.
	if err := d.provider.fault(ctx, "latency:2500", 1); err != nil {
		return err
	}
	defer func() { _ = d.provider.heal(context.WithoutCancel(ctx)) }()
	wish := shopper.One(d.items["SPOON"])
	wish.Wait = time.Second
	answer, err := d.ada.Buy(ctx, wish)
	if err != nil {
		return err
	}
	d.told(answer)
	if answer.Status != 202 {
		return errUnexpected
	}
	victim, err := d.leaderOf(ctx, answer.Order.Id)
	if err != nil {
		return err
	}
	d.say("kill -9 %s, which leads this checkout.", victim)
	if err := d.stack.Kill(victim); err != nil {
		return err
	}
	if err := d.settles(ctx, answer.Order.Id, client.OrderStatusConfirmed); err != nil {
		return err
	}
	now, err := d.leaderOf(ctx, answer.Order.Id)
	if err != nil {
		return err
	}
	d.right("Finished by %s.", now)
	return d.chargedOnce(ctx, *answer.Order)
}

func (d *Demo) lastOne(ctx context.Context) error {
	const crowd = 50
	answers := make([]shopper.Answer, crowd)
	people := make([]*shopper.Customer, crowd)
	// Passwords are made slow to guess, so registering is: a few at a time.
	if err := each(4, people, func(i int) (err error) {
		people[i], err = d.shop.Welcome(ctx, fmt.Sprintf("Shopper %d", i+1))
		return err
	}); err != nil {
		return err
	}
	if err := each(crowd, people, func(i int) (err error) {
		answers[i], err = people[i].Insist(ctx, shopper.Wish{Lines: shopper.One(d.items["LAST-ONE"]).Lines, Wait: 30 * time.Second})
		return err
	}); err != nil {
		return err
	}
	statuses := map[int]int{}
	for i, answer := range answers {
		statuses[answer.Status]++
		if answer.Confirmed() {
			d.told(answer)
			if err := d.timeline(ctx, people[i], answer.Order.Id); err != nil {
				return err
			}
		}
	}
	d.say("answers: %v", statuses)
	if statuses[201] != 1 || statuses[409] != crowd-1 {
		return errUnexpected
	}
	for _, answer := range answers {
		if answer.Confirmed() {
			continue
		}
		charges, err := d.provider.of(ctx, answer.OrderID())
		if err != nil || len(charges) > 0 {
			return fmt.Errorf("somebody who got nothing has %d payments: %w", len(charges), errUnexpected)
		}
	}
	d.right("One got it, %d were refused, none of them was charged.", crowd-1)
	return d.stockIs(ctx, "LAST-ONE", 0)
}

// each runs do for every index, some at once, and answers the first error.
func each[T any](atOnce int, list []T, do func(i int) error) error {
	var all errgroup.Group
	all.SetLimit(atOnce)
	for i := range list {
		all.Go(func() error { return do(i) })
	}
	return all.Wait()
}
