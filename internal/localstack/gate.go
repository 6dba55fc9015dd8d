package localstack

import "context"

// gate is a condition that becomes true once: others can wait for it.
type gate chan struct{}

func newGate() gate { return make(gate) }

func (g gate) open() { close(g) }

// waitFor returns when all gates are open.
func waitFor(ctx context.Context, gates ...gate) error {
	for _, g := range gates {
		select {
		case <-g:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
