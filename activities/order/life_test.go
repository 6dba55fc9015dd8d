package order_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/activities/order"
	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
)

// basket is an order over two red mugs and three blue ones with a discount, tax
// on top and shipping: 3798 + 5997 − 1000 + 700 + 499.
func basket(user uuid.UUID, capture string) order.PlaceOrderInput {
	in := wish(user, id.New().String())
	in.Priced.Lines = append(in.Priced.Lines, order.PricedLine{VariantID: id.New(), ProductID: id.New(), SKU: "MUG-BLUE", Name: "Mug, blue", Quantity: 3, UnitPrice: eur(1999), Total: eur(5997)})
	in.Priced.Subtotal, in.Priced.Discount, in.Priced.Tax, in.Priced.Shipping, in.Priced.Total = eur(9795), eur(1000), eur(700), eur(499), eur(9994)
	in.Capture = capture
	return in
}

func buy(t *testing.T, s *order.Service, capture string) order.Order {
	t.Helper()
	placed, err := s.PlaceOrder(t.Context(), basket(id.New(), capture))
	require.NoError(t, err)
	in := confirm(placed.Order)
	if capture == "manual" {
		in.PaymentStatus = "authorized"
	}
	_, err = s.ConfirmOrder(t.Context(), in)
	require.NoError(t, err)
	return placed.Order
}

func read(t *testing.T, s *order.Service, o order.Order) order.Order {
	t.Helper()
	now, err := s.ReadOrder(t.Context(), order.ReadOrderInput{OrderID: o.ID})
	require.NoError(t, err)
	return now
}

func ship(t *testing.T, s *order.Service, o order.Order, lines ...order.PieceLine) (order.Parcel, error) {
	t.Helper()
	parcel, err := s.PlanShipment(t.Context(), order.PlanShipmentInput{ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL", Tracking: "0034", Lines: lines, Actor: "packer"})
	if err == nil {
		_, err = s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: parcel.ShipmentID})
	}
	return parcel, err
}

func pieces(o order.Order, line int, n int64) order.PieceLine {
	return order.PieceLine{LineID: o.Lines[line].ID, Quantity: n}
}

func TestShipsInParts(t *testing.T) {
	s, pool := newService(t)
	o := buy(t, s, "automatic")

	first, err := ship(t, s, o, pieces(o, 0, 1), pieces(o, 1, 3))
	require.NoError(t, err)
	require.False(t, first.Final)
	require.Zero(t, first.Capture.Amount, "the money was taken before")
	require.Equal(t, order.PartiallyShipped, read(t, s, o).Status)

	_, err = ship(t, s, o, pieces(o, 0, 2))
	require.ErrorIs(t, err, order.ErrShipsTooMuch)
	_, err = ship(t, s, o, order.PieceLine{LineID: id.New(), Quantity: 1})
	require.ErrorIs(t, err, order.ErrLineNotFound)
	_, err = s.RequestCancel(t.Context(), order.RequestCancelInput{OrderID: o.ID, Actor: "x"})
	require.ErrorIs(t, err, order.ErrShipmentBegun)

	rest, err := ship(t, s, o)
	require.NoError(t, err)
	require.True(t, rest.Final)
	require.Equal(t, []order.Item{{VariantID: o.Lines[0].VariantID, Quantity: 1}}, rest.Items)
	again, err := s.PlanShipment(t.Context(), order.PlanShipmentInput{ShipmentID: rest.ShipmentID, OrderID: o.ID})
	require.NoError(t, err)
	require.Equal(t, rest, again, "the same id is the same shipment")
	_, err = ship(t, s, o)
	require.ErrorIs(t, err, order.ErrNotShippable)
	require.Equal(t, order.Shipped, read(t, s, o).Status)

	for range 2 {
		_, err = s.MarkDelivered(t.Context(), order.MarkDeliveredInput{OrderID: o.ID, ShipmentID: first.ShipmentID, Actor: "saga"})
		require.NoError(t, err)
	}
	require.Equal(t, order.Shipped, read(t, s, o).Status, "the other one is on its way")
	_, err = s.MarkDelivered(t.Context(), order.MarkDeliveredInput{OrderID: o.ID, ShipmentID: rest.ShipmentID, Actor: "saga"})
	require.NoError(t, err)
	now := read(t, s, o)
	require.Equal(t, order.Delivered, now.Status)
	require.Len(t, now.Shipments, 2)
	require.Equal(t, "0034", now.Shipments[0].Tracking)
	requireHistory(t, pool, now)
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM outbox WHERE type = 'order.confirmed' AND jsonb_array_length(event->'data'->'lines') = 2 AND event->'data'->>'number' LIKE 'K-%'"))
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM outbox WHERE type = 'order.shipped' AND (event->'data'->>'complete')::boolean"))
}

func TestAShipmentThatFailsLetsItsPiecesGo(t *testing.T) {
	s, pool := newService(t)
	o := buy(t, s, "automatic")
	parcel, err := s.PlanShipment(t.Context(), order.PlanShipmentInput{ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL"})
	require.NoError(t, err)
	require.Equal(t, "preparing", read(t, s, o).Fulfilment)
	_, err = s.NeedAttention(t.Context(), order.NeedAttentionInput{OrderID: o.ID, What: "the warehouse"})
	require.NoError(t, err)
	for range 2 {
		_, err = s.FailShipment(t.Context(), order.FailShipmentInput{OrderID: o.ID, ShipmentID: parcel.ShipmentID, Reason: "shipment_exceeds_order"})
		require.NoError(t, err)
	}
	_, err = s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: parcel.ShipmentID})
	require.ErrorIs(t, err, order.ErrIllegalStep)
	now := read(t, s, o)
	require.Equal(t, "none", now.Fulfilment)
	require.Equal(t, "the warehouse", now.NeedsAttention)
	requireHistory(t, pool, now)
	_, err = s.RequestCancel(t.Context(), order.RequestCancelInput{OrderID: o.ID, Actor: "x"})
	require.NoError(t, err, "it can be cancelled again")
	_, err = ship(t, s, o)
	require.ErrorIs(t, err, order.ErrNotShippable, "but not shipped meanwhile")
}

func TestFindsShipmentsAndRefundsWithoutASaga(t *testing.T) {
	s, _ := newService(t)
	o, other := buy(t, s, "manual"), buy(t, s, "automatic")
	parcel, err := s.PlanShipment(t.Context(), order.PlanShipmentInput{ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL"})
	require.NoError(t, err)
	back, err := s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: other.ID, Actor: "support"})
	require.NoError(t, err)
	found, err := s.ListUnsettledOrders(t.Context(), order.ListUnsettledInput{Before: o.CreatedAt.AddDate(0, 0, 1), Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []order.Parcel{parcel}, found.Parcels, "what the first start had")
	require.Equal(t, []order.Restitution{back}, found.Refunds)
	_, err = s.FailRefund(t.Context(), order.FailRefundInput{OrderID: other.ID, RefundID: back.RefundID, Reason: "refund_failed"})
	require.NoError(t, err)
	again, err := s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: back.RefundID, OrderID: other.ID})
	require.NoError(t, err)
	require.Zero(t, again.Amount.Amount, "what has failed is not given back by whoever begins again")
}

// TestFindsARefundWhoseSagaIsGoneBeforeTheStockIsFree: an operator can terminate a
// saga between its steps.
func TestFindsARefundWhoseSagaIsGoneBeforeTheStockIsFree(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "automatic")
	some := money.New(o.Total.Amount-1, o.Total.Currency)
	found := func(later time.Duration) []order.Restitution {
		t.Helper()
		found, err := s.ListUnsettledOrders(t.Context(), order.ListUnsettledInput{Before: time.Now().Add(later), Limit: 10})
		require.NoError(t, err)
		return found.Refunds
	}
	var last order.Restitution
	for _, amount := range []*money.Money{&some, nil} {
		back, err := s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: o.ID, Amount: amount, Actor: "support"})
		require.NoError(t, err)
		done, err := s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: back.RefundID})
		require.NoError(t, err)
		require.Equal(t, amount == nil, done.Release)
		if amount != nil {
			require.Empty(t, found(time.Minute), "its saga has nothing left to do")
		}
		last = back
	}
	require.Contains(t, found(time.Minute), last)
	require.Empty(t, found(2*time.Hour), "a saga is begun again within the hour or never")
}

func TestFindsWhatWaitsBehindWhatWaits(t *testing.T) {
	s, _ := newService(t)
	var comings []order.Homecoming
	for range 3 {
		place(t, s)
		o := buy(t, s, "automatic")
		_, err := ship(t, s, o)
		require.NoError(t, err)
		coming, err := s.RequestReturn(t.Context(), order.RequestReturnInput{ReturnID: id.New(), OrderID: o.ID})
		require.NoError(t, err)
		comings = append(comings, coming)
	}
	var returns []order.Homecoming
	orders, look := 0, order.ListUnsettledInput{Before: time.Now().Add(time.Hour), Limit: 2}
	for range 2 {
		found, err := s.ListUnsettledOrders(t.Context(), look)
		require.NoError(t, err)
		orders += len(found.Checkouts)
		returns = append(returns, found.Returns...)
		look.After = found.Looked
	}
	require.Equal(t, 3, orders)
	require.Equal(t, comings, returns)
	require.Zero(t, look.After, "the next look begins anew")
}

func TestSharesOfShipmentsAddUpToTheTotal(t *testing.T) {
	s, _ := newService(t)
	for range 20 {
		o := buy(t, s, "manual")
		var taken int64
		for _, lines := range [][]order.PieceLine{{pieces(o, 1, 1)}, {pieces(o, 0, 1), pieces(o, 1, 1)}, {pieces(o, 0, 1)}, nil} {
			parcel, err := ship(t, s, o, lines...)
			require.NoError(t, err)
			require.Positive(t, parcel.Capture.Amount)
			taken += parcel.Capture.Amount
		}
		require.Equal(t, o.Total.Amount, taken)
	}
}

func TestAllOfTheMoneyIsTakenWhateverHappensToAShipment(t *testing.T) {
	s, _ := newService(t)
	plan := func(o order.Order, lines ...order.PieceLine) order.Parcel {
		parcel, err := s.PlanShipment(t.Context(), order.PlanShipmentInput{ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL", Lines: lines})
		require.NoError(t, err)
		return parcel
	}

	o := buy(t, s, "manual")
	first, last := plan(o, pieces(o, 0, 2)), plan(o)
	require.False(t, last.Final, "it would let the money of the first go, when it is quicker")
	_, err := s.FailShipment(t.Context(), order.FailShipmentInput{OrderID: o.ID, ShipmentID: first.ShipmentID, Reason: "shipment_exceeds_order"})
	require.NoError(t, err)
	_, err = s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: last.ShipmentID, PaymentStatus: "partially_captured"})
	require.NoError(t, err)
	again := plan(o)
	require.True(t, again.Final)
	require.Equal(t, o.Total.Amount, last.Capture.Amount+again.Capture.Amount, "with the shipping, which was in the share of the first")

	o = buy(t, s, "manual")
	first = plan(o, pieces(o, 0, 2))
	_, err = s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: first.ShipmentID, PaymentStatus: "partially_captured"})
	require.NoError(t, err)
	goodwill := eur(100)
	_, err = refund(s, t, o, order.PlanRefundInput{Amount: &goodwill})
	require.NoError(t, err)
	last = plan(o)
	require.Equal(t, o.Total.Amount, first.Capture.Amount+last.Capture.Amount, "a part that was given back is no reason to send the rest for nothing")
	_, err = s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: last.ShipmentID, PaymentStatus: "captured"})
	require.NoError(t, err)
	require.Equal(t, "partially_refunded", read(t, s, o).PaymentStatus)
}

func refund(s *order.Service, t *testing.T, o order.Order, in order.PlanRefundInput) (order.Restitution, error) {
	t.Helper()
	in.RefundID, in.OrderID, in.Actor = id.New(), o.ID, "support"
	back, err := s.PlanRefund(t.Context(), in)
	if err == nil {
		_, err = s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: back.RefundID})
	}
	return back, err
}

func TestRefundsAreNeverMoreThanTheTotal(t *testing.T) {
	s, pool := newService(t)
	o := buy(t, s, "automatic")

	// Two blue mugs: 2/3 of 5997 less their share of the discount, and of the tax.
	byLines, err := refund(s, t, o, order.PlanRefundInput{Lines: []order.PieceLine{pieces(o, 1, 2)}})
	require.NoError(t, err)
	require.Equal(t, eur(3590+286), byLines.Amount)
	tooMuch := eur(o.Total.Amount - byLines.Amount.Amount + 1)
	_, err = refund(s, t, o, order.PlanRefundInput{Amount: &tooMuch})
	require.ErrorIs(t, err, order.ErrRefundExceeds)
	dollars := money.New(100, "USD")
	_, err = refund(s, t, o, order.PlanRefundInput{Amount: &dollars})
	require.ErrorIs(t, err, order.ErrRefundExceeds)
	_, err = refund(s, t, o, order.PlanRefundInput{Lines: []order.PieceLine{pieces(o, 1, 4)}})
	require.ErrorIs(t, err, order.ErrRefundExceeds)

	amount := eur(1001)
	_, err = refund(s, t, o, order.PlanRefundInput{Amount: &amount, Why: "A cup arrived broken."})
	require.NoError(t, err)
	now := read(t, s, o)
	require.Equal(t, order.PartiallyRefunded, now.Status)
	require.Equal(t, "partially_refunded", now.PaymentStatus)
	for _, each := range now.Refunds {
		sum := each.Shipping.Amount + each.Tax.Amount
		for _, line := range each.Lines {
			sum += line.Amount.Amount
		}
		require.Equal(t, each.Amount.Amount, sum, "what is for what adds up")
	}
	require.Zero(t, count(t, pool, "SELECT count(*) FROM outbox WHERE event::text LIKE '%cup%'"))

	rest, err := refund(s, t, o, order.PlanRefundInput{})
	require.NoError(t, err)
	require.Equal(t, o.Total.Amount, byLines.Amount.Amount+1001+rest.Amount.Amount)
	now = read(t, s, o)
	require.Equal(t, order.Refunded, now.Status)
	require.Equal(t, now.Total, now.Refunded)
	requireHistory(t, pool, now)
	_, err = refund(s, t, o, order.PlanRefundInput{})
	require.ErrorIs(t, err, order.ErrNotRefundable)
	_, err = ship(t, s, o)
	require.ErrorIs(t, err, order.ErrNotShippable)
}

func TestARefundThatFailsLetsItsClaimGo(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "automatic")
	back, err := s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: o.ID, Actor: "support"})
	require.NoError(t, err)
	_, err = refund(s, t, o, order.PlanRefundInput{})
	require.ErrorIs(t, err, order.ErrRefundExceeds, "all of it is claimed")
	_, err = s.RequestCancel(t.Context(), order.RequestCancelInput{OrderID: o.ID, Actor: "x"})
	require.ErrorIs(t, err, order.ErrRefundUnderway)
	_, err = s.FailRefund(t.Context(), order.FailRefundInput{OrderID: o.ID, RefundID: back.RefundID, Reason: "refund_failed"})
	require.NoError(t, err)
	_, err = s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: back.RefundID})
	require.ErrorIs(t, err, order.ErrIllegalStep)
	again, err := refund(s, t, o, order.PlanRefundInput{})
	require.NoError(t, err)
	require.Equal(t, o.Total, again.Amount)
}

func TestARefundComesBack(t *testing.T) {
	s, pool := newService(t)
	o := buy(t, s, "automatic")
	comesBack := func(refundID *uuid.UUID) order.Order {
		require.NoError(t, pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			return order.RefundCameBack(t.Context(), tx, events.PaymentChanged{OrderID: o.ID, Captured: o.Total, RefundID: refundID})
		}))
		return read(t, s, o)
	}
	some := eur(1000)
	part, err := refund(s, t, o, order.PlanRefundInput{Amount: &some})
	require.NoError(t, err)
	rest, err := refund(s, t, o, order.PlanRefundInput{})
	require.NoError(t, err)

	for range 2 {
		now := comesBack(&rest.RefundID)
		require.Equal(t, some, now.Refunded)
		require.Equal(t, "partially_refunded", now.PaymentStatus)
		require.Equal(t, order.Refunded, now.Status, "its stock was given free")
		require.Equal(t, "failed", now.Refunds[1].Status)
		require.Equal(t, "refund_came_back", now.Refunds[1].Reason)
		require.NotEmpty(t, now.NeedsAttention)
		requireHistory(t, pool, now)
	}
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM outbox WHERE type = 'order.refund_failed'"), "twice is once")
	_, err = ship(t, s, o)
	require.ErrorIs(t, err, order.ErrNotShippable)
	now := comesBack(&part.RefundID)
	require.Zero(t, now.Refunded.Amount)
	require.Equal(t, "captured", now.PaymentStatus)

	_, err = refund(s, t, o, order.PlanRefundInput{Amount: &some})
	require.NoError(t, err)
	require.Equal(t, order.Refunded, read(t, s, o).Status)
	left, err := s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: o.ID, Actor: "support"})
	require.NoError(t, err)
	require.Equal(t, o.Total.Amount, some.Amount+left.Amount.Amount, "all of it can be refunded anew")
	now = comesBack(&left.RefundID)
	require.Equal(t, some, now.Refunded, "it was not counted yet")
	done, err := s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: left.RefundID})
	require.NoError(t, err, "its saga has heard that the money went, and ends")
	require.False(t, done.Release)
	require.Equal(t, now.Version, read(t, s, o).Version)

	o = buy(t, s, "automatic")
	parcel, err := ship(t, s, o)
	require.NoError(t, err)
	require.NotEmpty(t, comesBack(nil).NeedsAttention, "whichever it was")
	_, err = s.MarkDelivered(t.Context(), order.MarkDeliveredInput{OrderID: o.ID, ShipmentID: parcel.ShipmentID, Actor: "saga"})
	require.NoError(t, err)
	require.NotEmpty(t, read(t, s, o).NeedsAttention, "what comes by itself settles nothing")
	o = place(t, s)
	require.Empty(t, comesBack(nil).NeedsAttention, "its checkout undoes itself")
}

func TestGoodsComeBack(t *testing.T) {
	s, pool := newService(t)
	o := buy(t, s, "automatic")
	request := func(lines ...order.PieceLine) (order.Homecoming, error) {
		return s.RequestReturn(t.Context(), order.RequestReturnInput{ReturnID: id.New(), OrderID: o.ID, UserID: &o.UserID, Lines: lines, Reason: "Too small, says Ada.", Actor: o.UserID.String()})
	}
	_, err := request()
	require.ErrorIs(t, err, order.ErrNotReturnable, "nothing was shipped")
	_, err = ship(t, s, o)
	require.NoError(t, err)
	stranger := id.New()
	_, err = s.RequestReturn(t.Context(), order.RequestReturnInput{ReturnID: id.New(), OrderID: o.ID, UserID: &stranger})
	require.ErrorIs(t, err, order.ErrOrderNotFound)

	coming, err := request(pieces(o, 0, 2))
	require.NoError(t, err)
	require.Equal(t, []order.Item{{VariantID: o.Lines[0].VariantID, Quantity: 2}}, coming.Items)
	_, err = request(pieces(o, 0, 1))
	require.ErrorIs(t, err, order.ErrReturnsTooMuch, "it comes back already")

	decide := func(returnID uuid.UUID, action string) error {
		_, err := s.DecideReturn(t.Context(), order.DecideReturnInput{ReturnID: returnID, Action: action, Actor: "support", Note: "By post."})
		return err
	}
	require.ErrorIs(t, decide(coming.ReturnID, "receive"), order.ErrIllegalStep)
	require.NoError(t, decide(coming.ReturnID, "approve"))
	require.NoError(t, decide(coming.ReturnID, "approve"), "twice is once")
	require.NoError(t, decide(coming.ReturnID, "receive"))
	require.ErrorIs(t, decide(coming.ReturnID, "reject"), order.ErrIllegalStep)

	back, err := s.PlanReturnRefund(t.Context(), order.ReadReturnInput{ReturnID: coming.ReturnID})
	require.NoError(t, err)
	require.Equal(t, coming.ReturnID, back.RefundID)
	_, err = s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: back.RefundID})
	require.NoError(t, err)
	_, err = s.CompleteReturn(t.Context(), order.ReadReturnInput{ReturnID: coming.ReturnID})
	require.NoError(t, err)
	require.Equal(t, order.PartiallyRefunded, read(t, s, o).Status)

	rejected, err := request()
	require.NoError(t, err)
	_, err = s.ExpireReturn(t.Context(), order.ReadReturnInput{ReturnID: rejected.ReturnID})
	require.NoError(t, err)
	rest, err := request()
	require.NoError(t, err)
	require.NoError(t, decide(rest.ReturnID, "approve"))
	require.NoError(t, decide(rest.ReturnID, "receive"))
	_, err = s.CompleteReturn(t.Context(), order.ReadReturnInput{ReturnID: rest.ReturnID})
	require.NoError(t, err)
	late, err := s.PlanReturnRefund(t.Context(), order.ReadReturnInput{ReturnID: rest.ReturnID})
	require.NoError(t, err)
	require.Zero(t, late.Amount.Amount, "a late request claims no money that no saga gives back")
	now := read(t, s, o)
	require.Equal(t, order.Returned, now.Status)
	require.Len(t, now.Returns, 3)
	requireHistory(t, pool, now)
	require.Zero(t, count(t, pool, "SELECT count(*) FROM outbox WHERE event::text LIKE '%Ada%'"), "nobody is told anybody's words")
}

func TestAReturnWaitsForTheRestToLeave(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "automatic")
	_, err := ship(t, s, o, pieces(o, 0, 2))
	require.NoError(t, err)
	_, err = refund(s, t, o, order.PlanRefundInput{Lines: []order.PieceLine{pieces(o, 1, 3)}, Shipping: true})
	require.NoError(t, err)
	rest, err := s.PlanShipment(t.Context(), order.PlanShipmentInput{ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL"})
	require.NoError(t, err)
	coming, err := s.RequestReturn(t.Context(), order.RequestReturnInput{ReturnID: id.New(), OrderID: o.ID, Lines: []order.PieceLine{pieces(o, 0, 2)}})
	require.NoError(t, err)

	_, err = s.PlanReturnRefund(t.Context(), order.ReadReturnInput{ReturnID: coming.ReturnID})
	require.ErrorIs(t, err, order.ErrOrderUnfinished)
	require.True(t, fault.Of(err).Code.Retryable(), "the return's saga asks again")
	_, err = s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: rest.ShipmentID})
	require.NoError(t, err)
	back, err := s.PlanReturnRefund(t.Context(), order.ReadReturnInput{ReturnID: coming.ReturnID})
	require.NoError(t, err)
	require.Positive(t, back.Amount.Amount)
}

func TestIsHeldAndReviewed(t *testing.T) {
	s, pool := newService(t)
	o := place(t, s)
	asks := func(kind string) order.Intervention {
		in, err := s.RecordIntervention(t.Context(), order.RecordInterventionInput{
			Intervention: order.Intervention{ID: id.New(), OrderID: o.ID, Kind: kind}, Actor: "operator", Reason: "Because of " + kind + ".",
		})
		require.NoError(t, err)
		return in
	}
	_, err := s.AwaitPayment(t.Context(), order.AwaitPaymentInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentID: id.New(), ActionURL: "https://bank.example"})
	require.NoError(t, err)
	hold := asks("hold")
	for range 2 {
		state, err := s.HoldOrder(t.Context(), hold)
		require.NoError(t, err)
		require.Equal(t, order.Held, state.Status)
	}
	_, err = s.ConfirmOrder(t.Context(), confirm(o))
	require.ErrorIs(t, err, order.ErrIllegalStep, "a held order does not move")
	_, err = s.ResumeOrder(t.Context(), asks("resume"))
	require.NoError(t, err)
	now := read(t, s, o)
	require.Equal(t, order.AwaitingPayment, now.Status)
	require.Equal(t, "https://bank.example", now.ActionURL, "the customer can still pay")

	_, err = s.ApproveOrder(t.Context(), asks("approve"))
	require.ErrorIs(t, err, order.ErrNotInReview)
	_, err = s.StartReview(t.Context(), order.StartReviewInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentID: id.New(), PaymentStatus: "captured"})
	require.NoError(t, err)
	_, err = s.ApproveOrder(t.Context(), asks("approve"))
	require.NoError(t, err)
	no := asks("reject")
	_, err = s.RejectOrder(t.Context(), order.RejectOrderInput{
		OrderID: o.ID, UserID: o.UserID, Total: o.Total, Code: order.ErrOrderDeclined.Code, Reason: order.ErrOrderDeclined.Reason, Message: order.ErrOrderDeclined.Message, By: &no.ID,
	})
	require.NoError(t, err)
	now = read(t, s, o)
	require.ErrorIs(t, order.RejectionOf(now), order.ErrOrderDeclined)
	requireHistory(t, pool, now)
	history, err := s.ReadTimeline(t.Context(), order.ReadTimelineInput{OrderID: o.ID, After: 2})
	require.NoError(t, err)
	require.Equal(t, "operator", history.Entries[0].Actor)
	require.Equal(t, "Because of hold.", history.Entries[0].Data["about"].(map[string]any)["reason"])
	require.Equal(t, "operator", history.Entries[len(history.Entries)-1].Actor)
	_, err = s.HoldOrder(t.Context(), order.Intervention{ID: hold.ID, OrderID: place(t, s).ID})
	require.ErrorIs(t, err, order.ErrInterventionNotFound, "it was about another order")
}

func TestACartIsOrderedOnce(t *testing.T) {
	s, _ := newService(t)
	user, cart := id.New(), id.New()
	want := func(key string, version int64) order.PlaceOrderInput {
		in := wish(user, key)
		in.CartID, in.CartVersion, in.Coupon = &cart, version, "WELCOME10"
		in.Priced.Discount, in.Priced.Total = eur(380), eur(3918)
		return in
	}
	first, err := s.PlaceOrder(t.Context(), want("a", 7))
	require.NoError(t, err)
	again, err := s.PlaceOrder(t.Context(), want("a", 7))
	require.NoError(t, err)
	require.True(t, again.Replayed)
	_, err = s.PlaceOrder(t.Context(), want("b", 7))
	require.ErrorIs(t, err, order.ErrCartOrdered)
	require.Equal(t, first.Order.ID, fault.Of(err).Details["order_id"])
	_, err = s.PlaceOrder(t.Context(), want("c", 8))
	require.NoError(t, err, "the cart has moved on")

	bought := order.PurchaseOf(first.Order)
	require.Equal(t, "WELCOME10", bought.Coupon)
	require.Equal(t, eur(380), *bought.Discount)
	_, err = s.RejectOrder(t.Context(), order.RejectOrderInput{OrderID: first.Order.ID, UserID: user, Total: first.Order.Total, Code: fault.Declined, Reason: "out_of_stock"})
	require.NoError(t, err)
	_, err = s.PlaceOrder(t.Context(), want("d", 7))
	require.NoError(t, err, "what came to nothing does not count")
}

func TestForgetsACustomerWhoseOrdersAreDone(t *testing.T) {
	s, pool := newService(t)
	o := buy(t, s, "automatic")
	left, err := s.ForgetCustomer(t.Context(), order.ForgetCustomerInput{UserID: o.UserID})
	require.NoError(t, err)
	require.Equal(t, order.Forgotten{Open: 1}, left, "it must still be delivered")
	_, err = ship(t, s, o)
	require.NoError(t, err)
	for _, want := range []order.Forgotten{{Orders: 1}, {}} {
		left, err = s.ForgetCustomer(t.Context(), order.ForgetCustomerInput{UserID: o.UserID})
		require.NoError(t, err)
		require.Equal(t, want, left)
	}
	now := read(t, s, o)
	require.Equal(t, order.PostalAddress{Country: "DE"}, now.ShippingAddress)
	require.Zero(t, count(t, pool, "SELECT count(*) FROM orders WHERE orders::text LIKE '%Ada%'"))
}
