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
func refused(parcel order.Parcel, left, captured int64) order.FailShipmentInput {
	return order.FailShipmentInput{
		OrderID: parcel.OrderID, ShipmentID: parcel.ShipmentID, Reason: "shipment_exceeds_order",
		PaymentStatus: "partially_captured", Left: eur(left), Captured: eur(captured),
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
	parcel := prepare(t, s, o, pieces(o, 0, 1))
	_, err := s.MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: prepare(t, s, o, pieces(o, 1, 1)).ShipmentID, PaymentStatus: "partially_captured"})
	require.NoError(t, err)
	_, err = refund(s, t, o, order.PlanRefundInput{Amount: &parcel.Capture})
	require.NoError(t, err)
	done, err := s.FailShipment(t.Context(), refused(parcel, parcel.Capture.Amount, parcel.Capture.Amount))
	require.NoError(t, err)
	require.Zero(t, done.Refund.Amount.Amount)
	require.Len(t, read(t, s, o).Refunds, 1)
}
