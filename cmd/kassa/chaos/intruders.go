package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"kassa/cmd/kassa/verify"
	"kassa/internal/bus"
	"kassa/internal/id"
	"kassa/sandbox/psp/provider"
	"kassa/sandbox/shopper"
)

// twoTabs lets each customer order one cart several times at once, each time
// with another key: it is one order.
func twoTabs(ctx context.Context, s *stage) error {
	const tabs = 5
	for _, customer := range s.crew.customers {
		guest := s.crew.shop.Guest()
		if _, err := guest.Put(ctx, s.crew.items[0], 2); err != nil {
			return err
		}
		if _, err := customer.Merge(ctx, guest); err != nil {
			return err
		}
	}
	orders := map[*shopper.Customer]int{}
	for _, e := range s.compete(ctx, tabs*len(s.crew.customers), func(int) shopper.Wish { return shopper.Wish{} }) {
		s.crew.add(e)
		if e.answer.Confirmed() {
			orders[e.customer]++
		}
	}
	for n, customer := range s.crew.customers {
		if orders[customer] != 1 {
			s.wrong("the cart of customer %d became %d orders", n, orders[customer])
		}
	}
	return nil
}

// forge tells the shop what the provider never said, about its own payments.
// None of it may be believed.
func forge(ctx context.Context, s *stage) error {
	secret, refused := s.where.Secrets.WebhookSecret, 0
	what := []string{"payment_intent.succeeded", "payment_intent.canceled", "payment_intent.payment_failed", "charge.refunded"}
	err := s.again(ctx, 100*time.Millisecond, func() error {
		target := s.crew.someOrder(s.dice)
		if target == uuid.Nil {
			return nil
		}
		body := fmt.Sprintf(`{"id":"evt_forged%s","object":"event","type":%q,"data":{"object":{"object":"payment_intent","status":"canceled","metadata":{"order_id":%q}}}}`,
			id.New(), s.some(what), target)
		signature := map[int]string{
			0: "", 1: "nonsense", 2: provider.Sign(time.Now(), body, "whsec_another"),
			3: provider.Sign(time.Now().Add(-10*time.Minute), body, secret), 4: provider.Sign(time.Now(), body+" ", secret),
		}[s.dice.IntN(5)]
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.where.Gateway+"/api/v1/webhooks/stripe", strings.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Stripe-Signature", signature)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		if refused++; answer.StatusCode < 400 || answer.StatusCode >= 500 {
			s.wrong("a webhook signed %q was answered %d", signature, answer.StatusCode)
		}
		return answer.Body.Close()
	})
	s.notes = append(s.notes, fmt.Sprintf("%d forged webhooks", refused))
	return err
}

// poisoned is the type of the events that poison sends.
const poisoned = "order.confirmed"

// poison publishes what nobody can read among the events. Every consumer must
// put it aside and go on; an operator throws it away.
func poison(ctx context.Context, s *stage) error {
	broker, err := bus.Connect(s.where.NATS, "chaos", zap.NewNop())
	if err != nil {
		return err
	}
	defer broker.Close()
	sent, consumers := 0, 0
	for _, subscriber := range verify.Subscribers {
		if slices.Contains(subscriber.Types, poisoned) {
			consumers++
		}
	}
	documents := []string{`{"no":"event"}`, `{`, "\x00\xff", `[]`, `{"id":"no uuid","type":"order.confirmed"}`}
	err = s.again(ctx, time.Second, func() error {
		sent++
		_, err := broker.Send(ctx, []bus.Document{{MessageID: id.New().String(), Type: poisoned, Subject: id.New().String(), JSON: []byte(s.some(documents))}})
		return err
	})
	if err != nil {
		return err
	}
	var letters []bus.DeadLetter
	for end := time.Now().Add(soon); len(letters) < sent*consumers && time.Now().Before(end); err = wait(ctx, 100*time.Millisecond) {
		if letters, err = broker.DeadLetters(ctx, 0, 1000); err != nil {
			return err
		}
	}
	if len(letters) != sent*consumers {
		s.wrong("%d events were poison for %d consumers; %d dead letters", sent, consumers, len(letters))
	}
	for _, letter := range letters {
		err = errors.Join(err, broker.Discard(ctx, letter.Number))
	}
	s.notes = append(s.notes, fmt.Sprintf("%d dead letters of %d events", len(letters), sent))
	return err
}

// starve takes the file descriptors away from one process after the other: it
// can open nothing new, no connection and no file.
func starve(ctx context.Context, s *stage) error {
	for _, name := range []string{"gateway", "order", "inventory", "payment"} {
		if err := s.starve(ctx, name); err != nil {
			return fmt.Errorf("limit the files of %s: %w", name, err)
		}
	}
	return nil
}

func (s *stage) starve(ctx context.Context, name string) error {
	pid := strconv.Itoa(s.pid(name))
	before, err := prlimit(ctx, "--pid", pid, "--nofile", "--noheadings", "--output", "SOFT")
	if err != nil {
		return err
	}
	if _, err := prlimit(ctx, "--pid", pid, "--nofile=8:"); err != nil {
		return err
	}
	waited := errors.Join(s.cut(ctx), wait(ctx, s.during/3)) // or it would live on the connections that it has
	_, err = prlimit(context.WithoutCancel(ctx), "--pid", pid, "--nofile="+before+":")
	return errors.Join(waited, err)
}

// prlimit changes a limit of a running process (util-linux).
func prlimit(ctx context.Context, args ...string) (string, error) {
	output, err := exec.CommandContext(ctx, "prlimit", args...).CombinedOutput() //nolint:gosec // ours
	if err != nil {
		return "", fmt.Errorf("prlimit: %w: %s", err, bytes.TrimSpace(output))
	}
	return string(bytes.TrimSpace(output)), nil
}
