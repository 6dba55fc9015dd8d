package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"kassa/internal/durable"
	"kassa/internal/id"
	"kassa/sandbox/shopper"
)

// atOnce is how many customers of a contest ask at the same time.
const atOnce = 50

// compete lets n errands run, many at once, each by one of the crew's customers.
func (s *stage) compete(ctx context.Context, n int, wish func(n int) shopper.Wish) []*errand {
	all := make([]*errand, n)
	places := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i := range all {
		all[i] = &errand{customer: s.crew.customers[i%len(s.crew.customers)], wish: wish(i)}
		if all[i].wish.Key == "" {
			all[i].wish.Key = fmt.Sprintf("%s-%d", s.crew.key, i)
		}
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			s.crew.do(ctx, all[i])
		})
	}
	group.Wait()
	return all
}

// sameKey sends one purchase many times at once: it is one order.
func sameKey(ctx context.Context, s *stage) error {
	key := s.crew.key + "-same"
	s.crew.customers = s.crew.customers[:1]
	all := s.compete(ctx, 100, func(int) shopper.Wish {
		wish := shopper.One(s.crew.items[0])
		wish.Key = key
		return wish
	})
	s.crew.add(all[0])
	for _, e := range all {
		if e.err != nil || !e.answer.Confirmed() || e.answer.OrderID() != all[0].answer.OrderID() {
			s.wrong("one was answered %d with order %s (%v)", e.answer.Status, e.answer.OrderID(), e.err)
		}
	}
	return nil
}

// lastUnit lets many buy what there is one of.
func lastUnit(ctx context.Context, s *stage) error {
	return s.sellOut(ctx, 200, 1, 1)
}

// hundredUnits lets many buy two articles, named in either order.
func hundredUnits(ctx context.Context, s *stage) error {
	return s.sellOut(ctx, 300, 100, 2)
}

// sellOut expects exactly so many confirmed orders as there are units.
func (s *stage) sellOut(ctx context.Context, buyers int, units int64, articles int) error {
	var items []shopper.Item
	for range articles {
		item, err := s.crew.shop.Stock(ctx, shopper.Article{SKU: "CUP-" + id.New().String(), Name: "Cup", Description: "A cup", Price: eur(999), Stock: units})
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	all := s.compete(ctx, buyers, func(n int) shopper.Wish {
		wish := shopper.One(items[n%articles])
		for other := 1; other < articles; other++ {
			wish.Lines = append(wish.Lines, shopper.One(items[(n+other)%articles]).Lines...)
		}
		return wish
	})
	var sold int64
	for _, e := range all {
		s.crew.add(e)
		if e.answer.Confirmed() {
			sold++
		}
	}
	if sold != units {
		s.wrong("%d orders were confirmed; there were %d units", sold, units)
	}
	return nil
}

// interfere terminates and resets running checkouts. What it leaves, Reconcile finds.
func interfere(ctx context.Context, s *stage) error {
	if err := s.misbehave(ctx, rule("latency:1500", 0.7)); err != nil {
		return err
	}
	temporal, err := durable.Dial(durable.Options{Address: s.where.Temporal, Namespace: s.where.Namespace, Log: zap.NewNop()})
	if err != nil {
		return err
	}
	defer temporal.Close()
	terminated, reset := 0, 0
	err = s.again(ctx, 500*time.Millisecond, func() error {
		found, err := temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: s.where.Namespace, Query: "WorkflowType = 'Checkout' AND ExecutionStatus = 'Running'", PageSize: 3,
		})
		if err != nil {
			return err
		}
		for _, e := range found.GetExecutions() {
			workflow := e.GetExecution().GetWorkflowId()
			if s.dice.IntN(2) == 0 && resetToBeginning(ctx, temporal, s.where.Namespace, workflow) == nil {
				reset++
			} else if temporal.TerminateWorkflow(ctx, workflow, "", "chaos") == nil {
				terminated++
			}
		}
		return nil
	})
	s.notes = append(s.notes, fmt.Sprintf("%d sagas terminated, %d reset", terminated, reset))
	return errors.Join(err, s.behave(context.WithoutCancel(ctx)))
}

// resetToBeginning sends a saga back to the end of its first task.
func resetToBeginning(ctx context.Context, temporal client.Client, namespace, workflow string) error {
	events := temporal.GetWorkflowHistory(ctx, workflow, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return err
		}
		if event.GetEventType() != enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		described, err := temporal.DescribeWorkflowExecution(ctx, workflow, "")
		if err != nil {
			return err
		}
		_, err = temporal.ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: namespace, WorkflowExecution: described.GetWorkflowExecutionInfo().GetExecution(),
			Reason: "chaos", WorkflowTaskFinishEventId: event.GetEventId(), RequestId: id.New().String(),
		})
		return err
	}
	return errors.New("it has not begun")
}
