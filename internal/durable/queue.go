package durable

import (
	"context"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"kassa/internal/process"
)

// Describe asks Temporal how a task queue fares: its workflow tasks and its
// activities together.
func Describe(ctx context.Context, c client.Client, namespace, queue string) (process.TaskQueue, error) {
	state := process.TaskQueue{Name: queue}
	workers := map[string]bool{}
	for _, kind := range []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_WORKFLOW, enums.TASK_QUEUE_TYPE_ACTIVITY} {
		answer, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: queue}, TaskQueueType: kind, ReportStats: true,
		})
		if err != nil {
			return state, fmt.Errorf("task queue %s: %w", queue, err)
		}
		state.Backlog += answer.GetStats().GetApproximateBacklogCount()
		age := int64(answer.GetStats().GetApproximateBacklogAge().AsDuration().Seconds())
		state.OldestSeconds = max(state.OldestSeconds, age)
		for _, poller := range answer.GetPollers() {
			workers[poller.GetIdentity()] = true
		}
	}
	state.Pollers = len(workers)
	return state, nil
}
