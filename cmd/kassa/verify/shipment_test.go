package verify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/workflows"
)

// TestTheBooksHoldAfterAShipmentThatTheWarehouseRefuses lets the saga of a
// shipment take its money and then ask for goods that are not the order's: what
// it took goes back, no more and no less, whatever was taken by hand before.
func TestTheBooksHoldAfterAShipmentThatTheWarehouseRefuses(t *testing.T) {
	shop := openShop(t)
	for _, each := range []struct {
		name            string
		byHand          int64 // minor units, taken before
		mugs            int64 // in the shipment; 0 for all that the order has
		taken, refunded int64 // minor units, afterwards
		status          order.Status
	}{
		{"its share was taken", 0, 1, 2398, 2398, order.PartiallyRefunded},
		{"everything was taken", 0, 0, 6296, 6296, order.Refunded},
		{"some was taken by hand", 5000, 1, 6296, 1296, order.PartiallyRefunded},
		{"everything was taken by hand", 6296, 1, 6296, 0, order.Confirmed},
	} {
		t.Run(each.name, func(t *testing.T) {
			w := shop.copied(t)
			till := w.payments()
			o := w.buy(till, w.bought.UserID, "pm_card_visa", "manual")
			if each.byHand > 0 {
				w.take(till, o, each.byHand)
			}
			ask := order.PlanShipmentInput{ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL", Actor: w.bought.UserID.String()}
			if each.mugs > 0 {
				ask.Lines = []order.PieceLine{{LineID: o.Lines[0].ID, Quantity: each.mugs}}
			}
			parcel, err := w.orders().PlanShipment(t.Context(), ask)
			require.NoError(t, err)
			parcel.Items[0].Quantity += 100
			for range 2 { // begun again after its end, nothing moves any more
				state := w.fulfil(till, parcel)
				require.Equal(t, each.status, state)
			}

			paid, err := till.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: o.ID})
			require.NoError(t, err)
			require.Equal(t, eur(each.taken), paid.Captured)
			require.Equal(t, eur(each.refunded), paid.Refunded)
			w.publish()
			require.Empty(t, w.check().Broken())

			again := ask
			again.ShipmentID, again.Lines = id.New(), []order.PieceLine{{LineID: o.Lines[0].ID, Quantity: o.Lines[0].Quantity}}
			_, err = w.orders().PlanShipment(t.Context(), again)
			if each.refunded == 0 {
				require.NoError(t, err)
				return
			}
			require.Error(t, err, "whose money went back gets no goods")
			require.Contains(t, []string{order.ErrShipsTooMuch.Reason, order.ErrNotShippable.Reason}, fault.Of(err).Reason)
		})
	}
}

// TestMoneyKeptForAShipmentThatFailedIsFound: a shipment fails and nobody plans the
// refund of what was taken with it, until somebody refunds it by hand.
func TestMoneyKeptForAShipmentThatFailedIsFound(t *testing.T) {
	w := openShop(t)
	till, o := w.payments(), w.keepsMoney()
	report := w.check()
	require.Equal(t, []string{"O2"}, report.Broken())

	part, rest := eur(1000), eur(1398)
	for _, amount := range []*money.Money{&part, &rest} {
		require.Equal(t, []string{"O2"}, w.check().Broken())
		back, err := w.orders().PlanRefund(t.Context(), order.PlanRefundInput{RefundID: id.New(), OrderID: o.ID, Amount: amount, Actor: "support"})
		require.NoError(t, err)
		_, err = till.RefundPayment(t.Context(), payment.RefundPaymentInput{OrderID: o.ID, RefundID: back.RefundID, Amount: *amount})
		require.NoError(t, err)
		_, err = w.orders().CompleteRefund(t.Context(), order.CompleteRefundInput{OrderID: o.ID, RefundID: back.RefundID})
		require.NoError(t, err)
		w.publish()
	}
	require.Empty(t, w.check().Broken())
}

// TestARefusedRefundOfAShipmentIsNotForgotten: support is told, and stays so while
// the order goes on; whoever takes that back without giving the money back is found.
func TestARefusedRefundOfAShipmentIsNotForgotten(t *testing.T) {
	w := openShop(t)
	till := w.payments()
	o := w.buy(till, w.bought.UserID, "pm_card_visa", "manual")
	refused, other := w.paidParcel(till, o), w.paidParcel(till, o)
	done, err := w.orders().FailShipment(t.Context(), order.FailShipmentInput{
		OrderID: o.ID, ShipmentID: refused.ShipmentID, Reason: "shipment_exceeds_order", PaymentStatus: "partially_captured",
		Taken: refused.Capture, Captured: refused.Capture,
	})
	require.NoError(t, err)
	_, err = w.orders().FailRefund(t.Context(), order.FailRefundInput{OrderID: o.ID, RefundID: done.Refund.RefundID, Reason: "refund_failed"})
	require.NoError(t, err)
	_, err = w.stock().ShipStock(t.Context(), inventory.ShipStockInput{
		OrderID: o.ID, ShipmentID: other.ShipmentID, Lines: []inventory.StockLine{{VariantID: other.Items[0].VariantID, Quantity: other.Items[0].Quantity}},
	})
	require.NoError(t, err)
	_, err = w.orders().MarkShipped(t.Context(), order.MarkShippedInput{OrderID: o.ID, ShipmentID: other.ShipmentID, PaymentStatus: "partially_captured"})
	require.NoError(t, err)
	w.publish()
	require.Empty(t, w.check().Broken())
	now, err := w.orders().ReadOrder(t.Context(), order.ReadOrderInput{OrderID: o.ID})
	require.NoError(t, err)
	require.NotEmpty(t, now.NeedsAttention)

	_, err = w.pool("orders").Exec(t.Context(), "UPDATE orders SET needs_attention = NULL WHERE id = $1", o.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"O2"}, w.check().Broken())
}

// paidParcel plans a shipment of one mug and takes its share.
func (w *world) paidParcel(till *payment.Service, o order.Order) order.Parcel {
	w.t.Helper()
	parcel, err := w.orders().PlanShipment(w.t.Context(), order.PlanShipmentInput{
		ShipmentID: id.New(), OrderID: o.ID, Carrier: "DHL", Actor: "support", Lines: []order.PieceLine{{LineID: o.Lines[0].ID, Quantity: 1}},
	})
	require.NoError(w.t, err)
	_, err = till.CapturePayment(w.t.Context(), payment.CapturePaymentInput{OrderID: o.ID, CaptureID: parcel.ShipmentID, Amount: parcel.Capture})
	require.NoError(w.t, err)
	return parcel
}

// keepsMoney fails a shipment of one mug, 23.98 EUR with shipping, and keeps what
// was taken with it.
func (w *world) keepsMoney() order.Order {
	w.t.Helper()
	till := w.payments()
	o := w.buy(till, w.bought.UserID, "pm_card_visa", "manual")
	parcel := w.paidParcel(till, o)
	_, err := w.orders().FailShipment(w.t.Context(), order.FailShipmentInput{OrderID: o.ID, ShipmentID: parcel.ShipmentID, Reason: "shipment_exceeds_order", PaymentStatus: "partially_captured"})
	require.NoError(w.t, err)
	w.publish()
	return o
}

// fulfil runs the saga of a shipment over the real services, and answers how its
// order stands afterwards.
func (w *world) fulfil(till *payment.Service, parcel order.Parcel) order.Status {
	w.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{durable.Faults(zap.NewNop())}})
	env.SetTestTimeout(30 * time.Second)
	env.RegisterWorkflow(workflows.Refund)
	for _, svc := range []any{w.orders(), w.stock(), till} {
		durable.RegisterService(env, svc)
	}
	env.ExecuteWorkflow(workflows.Fulfil, parcel)
	require.True(w.t, env.IsWorkflowCompleted())
	require.NoError(w.t, env.GetWorkflowError())
	now, err := w.orders().ReadState(w.t.Context(), order.ReadOrderInput{OrderID: parcel.OrderID})
	require.NoError(w.t, err)
	return now.Status
}
