package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"kassa/internal/durable"
	"kassa/sandbox/shopper"
)

// repaired is how long Reconcile may take to find what it must mend.
const repaired = 2*time.Minute + soon

// operator is somebody with access to Temporal.
func operator(t *testing.T) client.Client {
	t.Helper()
	c, err := durable.Dial(durable.Options{Address: where.Temporal, Namespace: where.Namespace})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func checkoutOf(orderID uuid.UUID) string { return "checkout/" + orderID.String() }

// reset sends an order's checkout back to its beginning.
func reset(t *testing.T, temporal client.Client, orderID uuid.UUID) {
	t.Helper()
	events := temporal.GetWorkflowHistory(t.Context(), checkoutOf(orderID), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		if event.GetEventType() != enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		described, err := temporal.DescribeWorkflowExecution(t.Context(), checkoutOf(orderID), "")
		require.NoError(t, err)
		_, err = temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: where.Namespace, WorkflowExecution: described.GetWorkflowExecutionInfo().GetExecution(),
			Reason: "a test", WorkflowTaskFinishEventId: event.GetEventId(), RequestId: uuid.NewString(),
		})
		require.NoError(t, err)
		return
	}
	require.Fail(t, "the checkout has not begun")
}

func TestAnOperatorMayInterfere(t *testing.T) {
	temporal := operator(t)

	t.Run("and terminate a checkout: it is begun again", func(t *testing.T) {
		item, c := stocked(t, 5), customer(t)
		waiting := awaiting(t, c, shopper.Some(item, 2))
		require.NoError(t, temporal.TerminateWorkflow(t.Context(), checkoutOf(waiting.OrderID()), "", "a test"))
		atTheBank(t, waiting.OrderID(), "succeed")
		require.Eventually(t, func() bool {
			order, err := c.Order(t.Context(), waiting.OrderID())
			return err == nil && order.Status == "confirmed"
		}, repaired, often)
		require.Equal(t, account{charges: 1, taken: waiting.Order.Total.Amount}, books(t, waiting.OrderID()))
		require.EqualValues(t, 3, free(t, item))
	})

	t.Run("and terminate a checkout that the customer then cancels", func(t *testing.T) {
		item, c := stocked(t, 5), customer(t)
		waiting := awaiting(t, c, shopper.Some(item, 2))
		require.NoError(t, temporal.TerminateWorkflow(t.Context(), checkoutOf(waiting.OrderID()), "", "a test"))
		cancelled, err := c.Cancel(t.Context(), waiting.OrderID(), "changed my mind")
		require.NoError(t, err)
		require.EqualValues(t, "rejected", cancelled.Status)
		require.Equal(t, account{}, books(t, waiting.OrderID()))
		becomesFree(t, item, 5)
	})

	t.Run("and reset the checkout of a confirmed order, and cancel it then", func(t *testing.T) {
		item, c := stocked(t, 5), customer(t)
		order := bought(t, c, shopper.Some(item, 2))
		up := hang(t, "payment")
		reset(t, temporal, order.Id)
		require.NoError(t, temporal.CancelWorkflow(t.Context(), checkoutOf(order.Id), ""))
		ended, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		require.NoError(t, temporal.GetWorkflow(ended, checkoutOf(order.Id), "").Get(ended, nil))
		up()
		becomes(t, c, order.Id, "confirmed")
		require.Equal(t, account{charges: 1, taken: order.Total.Amount}, books(t, order.Id))
		require.EqualValues(t, 3, free(t, item))
	})
}
