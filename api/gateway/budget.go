package gateway

import "sync/atomic"

const (
	retryCost = 10             // requests pay for one that is sent again
	retryDebt = 20 * retryCost // what may be sent again before
)

// budget bounds how many requests to a service are sent again: a tenth of them,
// and twenty more. When everything fails, repeating it all would double the load
// of whoever is in trouble already. The zero value is ready.
type budget struct{ debt atomic.Int64 }

// earn counts a request.
func (b *budget) earn() {
	if b.debt.Load() > 0 {
		b.debt.Add(-1)
	}
}

// spend reports whether one more may be sent again.
func (b *budget) spend() bool {
	if b.debt.Add(retryCost) <= retryDebt {
		return true
	}
	b.debt.Add(-retryCost)
	return false
}
