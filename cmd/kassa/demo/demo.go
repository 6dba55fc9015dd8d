package demo

import (
	"context"
	"errors"
	"fmt"
	"io"

	"kassa/cmd/kassa/seed"
	"kassa/internal/localstack"
	"kassa/sandbox/shopper"
)

// Demo is a platform and who plays on it.
type Demo struct {
	stack    *localstack.Stack
	provider provider
	out      io.Writer

	shop  *shopper.Shop
	items map[string]shopper.Item
	ada   *shopper.Customer
}

// errUnexpected is a scene that ended otherwise than it must.
var errUnexpected = errors.New("this is not how it must end")

// scenes are played in this order.
var scenes = []struct {
	title string
	about string
	play  func(d *Demo, ctx context.Context) error
}{
	{"Bought", "Stock reserved, money taken, order confirmed.", (*Demo).bought},
	{"From a guest's cart to a return", "Cart, account, coupon, mail, two parcels, money back, goods back.", (*Demo).fromCartToReturn},
	{"The bank wants to know who is paying", "3-D Secure: the saga waits for the customer, durably.", (*Demo).authenticated},
	{"Card declined", "The money is refused, so the stock comes back.", (*Demo).declined},
	{"Out of stock", "More than there is: nothing moves.", (*Demo).outOfStock},
	{"Changed their mind", "A confirmed order is cancelled: money and stock go back.", (*Demo).cancelled},
	{"The provider charges and says nothing", "The outcome is unknown until it is resolved. Charged once.", (*Demo).silentProvider},
	{"The order worker dies in the middle", "kill -9. Another one takes over where it was.", (*Demo).killedWorker},
	{"Fifty want the last one", "One gets it. Nobody else is charged.", (*Demo).lastOne},
}

// Play plays every scene and writes what happens to out. It fails when one ends
// otherwise than it must; the others are played all the same.
func Play(ctx context.Context, stack *localstack.Stack, out io.Writer) error {
	a := stack.Addresses()
	d := &Demo{stack: stack, provider: provider{a.PSP}, out: out}
	var err error
	if d.shop, err = shopper.Open(ctx, a.Gateway, a.Secrets.AdminEmail, a.Secrets.AdminPassword, shopper.Transport()); err != nil {
		return err
	}
	if err = seed.Catalogue(ctx, seed.Options{Gateway: a.Gateway, Email: a.Secrets.AdminEmail, Password: a.Secrets.AdminPassword}); err != nil {
		return err
	}
	if d.items, err = stock(ctx, d.shop); err != nil {
		return err
	}
	if d.ada, err = d.shop.Welcome(ctx, "Ada Example"); err != nil {
		return err
	}
	d.say("The catalogue and %d articles for this run are on the shelves, one customer is signed in.", len(d.items))
	for i, scene := range scenes {
		d.title(i+1, scene.title, scene.about)
		if failed := scene.play(d, ctx); failed != nil {
			d.wrong(failed)
			err = errors.Join(err, fmt.Errorf("%s: %w", scene.title, failed))
		}
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
	return err
}
