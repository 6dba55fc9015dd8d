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

// The saga Erase, which the order worker hosts.
const (
	eraseWorkflow = "Erase"
	eraseQueue    = "order"
)

// NewEraser makes an Eraser.
func NewEraser(c client.Client) Eraser {
	return func(ctx context.Context, userID uuid.UUID) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWithin)
		defer cancel()
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:                       "erase/" + userID.String(),
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
