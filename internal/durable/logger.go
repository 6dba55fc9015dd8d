package durable

import (
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
)

// logger lets the SDK write to zap.
type logger struct{ zap *zap.SugaredLogger }

var _ log.WithLogger = logger{}

func (l logger) Debug(msg string, keyvals ...any) { l.zap.Debugw(msg, keyvals...) }
func (l logger) Info(msg string, keyvals ...any)  { l.zap.Infow(msg, keyvals...) }
func (l logger) Warn(msg string, keyvals ...any)  { l.zap.Warnw(msg, keyvals...) }
func (l logger) Error(msg string, keyvals ...any) { l.zap.Errorw(msg, keyvals...) }

// With keeps fields, such as the workflow's id, on every later line.
func (l logger) With(keyvals ...any) log.Logger { return logger{l.zap.With(keyvals...)} }
