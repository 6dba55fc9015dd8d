package verify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/id"
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

// fulfil runs the saga of a shipment over the real services, and answers how its
// order stands afterwards.
func (w *world) fulfil(till *payment.Service, parcel order.Parcel) order.Status {
	w.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{durable.Faults(zap.NewNop())}})
	env.SetTestTimeout(30 * time.Second)
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
