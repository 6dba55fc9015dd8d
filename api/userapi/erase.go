package userapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"kassa/activities/user"
	"kassa/internal/correlation"
	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/identity"
)

// Eraser starts the saga that erases a user, unless it is running or done.
type Eraser func(ctx context.Context, userID uuid.UUID) error

// errEngineOut is an erasure that cannot begin.
var errEngineOut = fault.New(fault.Unavailable, "erasure_unavailable", "The account cannot be erased at the moment. Please try again.")

// startWithin is how long Temporal may take to take a saga in.
const startWithin = 2 * time.Second

// The saga Erase, which the order worker hosts. It is named rather than referred
// to, so that the user service does not hold the code of all others.
const (
	eraseWorkflow = "Erase"
	eraseQueue    = "order"
)

func eraseID(userID uuid.UUID) string { return "erase/" + userID.String() }

// NewEraser makes an Eraser.
func NewEraser(c client.Client) Eraser {
	return func(ctx context.Context, userID uuid.UUID) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWithin)
		defer cancel()
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:                       eraseID(userID),
			TaskQueue:                eraseQueue,
			WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
			WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
			StaticSummary:            "Erase a user",
			Memo:                     map[string]any{"correlation_id": correlation.ID(ctx)},
		}, eraseWorkflow, user.EraseUserInput{UserID: userID})
		switch {
		case err == nil, temporal.IsWorkflowExecutionAlreadyStartedError(err):
			return nil
		case durable.Unavailable(err), errors.Is(err, context.DeadlineExceeded):
			return errEngineOut.Because(err)
		default:
			return fmt.Errorf("start erasure of %s: %w", userID, err)
		}
	}
}

const (
	lookEvery    = 10 * time.Minute // for erasures whose saga was lost
	erasedWithin = 10 * time.Minute // an erasure may take, before it is begun again
)

// KeepErasing begins erasures again that do not end, until ctx ends: a saga that
// runs is left alone, one that Temporal has lost starts anew.
func KeepErasing(svc *user.Service, erase Eraser, report func(error)) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			if err := eraseAgain(ctx, svc, erase, time.Now().Add(-erasedWithin)); err != nil && ctx.Err() == nil {
				report(fmt.Errorf("begin erasures again: %w", err))
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}
}

func eraseAgain(ctx context.Context, svc *user.Service, erase Eraser, before time.Time) error {
	unfinished, err := svc.ListErasing(ctx, user.ListErasingInput{Before: before})
	for _, id := range unfinished.Users {
		err = errors.Join(err, erase(ctx, id))
	}
	return err
}

// erasable lets customers erase themselves and admins everybody.
func erasable(ctx context.Context, account uuid.UUID) error {
	p, ok := identity.From(ctx)
	switch {
	case ok && (p.UserID == account || p.Role.Includes(identity.Admin)):
		return nil
	case ok && p.Role.Includes(identity.Support):
		return identity.ErrForbidden // who sees it is told why
	default:
		return user.ErrUserNotFound
	}
}
