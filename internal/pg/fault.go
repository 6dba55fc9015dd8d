package pg

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kassa/internal/fault"
)

// Fault turns what says "not now" (no connection, a time-out, a deadlock, a
// server that is starting or stopping) into fault.ErrUnavailable. Everything
// else, faults included, comes back unchanged.
func Fault(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if transient(err) {
		return fault.ErrUnavailable.Because(err)
	}
	return err
}

// Constraint is the name of the constraint that err violates, or "".
func Constraint(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && strings.HasPrefix(pgErr.Code, "23") {
		return pgErr.ConstraintName
	}
	return ""
}

// NotFound reports whether err says that a query for one row found none.
func NotFound(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// transientCodes are SQLSTATE classes (two characters) and codes after which
// the same statement may succeed.
// Source: https://www.postgresql.org/docs/15/errcodes-appendix.html
var transientCodes = []string{"08", "53", "57", "40001", "40P01", "55P03", "25P03"}

func transient(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return slices.ContainsFunc(transientCodes, func(prefix string) bool { return strings.HasPrefix(pgErr.Code, prefix) })
	}
	var netErr net.Error
	var connectErr *pgconn.ConnectError
	return errors.As(err, &netErr) || errors.As(err, &connectErr) || errors.Is(err, context.DeadlineExceeded) ||
		pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "unexpected EOF") ||
		errors.Is(err, net.ErrClosed)
}
