package logging

import (
	"go.uber.org/zap/zapcore"

	"kassa/internal/fault"
)

// Level is how loudly a fault with this code is logged; the column "log" of
// the table in docs/errors.md.
func Level(code fault.Code) zapcore.Level {
	switch code {
	case fault.Internal:
		return zapcore.ErrorLevel
	case fault.Unavailable:
		return zapcore.WarnLevel
	case fault.Unauthenticated, fault.Forbidden, fault.Conflict, fault.Stale, fault.Declined, fault.PaymentDeclined, fault.Limited:
		return zapcore.InfoLevel
	case fault.Invalid, fault.Malformed, fault.Unconditional, fault.NotFound:
		return zapcore.DebugLevel
	}
	return zapcore.ErrorLevel // an undeclared code is our bug
}
