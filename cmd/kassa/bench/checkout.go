package bench

import (
	"context"
	"fmt"
	"time"
)

// checkout measures checkouts beside null sagas.
func (b *bench) checkout(ctx context.Context) (*Checkout, error) {
	report := &Checkout{}
	if err := b.measureStructure(ctx, report); err != nil {
		return report, err
	}
	if err := b.measureSpeed(ctx, report); err != nil {
		return report, err
	}
	return report, b.measureOpen(ctx, report)
}

// looks is how many checkouts are looked at one by one. What else goes on in the
// platform can only add to what is seen, so the smallest is the checkout's own.
const looks = 5

// measureStructure counts what does not depend on the machine.
func (b *bench) measureStructure(ctx context.Context, report *Checkout) error {
	b.options.Progress("looking at single checkouts")
	for range looks {
		// Long enough for relays and webhooks, too short for connections to be asked whether they live.
		if err := sleep(ctx, 600*time.Millisecond); err != nil {
			return err
		}
		seen, orderID, err := watchTransactions(ctx, b.addresses, b.dir, b.buyers.buyOne)
		if err != nil {
			return err
		}
		if report.BeforeAnswer == nil || len(seen) < len(report.BeforeAnswer) {
			report.BeforeAnswer = seen
		}
		if report.Events, err = checkoutEvents(ctx, b.temporal, orderID); err != nil {
			return err
		}
		if err := checkShape(report.Events); err != nil {
			return err
		}
	}
	return checkTransactions(report.BeforeAnswer)
}

// measureSpeed lets rounds of both kinds alternate.
func (b *bench) measureSpeed(ctx context.Context, report *Checkout) error {
	checkouts := 0
	before, err := committed(ctx, b.addresses)
	if err != nil {
		return err
	}
	for n := range b.options.Rounds {
		b.options.Progress(fmt.Sprintf("round %d of %d", n+1, b.options.Rounds))
		bought, err := b.round(ctx, report, n%2 == 0)
		if err != nil {
			return err
		}
		checkouts += bought
	}
	// Postgres counts an idle session's last transactions with a delay.
	if err := sleep(ctx, 2*time.Second); err != nil {
		return err
	}
	after, err := committed(ctx, b.addresses)
	if err != nil {
		return err
	}
	report.Transactions = map[string]float64{}
	for database, n := range after {
		report.Transactions[database] = float64(n-before[database]) / float64(checkouts)
	}
	report.Repeated = b.buyers.repeated.Load()
	report.finish()
	return nil
}

// round measures both kinds, with many clients and with one, and answers the
// number of checkouts.
func (b *bench) round(ctx context.Context, report *Checkout, nullFirst bool) (int, error) {
	null, checkout := &report.Null, &report.Saga
	kinds := []struct {
		samples *Samples
		do      func(context.Context, int) error
	}{{null, b.nulls.do}, {checkout, b.buyers.do}}
	if !nullFirst {
		kinds[0], kinds[1] = kinds[1], kinds[0]
	}
	bought := 0
	for _, clients := range []int{b.options.Clients, 1} {
		for _, kind := range kinds {
			done, err := b.measure(ctx, kind.samples, clients, kind.do)
			if err != nil {
				return bought, err
			}
			if kind.samples == checkout {
				bought += done
			}
		}
	}
	return bought, nil
}

// measure takes one sample. Processor time counts until everything the round
// has caused is done.
func (b *bench) measure(ctx context.Context, samples *Samples, clients int, do func(context.Context, int) error) (int, error) {
	before, err := b.spent(ctx)
	if err != nil {
		return 0, err
	}
	length := b.options.Round
	if clients == 1 {
		length = (length + 1) / 2
	}
	r, err := drive(ctx, clients, length, do)
	if err != nil {
		return 0, err
	}
	drained, err := b.backlogs.drain(ctx)
	if err != nil {
		return 0, err
	}
	if clients == 1 {
		samples.AtOneClient = append(samples.AtOneClient, r.median())
		return r.done, nil
	}
	after, err := b.spent(ctx)
	samples.add(r, drained, after.since(before))
	return r.done, err
}

// measureOpen offers half of what the clients could get, by an open load.
func (b *bench) measureOpen(ctx context.Context, report *Checkout) error {
	b.options.Progress("checkouts by an open load")
	report.OpenRate = round(report.CheckoutPerSecond / 2)
	all, err := arrive(ctx, steady(report.OpenRate, 2*b.options.Step), b.buyers.checkouts())
	if err != nil {
		return err
	}
	report.Open = latency(times(all, func(arrival) bool { return true }))
	_, err = b.backlogs.drain(ctx)
	return err
}
