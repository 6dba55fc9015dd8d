package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

// checkoutEvents lists the events of an order's checkout once it is over, in
// the words of Temporal, like WorkflowExecutionStarted.
func checkoutEvents(ctx context.Context, temporal client.Client, orderID uuid.UUID) ([]string, error) {
	history := temporal.GetWorkflowHistory(ctx, "checkout/"+orderID.String(), "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var names []string
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return nil, fmt.Errorf("history of the checkout of order %s: %w", orderID, err)
		}
		names = append(names, event.GetEventType().String())
	}
	return names, nil
}

// checkShape is the structure that the happy path must have.
func checkShape(events []string) error {
	count := map[string]int{}
	for _, name := range events {
		count[name]++
	}
	var wrong []error
	if n := count["WorkflowTaskCompleted"]; n != 1 {
		wrong = append(wrong, fmt.Errorf("%d workflow tasks instead of one", n))
	}
	if n := count["ActivityTaskScheduled"]; n != 0 {
		wrong = append(wrong, fmt.Errorf("%d regular activities instead of none", n))
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("the happy path of a checkout has another shape (%s): %w", strings.Join(events, " "), err)
	}
	return nil
}
