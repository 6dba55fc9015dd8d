// Package logging makes the one logger of a process (JSON lines on standard
// error) and hands it, with the fields that tie lines together, to whoever has
// a context. Lines carry ids, never names, addresses, tokens or bodies.
package logging

import (
	"context"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"kassa/internal/correlation"
)

// process is the logger of the last New; a no-op before.
var process atomic.Pointer[zap.Logger]

// New makes the logger of service at level ("debug", "info", "warn", "error";
// anything else means info) and makes it the one that From starts with.
func New(service, level string) *zap.Logger {
	parsed, err := zapcore.ParseLevel(level)
	if err != nil {
		parsed = zapcore.InfoLevel
	}
	cfg := zap.NewProductionConfig()
	cfg.Level = zap.NewAtomicLevelAt(parsed)
	cfg.DisableStacktrace = true
	cfg.DisableCaller = true
	cfg.Sampling = nil
	cfg.EncoderConfig.TimeKey = "time"
	cfg.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	log, err := cfg.Build(zap.Fields(zap.String("service", service)))
	if err != nil {
		panic("logging: " + err.Error()) // standard error is always there
	}
	process.Store(log)
	return log
}

type key struct{}

// carried is what a context adds to a line.
type carried struct {
	log    *zap.Logger
	fields []zap.Field
}

// Into returns a context whose lines are written by log.
func Into(ctx context.Context, log *zap.Logger) context.Context {
	c, _ := ctx.Value(key{}).(carried)
	return context.WithValue(ctx, key{}, carried{log: log, fields: c.fields})
}

// With returns a context whose lines carry fields too, like order_id.
func With(ctx context.Context, fields ...zap.Field) context.Context {
	c, _ := ctx.Value(key{}).(carried)
	return context.WithValue(ctx, key{}, carried{log: c.log, fields: append(slices.Clip(c.fields), fields...)})
}

// From is the logger for what happens because of ctx: the process's own, with
// the correlation id, the trace id and the fields of With.
func From(ctx context.Context) *zap.Logger {
	c, _ := ctx.Value(key{}).(carried)
	log := c.log
	if log == nil {
		if log = process.Load(); log == nil {
			return zap.NewNop()
		}
	}
	fields := slices.Clip(c.fields)
	if id := correlation.ID(ctx); id != "" {
		fields = append(fields, zap.String("correlation_id", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		fields = append(fields, zap.String("trace_id", span.TraceID().String()))
	}
	return log.With(fields...)
}
