package httpapi

import "fmt"

// panicked is a handler's panic as an error: internal, logged with its stack.
type panicked struct {
	cause any
	stack []byte
}

// Error is the text for the log.
func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.cause, p.stack) }
