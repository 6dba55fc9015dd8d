package verify_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/activities/product"
	"kassa/activities/user"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
)

func eur(amount int64) money.Money { return money.New(amount, "EUR") }

// openShop makes a consistent world that has seen a bit of everything.
func openShop(t *testing.T) *world {
	w := emptyWorld(t)
	var till *payment.Service
	stop := w.webhooks(func() *payment.Service { return till })
	t.Cleanup(stop)
	till = w.payments()

	customers := w.customers()
	w.catalogue()
	w.bought = w.buy(till, customers[0], "pm_card_visa", "automatic")
	w.manual = w.buy(till, customers[1], "pm_card_visa", "manual")
	w.take(till, w.manual, 1000)
	w.declined = w.buy(till, customers[1], "pm_card_visa_chargeDeclined", "automatic")
	w.awaiting = w.buy(till, customers[0], "pm_card_threeDSecure2Required", "automatic")
	w.soldOut = w.place(customers[0], 200)
	_, err := w.reserve(w.soldOut, 200)
	require.ErrorIs(t, err, inventory.ErrOutOfStock)
	w.reject(till, w.soldOut, inventory.ErrOutOfStock)
	w.cancelled = w.buy(till, customers[0], "pm_card_visa", "automatic")
	w.cancel(till, w.cancelled)
	w.coupons()
	w.cheaper = w.buyCheaper(till, customers[1])

	w.applyWebhooks(till)
	w.publish()
	stop()
	w.leave()
	return w
}

func (w *world) customers() []uuid.UUID {
	svc := user.New(w.pool("users"), user.Options{})
	var ids []uuid.UUID
	for _, name := range []string{"ada", "ben", "cy", "dora"} {
		registered, err := svc.RegisterUser(w.t.Context(), user.RegisterUserInput{Email: name + "@example.com", Name: name, Password: "correct horse"})
		require.NoError(w.t, err)
		ids = append(ids, registered.ID)
	}
	renamed := "Ada"
	_, err := svc.UpdateUser(w.t.Context(), user.UpdateUserInput{ID: ids[0], IfVersion: 1, UserChange: user.UserChange{Name: &renamed}})
	require.NoError(w.t, err)
	w.exec("users", `
		INSERT INTO sessions (id, user_id, secret, created_at, expires_at)
		SELECT id, id, sha256(id::text::bytea), now(), now() + interval '1 day' FROM users`, `
		INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at)
		SELECT sha256(id::text::bytea), id, now(), now() + interval '1 day' FROM sessions`)
	for _, guest := range ids[2:] { // whose token is their id
		_, err = svc.LogoutUser(w.t.Context(), user.LogoutUserInput{UserID: guest, RefreshInput: user.RefreshInput{RefreshToken: guest.String()}})
		require.NoError(w.t, err)
	}
	_, err = svc.EraseUser(w.t.Context(), user.EraseUserInput{UserID: ids[3]})
	require.NoError(w.t, err)
	return ids
}

func (w *world) catalogue() {
	svc := product.New(w.pool("products"))
	made, err := svc.CreateProduct(w.t.Context(), product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
		Name: "Mug", Status: product.Active, Variants: []product.NewVariant{
			{SKU: "MUG-RED", Name: "red", Prices: []money.Money{eur(1899)}},
			{SKU: "MUG-BLUE", Name: "blue", Prices: []money.Money{eur(1999)}},
		},
	}})
	require.NoError(w.t, err)
	name := "Large mug"
	_, err = svc.UpdateProduct(w.t.Context(), product.UpdateProductInput{ProductID: made.ID, IfVersion: 1, ProductChange: product.ProductChange{Name: &name}})
	require.NoError(w.t, err)
	w.variants = []uuid.UUID{made.Variants[0].ID, made.Variants[1].ID}
	_, err = w.stock().SetStock(w.t.Context(), inventory.SetStockInput{ProductID: made.ID, IfVersion: 1, Variants: []inventory.StockCount{
		{VariantID: w.variants[0], OnHand: 100}, {VariantID: w.variants[1], OnHand: 50},
	}})
	require.NoError(w.t, err)
	_, err = w.stock().AdjustStock(w.t.Context(), inventory.AdjustStockInput{ProductID: made.ID, AdjustmentID: id.New(), Adjustment: inventory.Adjustment{
		VariantID: w.variants[0], Delta: -2, Reason: "broken",
	}})
	require.NoError(w.t, err)
	_, err = w.stock().ReserveByHand(w.t.Context(), inventory.ReserveByHandInput{ProductID: made.ID, ReservationID: id.New(), HandReservation: inventory.HandReservation{
		VariantID: w.variants[0], Quantity: 1, Reason: "photo shooting",
	}})
	require.NoError(w.t, err)
}

// place places an order over so many red mugs and one blue one.
func (w *world) place(customer uuid.UUID, red int64, options ...func(*order.PlaceOrderInput)) order.Order {
	w.t.Helper()
	lines := []order.PricedLine{
		{VariantID: w.variants[0], ProductID: id.New(), SKU: "MUG-RED", Name: "Mug, red", Quantity: red, UnitPrice: eur(1899), Total: eur(1899 * red)},
		{VariantID: w.variants[1], ProductID: id.New(), SKU: "MUG-BLUE", Name: "Mug, blue", Quantity: 1, UnitPrice: eur(1999), Total: eur(1999)},
	}
	subtotal := 1899*red + 1999
	in := order.PlaceOrderInput{
		UserID: customer, Operation: "checkout", Key: uuid.NewString(), Fingerprint: []byte("request"),
		Priced:        order.Priced{Lines: lines, Subtotal: eur(subtotal), Discount: eur(0), Shipping: eur(499), Tax: eur(0), Total: eur(subtotal + 499)},
		PaymentMethod: "pm_card_visa", Capture: "automatic", ShippingOption: "standard",
		ShippingAddress: order.PostalAddress{Name: "Ada", Line1: "Torstraße 1", City: "Berlin", PostalCode: "10119", Country: "DE"},
	}
	for _, option := range options {
		option(&in)
	}
	placed, err := w.orders().PlaceOrder(w.t.Context(), in)
	require.NoError(w.t, err)
	w.sagas.add("checkout/"+placed.Order.ID.String(), running)
	return placed.Order
}

func (w *world) reserve(o order.Order, red int64) (inventory.Reservation, error) {
	return w.stock().ReserveStock(w.t.Context(), inventory.ReserveStockInput{OrderID: o.ID, Lines: []inventory.StockLine{
		{VariantID: w.variants[0], Quantity: red}, {VariantID: w.variants[1], Quantity: 1},
	}})
}

// buy does what the checkout saga does.
func (w *world) buy(till *payment.Service, customer uuid.UUID, method, capture string) order.Order {
	w.t.Helper()
	o := w.place(customer, 2, func(in *order.PlaceOrderInput) { in.PaymentMethod, in.Capture = method, capture })
	_, err := w.reserve(o, 2)
	require.NoError(w.t, err)
	paid, err := w.pay(till, o, o.Total, method, capture)
	switch {
	case errors.Is(err, payment.ErrCardDeclined):
		w.reject(till, o, payment.ErrCardDeclined)
	case err != nil:
		require.NoError(w.t, err)
	case paid.Status == payment.StatusRequiresAction:
		_, err = w.orders().AwaitPayment(w.t.Context(), order.AwaitPaymentInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentID: paid.ID, ActionURL: paid.ActionURL})
		require.NoError(w.t, err)
	default:
		w.confirm(o, paid)
	}
	return o
}

// coupons makes a coupon, and a cart that is left lying.
func (w *world) coupons() {
	twice := int64(2)
	_, err := w.carts().CreateCoupon(w.t.Context(), cart.CreateCouponInput{CouponTerms: cart.CouponTerms{
		Code: "FIVE", Kind: cart.Fixed, Amount: new(eur(500)), MaxUses: &twice, MaxUsesPerCustomer: &twice,
	}})
	require.NoError(w.t, err)
	_, err = w.carts().AddCartItem(w.t.Context(), cart.AddCartItemInput{
		Owner: cart.Owner{UserID: id.New()}, VariantID: w.variants[0], Quantity: 1, UnitPrice: eur(1899),
	})
	require.NoError(w.t, err)
	reminded, err := w.carts().RemindAbandonedCarts(w.t.Context(), cart.RemindAbandonedCartsInput{Before: time.Now().Add(time.Minute)})
	require.NoError(w.t, err)
	require.Equal(w.t, 1, reminded.Carts)
}

// buyCheaper is buy with the coupon.
func (w *world) buyCheaper(till *payment.Service, customer uuid.UUID) order.Order {
	w.t.Helper()
	o := w.place(customer, 1, func(in *order.PlaceOrderInput) {
		in.Coupon, in.Priced.Discount, in.Priced.Total.Amount = "FIVE", eur(500), in.Priced.Total.Amount-500
	})
	_, err := w.carts().RedeemCoupon(w.t.Context(), cart.RedeemCouponInput{OrderID: o.ID, UserID: customer, Code: "FIVE", Discount: eur(500)})
	require.NoError(w.t, err)
	_, err = w.reserve(o, 1)
	require.NoError(w.t, err)
	paid, err := w.pay(till, o, o.Total, "pm_card_visa", "automatic")
	require.NoError(w.t, err)
	w.confirm(o, paid)
	return o
}

func (w *world) pay(till *payment.Service, o order.Order, amount money.Money, method, capture string) (payment.Payment, error) {
	return till.AuthorizePayment(w.t.Context(), payment.AuthorizePaymentInput{
		OrderID: o.ID, UserID: o.UserID, Amount: amount, PaymentMethod: method, Capture: payment.CaptureMode(capture),
	})
}

// take captures a part of what an order's payment holds.
func (w *world) take(till *payment.Service, o order.Order, cents int64) {
	w.t.Helper()
	_, err := till.CapturePayment(w.t.Context(), payment.CapturePaymentInput{OrderID: o.ID, CaptureID: id.New(), Amount: eur(cents)})
	require.NoError(w.t, err)
}

func (w *world) confirm(o order.Order, paid payment.Payment) {
	w.t.Helper()
	_, err := w.orders().ConfirmOrder(w.t.Context(), order.ConfirmOrderInput{
		OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentID: paid.ID, PaymentStatus: string(paid.Status),
	})
	require.NoError(w.t, err)
	w.sagas.of("checkout/" + o.ID.String()).Status = completed
}

// reject undoes everything and closes the order.
func (w *world) reject(till *payment.Service, o order.Order, why *fault.Error) {
	w.t.Helper()
	_, err := till.VoidPayment(w.t.Context(), payment.VoidPaymentInput{OrderID: o.ID})
	require.NoError(w.t, err)
	_, err = w.stock().ReleaseStock(w.t.Context(), inventory.ReleaseStockInput{OrderID: o.ID})
	require.NoError(w.t, err)
	w.close(o, why)
}

// close rejects the order without undoing anything.
func (w *world) close(o order.Order, why *fault.Error) {
	w.t.Helper()
	_, err := w.orders().RejectOrder(w.t.Context(), order.RejectOrderInput{
		OrderID: o.ID, UserID: o.UserID, Total: o.Total, Code: why.Code, Reason: why.Reason, Message: why.Message,
		Details: map[string]any{"lines": []any{}},
	})
	require.NoError(w.t, err)
	w.sagas.of("checkout/" + o.ID.String()).Status = failed
}

func (w *world) cancel(till *payment.Service, o order.Order) {
	w.t.Helper()
	_, err := w.orders().RequestCancel(w.t.Context(), order.RequestCancelInput{OrderID: o.ID, Actor: o.UserID.String(), Reason: "changed my mind"})
	require.NoError(w.t, err)
	paid, err := till.VoidPayment(w.t.Context(), payment.VoidPaymentInput{OrderID: o.ID})
	require.NoError(w.t, err)
	_, err = w.stock().ReleaseStock(w.t.Context(), inventory.ReleaseStockInput{OrderID: o.ID})
	require.NoError(w.t, err)
	_, err = w.orders().CancelOrder(w.t.Context(), order.CancelOrderInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentStatus: string(paid.Status)})
	require.NoError(w.t, err)
	w.sagas.add("cancel/"+o.ID.String(), completed)
}

// applyWebhooks waits until the provider has told everything and it is applied.
func (w *world) applyWebhooks(till *payment.Service) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		_, err := till.ApplyWebhooks(w.t.Context(), payment.ApplyWebhooksInput{})
		require.NoError(w.t, err)
		var undelivered, waiting int
		require.NoError(w.t, w.pool("psp").QueryRow(w.t.Context(), "SELECT count(*) FROM events WHERE due_at IS NOT NULL").Scan(&undelivered))
		require.NoError(w.t, w.pool("payments").QueryRow(w.t.Context(), "SELECT count(*) FROM webhooks WHERE applied_at IS NULL").Scan(&waiting))
		return undelivered+waiting == 0
	}, time.Minute, 50*time.Millisecond)
}
