package durable_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/operations"
)

var errOutOfStock = fault.New(fault.Declined, "out_of_stock", "Some items are no longer in stock.")

type (
	reserveInput struct {
		OrderID uuid.UUID `json:"order_id"`
	}
	reservation struct {
		OrderID uuid.UUID `json:"order_id"`
		Status  string    `json:"status"`
	}
)

// inventory stands for a domain package.
type inventory struct {
	answer func(context.Context) error
}

func (s *inventory) ReserveStock(ctx context.Context, in reserveInput) (reservation, error) {
	if err := s.answer(ctx); err != nil {
		return reservation{}, err
	}
	return reservation{OrderID: in.OrderID, Status: "held"}, nil
}

var stock *inventory

// reserveHere reserves by a local activity, as workflows/call.go does.
func reserveHere(ctx workflow.Context, in reserveInput) (out reservation, err error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 5 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	err = workflow.ExecuteLocalActivity(ctx, stock.ReserveStock, in).Get(ctx, &out)
	return out, err
}

// reserveThere reserves by a regular activity.
func reserveThere(ctx workflow.Context, in reserveInput) (out reservation, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 5 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 3},
	})
	err = workflow.ExecuteActivity(ctx, stock.ReserveStock, in).Get(ctx, &out)
	return out, err
}

func environment(t *testing.T, log *zap.Logger) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{durable.Faults(log)}})
	t.Cleanup(func() { env.AssertExpectations(t) })
	return env
}

// direct is an environment whose inventory is behind HTTP.
func direct(t *testing.T, svc *inventory) *testsuite.TestWorkflowEnvironment {
	const token = "a token of these tests"
	server := httptest.NewServer(operations.Handler(token, svc))
	t.Cleanup(server.Close)
	caller := operations.NewCaller(operations.CallerOptions{Token: token, URLs: map[string][]string{"inventory": {server.URL}}})
	env := environment(t, nil)
	durable.RegisterDirect(env, caller, "inventory", stock)
	return env
}

func TestANilMethodRunsTheDirectCallAsALocalActivity(t *testing.T) {
	called := 0
	env := direct(t, &inventory{answer: func(context.Context) error { called++; return nil }})
	var started []string
	env.SetOnLocalActivityStartedListener(func(info *activity.Info, _ context.Context, _ []any) {
		started = append(started, info.ActivityType.Name)
	})
	in := reserveInput{OrderID: uuid.New()}
	env.ExecuteWorkflow(reserveHere, in)

	require.NoError(t, env.GetWorkflowError())
	var out reservation
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, reservation{OrderID: in.OrderID, Status: "held"}, out)
	require.Equal(t, 1, called)
	require.Equal(t, []string{"ReserveStock"}, started)
}

func TestFaultsCrossTemporal(t *testing.T) {
	declined := errOutOfStock.With("lines", []string{"v1"}).Because(errors.New("secret cause"))
	cases := map[string]struct {
		answer    error
		want      *fault.Error
		attempts  int // of three as a regular activity
		benign    bool
		viaDirect *fault.Error // what the direct call makes of it
	}{
		"declined is final and benign": {
			answer: declined, attempts: 1, benign: true,
			want: &fault.Error{Code: fault.Declined, Reason: "out_of_stock", Message: errOutOfStock.Message, Details: map[string]any{"lines": []any{"v1"}}},
		},
		"not found is final": {
			answer: fault.New(fault.NotFound, "no_order", "There is no such order."), attempts: 1,
			want: fault.New(fault.NotFound, "no_order", "There is no such order."),
		},
		"unavailable is tried again": {answer: fault.ErrUnavailable, attempts: 3, want: fault.ErrUnavailable},
		"limited is tried again": {
			answer: fault.New(fault.Limited, "slow_down", "Slow down."), attempts: 3,
			want: fault.New(fault.Limited, "slow_down", "Slow down."), viaDirect: fault.ErrUnavailable,
		},
		"a bug is tried again and hidden":   {answer: errors.New("secret cause"), attempts: 3, want: fault.ErrInternal, viaDirect: fault.ErrUnavailable},
		"what was cut short is tried again": {answer: context.DeadlineExceeded, attempts: 3, want: fault.ErrUnavailable},
	}
	check := func(t *testing.T, err error, want *fault.Error, benign bool) {
		t.Helper()
		require.Equal(t, want, durable.Fault(err))
		require.NotContains(t, err.Error(), "secret")
		var failure *temporal.ApplicationError
		require.ErrorAs(t, err, &failure)
		for inner := failure; errors.As(inner.Unwrap(), &inner); {
			failure = inner
		}
		require.Equal(t, want.Reason, failure.Type())
		require.Equal(t, !want.Code.Retryable(), failure.NonRetryable())
		require.Equal(t, benign, failure.Category() == temporal.ApplicationErrorCategoryBenign)
	}
	for name, tc := range cases {
		t.Run(name+", regular", func(t *testing.T) {
			attempts := 0
			env := environment(t, nil)
			durable.RegisterService(env, &inventory{answer: func(context.Context) error { attempts++; return tc.answer }})
			env.ExecuteWorkflow(reserveThere, reserveInput{})
			check(t, env.GetWorkflowError(), tc.want, tc.benign)
			require.Equal(t, tc.attempts, attempts)
		})
		t.Run(name+", local", func(t *testing.T) {
			env := environment(t, nil)
			durable.RegisterService(env, &inventory{answer: func(context.Context) error { return tc.answer }})
			env.ExecuteWorkflow(reserveHere, reserveInput{})
			check(t, env.GetWorkflowError(), tc.want, tc.benign)
		})
		t.Run(name+", direct", func(t *testing.T) {
			env := direct(t, &inventory{answer: func(context.Context) error { return tc.answer }})
			env.ExecuteWorkflow(reserveHere, reserveInput{})
			want := tc.want
			if tc.viaDirect != nil {
				want = tc.viaDirect
			}
			check(t, env.GetWorkflowError(), want, tc.benign)
		})
	}
}

func TestAWorkflowsOwnFaultCrossesAsWell(t *testing.T) {
	env := environment(t, nil)
	env.ExecuteWorkflow(func(workflow.Context) error { return errOutOfStock.With("lines", 1) })
	err := durable.Fault(env.GetWorkflowError())
	require.ErrorIs(t, err, errOutOfStock)
	require.Equal(t, map[string]any{"lines": 1.0}, fault.Of(err).Details)
}

func TestAPanicIsLoggedAndHidden(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	env := environment(t, zap.New(core))
	durable.RegisterService(env, &inventory{answer: func(context.Context) error { panic("secret cause") }})
	env.ExecuteWorkflow(reserveHere, reserveInput{})
	require.Equal(t, fault.ErrInternal, durable.Fault(env.GetWorkflowError()))
	require.NotContains(t, env.GetWorkflowError().Error(), "secret")
	require.Equal(t, 1, logs.Len())
	require.Equal(t, zap.ErrorLevel, logs.All()[0].Level)
	require.Equal(t, "ReserveStock", logs.All()[0].ContextMap()["operation"])
}

func TestTemporalBeingOutIsUnavailable(t *testing.T) {
	for _, out := range []error{serviceerror.NewUnavailable("down"), serviceerror.NewDeadlineExceeded("slow"), context.DeadlineExceeded} {
		require.True(t, durable.Unavailable(out), "%v", out)
		require.ErrorIs(t, durable.Fault(out), fault.ErrUnavailable)
	}
	missing := serviceerror.NewNotFound("no such workflow")
	require.False(t, durable.Unavailable(missing))
	require.Equal(t, missing, durable.Fault(missing))
	require.NoError(t, durable.Fault(nil))
	require.Equal(t, error(errOutOfStock), durable.Fault(errOutOfStock))
}

func TestATemporalThatIsDownDoesNotKeepAProcessFromStarting(t *testing.T) {
	c, err := durable.Dial(durable.Options{Address: "127.0.0.1:1", Namespace: "kassa"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = durable.Ready(ctx, c)
	require.Error(t, err)
	require.True(t, durable.Unavailable(err), "%v", err)
	require.NoError(t, durable.Run(ctx, c, zap.NewNop(), func() worker.Worker {
		return durable.NewWorker(c, "inventory", durable.WorkerOptions{NoWorkflows: true})
	}))
}
