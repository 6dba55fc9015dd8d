package order_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/order"
	"kassa/internal/id"
	"kassa/internal/money"
)

// prepare plans a shipment and does no more.
func prepare(t *testing.T, s *order.Service, o order.Order, lines ...order.PieceLine) order.Parcel {
	t.Helper()
	parcel, err := s.PlanShipment(t.Context(), order.PlanShipmentInput{ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL", Lines: lines, Actor: "packer"})
	require.NoError(t, err)
	return parcel
}

// refused is a shipment of which so much was taken, minor units, and that the
// warehouse refuses.
func refused(parcel order.Parcel, taken, captured int64) order.FailShipmentInput {
	return order.FailShipmentInput{
		OrderID: parcel.OrderID, ShipmentID: parcel.ShipmentID, Reason: "shipment_exceeds_order",
		PaymentStatus: "partially_captured", Taken: eur(taken), Captured: eur(captured),
	}
}

func TestAShipmentThatFailsPlansTheRefundOfWhatWasTakenWithIt(t *testing.T) {
	s, pool := newService(t)
	o := buy(t, s, "manual")
	parcel := prepare(t, s, o, pieces(o, 0, 1))
	var done order.Unshipped
	for range 2 {
		var err error
		done, err = s.FailShipment(t.Context(), refused(parcel, parcel.Capture.Amount, parcel.Capture.Amount))
		require.NoError(t, err)
		require.Equal(t, order.Restitution{RefundID: parcel.ShipmentID, OrderID: o.ID, UserID: o.UserID, Total: o.Total, Amount: parcel.Capture}, done.Refund)
	}
	require.Equal(t, "none", done.Fulfilment)
	now := read(t, s, o)
	require.Len(t, now.Refunds, 1, "twice is once")
	requireHistory(t, pool, now)

	_, err := refund(s, t, o, order.PlanRefundInput{})
	require.ErrorIs(t, err, order.ErrRefundUnderway, "nothing else was taken")

	// Its saga dies for good: the next look finds the refund.
	found, err := s.ListUnsettledOrders(t.Context(), order.ListUnsettledInput{Before: time.Now().Add(time.Minute), Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []order.Restitution{done.Refund}, found.Refunds)

	_, err = s.FailRefund(t.Context(), order.FailRefundInput{OrderID: o.ID, RefundID: parcel.ShipmentID, Reason: "refund_failed"})
	require.NoError(t, err)
	require.Contains(t, read(t, s, o).NeedsAttention, "another way")
	done, err = s.FailShipment(t.Context(), refused(parcel, parcel.Capture.Amount, parcel.Capture.Amount))
	require.NoError(t, err)
	require.Zero(t, done.Refund.Amount.Amount, "what was refused is not given back by whoever begins again")
}

// TestTheRefundOfAShipmentIsForItsOwnPieces: what was shipped is returned for its
// full price, whatever else was refused.
func TestTheRefundOfAShipmentIsForItsOwnPieces(t *testing.T) {
	s, _ := newService(t)
	for name, lines := range map[string][2][]func(order.Order) order.PieceLine{
		"the red ones are refused":        {{red(2)}, {blue(3)}},
		"the blue ones are refused":       {{blue(3)}, {red(2)}},
		"some of each are refused":        {{red(1), blue(2)}, {red(1), blue(1)}},
		"one of three is refused":         {{blue(1)}, {red(2), blue(2)}},
		"all but one of them are refused": {{red(2), blue(2)}, {blue(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			o := buy(t, s, "manual")
			shipped := prepare(t, s, o, of(o, lines[1])...)
			_, err := s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: shipped.ShipmentID, PaymentStatus: "partially_captured"})
			require.NoError(t, err)
			parcel := prepare(t, s, o, of(o, lines[0])...)
			require.Equal(t, o.Total.Amount, shipped.Capture.Amount+parcel.Capture.Amount)
			done, err := s.FailShipment(t.Context(), refused(parcel, parcel.Capture.Amount, o.Total.Amount))
			require.NoError(t, err)
			require.Equal(t, parcel.Capture, done.Refund.Amount, "all that was taken with it")
			_, err = s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: parcel.ShipmentID})
			require.NoError(t, err)

			coming, err := s.RequestReturn(t.Context(), order.RequestReturnInput{ReturnID: id.New(), OrderID: o.ID})
			require.NoError(t, err)
			back, err := s.PlanReturnRefund(t.Context(), order.ReadReturnInput{ReturnID: coming.ReturnID})
			require.NoError(t, err)
			require.InDelta(t, shipped.Capture.Amount-o.Shipping.Amount, back.Amount.Amount, 1, "a return pays what the shipment had cost; shipping is not returned")
		})
	}
}

func red(n int64) func(order.Order) order.PieceLine {
	return func(o order.Order) order.PieceLine { return pieces(o, 0, n) }
}

func blue(n int64) func(order.Order) order.PieceLine {
	return func(o order.Order) order.PieceLine { return pieces(o, 1, n) }
}

func of(o order.Order, some []func(order.Order) order.PieceLine) (lines []order.PieceLine) {
	for _, each := range some {
		lines = append(lines, each(o))
	}
	return lines
}

// TestTheSameMoneyIsNotGivenBackTwice: somebody refunds by hand what the shipment
// that is about to fail has taken.
func TestTheSameMoneyIsNotGivenBackTwice(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "manual")
	shipped := prepare(t, s, o, pieces(o, 1, 3))
	_, err := s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: shipped.ShipmentID, PaymentStatus: "partially_captured"})
	require.NoError(t, err)
	parcel := prepare(t, s, o, pieces(o, 0, 2))
	taken := parcel.Capture.Amount // as the saga reads it, before the refund

	byHand, err := s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: o.ID, Lines: []order.PieceLine{pieces(o, 0, 1)}, Actor: "support"})
	require.NoError(t, err)
	_, err = s.FailShipment(t.Context(), refused(parcel, taken, o.Total.Amount))
	require.ErrorIs(t, err, order.ErrOrderUnfinished, "nobody knows yet what is left")
	require.Equal(t, "preparing", read(t, s, o).Shipments[1].Status, "all or nothing")
	_, err = s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: byHand.RefundID})
	require.NoError(t, err)

	done, err := s.FailShipment(t.Context(), refused(parcel, taken, o.Total.Amount))
	require.NoError(t, err)
	require.Equal(t, taken, byHand.Amount.Amount+done.Refund.Amount.Amount)
	_, err = s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: parcel.ShipmentID})
	require.NoError(t, err)
	require.Equal(t, money.New(taken, "EUR"), read(t, s, o).Refunded)
}

// TestNoMoreIsGivenBackThanWasTaken: a refund by hand of money that was taken for
// the shipment alone leaves nothing to give back.
func TestNoMoreIsGivenBackThanWasTaken(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "manual")
	charged(t, s, o)
	parcel := prepare(t, s, o, pieces(o, 0, 1))
	_, err := refund(s, t, o, order.PlanRefundInput{Amount: &parcel.Capture})
	require.NoError(t, err)
	done, err := s.FailShipment(t.Context(), refused(parcel, parcel.Capture.Amount, parcel.Capture.Amount))
	require.NoError(t, err)
	require.Zero(t, done.Refund.Amount.Amount)
	require.Len(t, read(t, s, o).Refunds, 1)
}

// charged has a part of the payment taken, as far as the order knows.
func charged(t *testing.T, s *order.Service, o order.Order) {
	t.Helper()
	_, err := s.FailShipment(t.Context(), refused(prepare(t, s, o, pieces(o, 1, 1)), 0, 0))
	require.NoError(t, err)
}

// complete lets the money of a refund go back.
func complete(t *testing.T, s *order.Service, back order.Restitution) {
	t.Helper()
	_, err := s.CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: back.OrderID, RefundID: back.RefundID})
	require.NoError(t, err)
}

// TestWhatTheBankRefusesMeanwhileIsNotForgotten: a refund by hand has claimed all
// that was taken when the saga looks, and comes to nothing.
func TestWhatTheBankRefusesMeanwhileIsNotForgotten(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "manual")
	charged(t, s, o)
	parcel := prepare(t, s, o, pieces(o, 0, 1))
	ask := refused(parcel, parcel.Capture.Amount, parcel.Capture.Amount)
	byHand, err := s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: o.ID, Amount: &parcel.Capture, Actor: "support"})
	require.NoError(t, err)
	_, err = s.FailShipment(t.Context(), ask)
	require.ErrorIs(t, err, order.ErrOrderUnfinished)
	_, err = s.FailRefund(t.Context(), order.FailRefundInput{OrderID: o.ID, RefundID: byHand.RefundID, Reason: "refund_failed"})
	require.NoError(t, err)
	done, err := s.FailShipment(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, parcel.Capture, done.Refund.Amount)
}

// TestAnOldLookAtThePaymentKeepsNothing: while one shipment waits, another one is
// paid for, refused and refunded.
func TestAnOldLookAtThePaymentKeepsNothing(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "manual")
	first, second := prepare(t, s, o, pieces(o, 0, 1)), prepare(t, s, o, pieces(o, 1, 1))
	ask := refused(first, first.Capture.Amount, first.Capture.Amount)
	done, err := s.FailShipment(t.Context(), refused(second, second.Capture.Amount, first.Capture.Amount+second.Capture.Amount))
	require.NoError(t, err)
	require.Equal(t, second.Capture, done.Refund.Amount)
	complete(t, s, done.Refund)
	done, err = s.FailShipment(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, first.Capture, done.Refund.Amount)
}

// TestTheShippingIsGivenBackOnce: somebody gave it back by hand, with a piece of
// another shipment.
func TestTheShippingIsGivenBackOnce(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "manual")
	parcel := prepare(t, s, o, pieces(o, 0, 1))
	other := prepare(t, s, o, pieces(o, 1, 3))
	_, err := s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: other.ShipmentID, PaymentStatus: "partially_captured"})
	require.NoError(t, err)
	require.Positive(t, o.Shipping.Amount)
	byHand, err := s.PlanRefund(t.Context(), order.PlanRefundInput{
		RefundID: id.New(), OrderID: o.ID, Lines: []order.PieceLine{pieces(o, 1, 1)}, Shipping: true, Actor: "support",
	})
	require.NoError(t, err)
	complete(t, s, byHand)
	done, err := s.FailShipment(t.Context(), refused(parcel, parcel.Capture.Amount, parcel.Capture.Amount+other.Capture.Amount))
	require.NoError(t, err)
	require.Equal(t, parcel.Capture.Amount-o.Shipping.Amount, done.Refund.Amount.Amount)
}

// TestTwoRefusedShipmentsDoNotWaitForEachOther, although each of them would give back
// all that is left.
func TestTwoRefusedShipmentsDoNotWaitForEachOther(t *testing.T) {
	s, _ := newService(t)
	o := buy(t, s, "manual")
	red := prepare(t, s, o, pieces(o, 0, 2))
	_, err := s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: red.ShipmentID, PaymentStatus: "partially_captured"})
	require.NoError(t, err)
	first, second := prepare(t, s, o, pieces(o, 1, 1)), prepare(t, s, o)
	byHand, err := s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: o.ID, Lines: []order.PieceLine{pieces(o, 0, 2)}, Shipping: true, Actor: "support"})
	require.NoError(t, err)
	complete(t, s, byHand)
	left := o.Total.Amount - byHand.Amount.Amount
	require.Equal(t, left, first.Capture.Amount+second.Capture.Amount)
	most := eur(left - first.Capture.Amount + 100)
	byHand, err = s.PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: o.ID, Amount: &most, Actor: "support"})
	require.NoError(t, err)
	complete(t, s, byHand)
	left -= most.Amount

	ask := refused(first, first.Capture.Amount, o.Total.Amount)
	for range 2 {
		_, err = s.FailShipment(t.Context(), ask)
		require.ErrorIs(t, err, order.ErrOrderUnfinished, "the other one may leave")
		_, err = s.PlanShipment(t.Context(), order.PlanShipmentInput{ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL", Lines: []order.PieceLine{pieces(o, 1, 1)}, Actor: "packer"})
		require.Error(t, err, "its money is going back")
	}
	done, err := s.FailShipment(t.Context(), refused(second, second.Capture.Amount, o.Total.Amount))
	require.NoError(t, err)
	require.Equal(t, eur(left), done.Refund.Amount)
	complete(t, s, done.Refund)
	done, err = s.FailShipment(t.Context(), ask)
	require.NoError(t, err)
	require.Zero(t, done.Refund.Amount.Amount)
	require.Equal(t, o.Total, read(t, s, o).Refunded)
}
