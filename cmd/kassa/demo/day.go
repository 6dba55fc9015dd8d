package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kassa/api/client"
	"kassa/internal/id"
	"kassa/sandbox/shopper"
)

// fromCartToReturn is the whole life of an order: a guest's cart, an account, a
// coupon, a checkout by cart, a mail, two parcels, money back and goods back.
func (d *Demo) fromCartToReturn(ctx context.Context) error {
	mug := d.items["MUG-RED"]
	before, err := d.shop.Level(ctx, mug)
	if err != nil {
		return err
	}
	grace, order, err := d.cartToOrder(ctx, mug)
	if err != nil {
		return err
	}
	if err := d.mailed(ctx, grace, order.Number); err != nil {
		return err
	}
	for n, pieces := range []int64{1, 0} {
		parcel, err := d.shop.Ship(ctx, order, pieces, fmt.Sprintf("0034043416109404255%d", n))
		if err != nil {
			return err
		}
		d.say("POST /api/v1/orders/{id}/fulfilments → parcel %d is %s.", n+1, parcel.Status)
	}
	refund, err := d.shop.GiveBack(ctx, order, client.Money{Amount: 500, Currency: "EUR"}, "a scratch")
	if err != nil {
		return err
	}
	d.say("POST /api/v1/payments/{id}/refund → %s, %s.", amount(refund.Amount), refund.Status)
	coming, err := grace.SendBack(ctx, order, 1, "too small")
	if err != nil {
		return err
	}
	for _, action := range []string{"approve", "receive"} {
		if coming, err = d.shop.Decide(ctx, coming.Id, action); err != nil {
			return err
		}
	}
	done, err := d.until(ctx, grace, order.Id, func(now client.Order) bool {
		return now.Returns != nil && (*now.Returns)[0].CompletedAt != nil
	})
	if err != nil {
		return err
	}
	d.say("PATCH /api/v1/returns/{id} → the order is %s, %s went back in all.", done.Status, amount(done.Refunded))
	if err := d.timeline(ctx, grace, order.Id); err != nil {
		return err
	}
	if err := d.stockIs(ctx, "MUG-RED", before.Available-2); err != nil {
		return err
	}
	return d.dashboard(ctx, grace)
}

// cartToOrder buys three mugs by way of a guest's cart and a coupon.
func (d *Demo) cartToOrder(ctx context.Context, mug shopper.Item) (*shopper.Customer, client.Order, error) {
	var none client.Order
	guest := d.shop.Guest()
	cart, err := guest.Put(ctx, mug, 2)
	if err != nil {
		return nil, none, err
	}
	d.say("A guest has %d × %s in the cart.", cart.Lines[0].Quantity, *cart.Lines[0].Name)
	grace, err := d.shop.Welcome(ctx, "Grace Example")
	if err != nil {
		return nil, none, err
	}
	if _, err = guest.Put(ctx, mug, 1); err != nil {
		return nil, none, err
	}
	if cart, err = grace.Merge(ctx, guest); err != nil {
		return nil, none, err
	}
	d.say("They register; the cart of %d pieces is theirs now.", cart.Lines[0].Quantity)
	code := "DEMO" + strings.ToUpper(id.New().String()[24:])
	if err := d.shop.Coupon(ctx, code, 1000, 1); err != nil {
		return nil, none, err
	}
	if cart, err = grace.Enter(ctx, code); err != nil {
		return nil, none, err
	}
	d.say("Coupon %s: %s off, %s to pay.", code, amount(*cart.Discount), amount(*cart.Total))
	answer, err := d.buy(ctx, grace, shopper.Wish{Expected: cart.Total})
	if err != nil {
		return nil, none, err
	}
	if !answer.Confirmed() || answer.Order.Coupon == nil {
		return nil, none, errUnexpected
	}
	return grace, *answer.Order, nil
}

// mailed waits for the mail about an order.
func (d *Demo) mailed(ctx context.Context, who *shopper.Customer, number string) error {
	err := soon(ctx, func(ctx context.Context) bool {
		subjects, err := d.inbox(ctx, who.Email)
		about := slices.IndexFunc(subjects, func(subject string) bool { return strings.Contains(subject, number) })
		if err != nil || about < 0 {
			return false
		}
		d.right("Mail to the customer: %q.", subjects[about])
		return true
	})
	if err != nil {
		return fmt.Errorf("no mail about %s within %s: %w", number, settleWithin, err)
	}
	return nil
}

// inbox are the subjects of the mails that somebody got.
func (d *Demo) inbox(ctx context.Context, email string) ([]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.stack.Addresses().Mail+"/messages?to="+url.QueryEscape(email), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var page struct {
		Messages []struct {
			Subject string `json:"subject"`
		} `json:"messages"`
	}
	err = json.NewDecoder(response.Body).Decode(&page)
	var subjects []string
	for _, message := range page.Messages {
		subjects = append(subjects, message.Subject)
	}
	return subjects, err
}

// dashboard shows what the customer sees first.
func (d *Demo) dashboard(ctx context.Context, who *shopper.Customer) error {
	board, err := who.Dashboard(ctx)
	if err != nil {
		return err
	}
	if board.User == nil || board.Orders == nil || board.Recommendations == nil || len(*board.Orders) == 0 {
		return fmt.Errorf("the dashboard lacks a part (%d warnings): %w", len(board.Warnings), errUnexpected)
	}
	d.right("GET /api/v1/dashboard/{user_id}: %s, %d order, %d recommendations.", board.User.Name, len(*board.Orders), len(*board.Recommendations))
	return nil
}
