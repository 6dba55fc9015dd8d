package operations

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"kassa/internal/discovery"
	"kassa/internal/fault"
)

const (
	concurrent  = 64                    // calls under way to one service
	queueFor    = 50 * time.Millisecond // wait for a place among them
	failureRate = 0.5                   // of the calls
	ofAtLeast   = 20                    // calls
	inThePast   = 10 * time.Second      // opens the breaker
	openFor     = 5 * time.Second       // then a few calls try again
	skipFor     = time.Second           // an instance that refused a connection
)

// target is one service as seen by a Caller: its instances, and what keeps
// its trouble from becoming ours.
type target struct {
	instances *discovery.Set[*instance]
	malformed error // an address of it; nil mostly
	turn      atomic.Uint32
	breaker   circuitbreaker.CircuitBreaker[any]
	places    bulkhead.Bulkhead[any]
}

type instance struct {
	base      string // URL up to the operation's name
	transport *http.Transport
	skipUntil atomic.Int64 // Unix nanoseconds; 0 when it was never skipped
}

func newTarget(name string, addresses []string, names *net.Resolver) *target {
	t := &target{
		places: bulkhead.New[any](concurrent),
		breaker: circuitbreaker.NewBuilder[any]().
			WithFailureRateThreshold(failureRate, ofAtLeast, inThePast).
			WithDelay(openFor).
			WithSuccessThreshold(3).
			Build(),
	}
	t.instances, t.malformed = discovery.NewSet(addresses, names, newInstance, (*instance).leave)
	if t.malformed != nil {
		t.malformed = fmt.Errorf("service %s: %w", name, t.malformed)
	}
	return t
}

func newInstance(found discovery.Instance) *instance {
	return &instance{base: found.Base + Path, transport: found.Transport(concurrent)}
}

// leave is called when the name server does not know the instance any more.
func (i *instance) leave() { i.transport.CloseIdleConnections() }

// next takes turns, passing over instances that refused a connection a moment
// ago unless all did.
func (t *target) next(instances []*instance) *instance {
	now := time.Now().UnixNano()
	start, n := t.turn.Add(1), uint32(len(instances)) //nolint:gosec // a handful
	for i := range n {
		candidate := instances[(start+i)%n]
		if candidate.skipUntil.Load() < now {
			return candidate
		}
	}
	return instances[start%n]
}

func (i *instance) skip() { i.skipUntil.Store(time.Now().Add(skipFor).UnixNano()) }

var errNoInstance = errors.New("no instance is known")

// guard runs call within the breaker and the bulkhead, and turns whatever is
// not a definite answer into fault.ErrUnavailable.
func (t *target) guard(ctx context.Context, call func() ([]byte, error)) ([]byte, error) {
	if t.malformed != nil {
		return nil, fault.ErrUnavailable.Because(t.malformed)
	}
	if err := t.places.AcquirePermitWithMaxWait(ctx, queueFor); err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	defer t.places.ReleasePermit()
	if !t.breaker.TryAcquirePermit() {
		return nil, fault.ErrUnavailable.Because(circuitbreaker.ErrOpen)
	}
	answer, err := call()
	if definite(err) {
		t.breaker.RecordSuccess()
		return answer, err
	}
	// A caller that gave up says nothing about the service, except that a
	// half-open breaker waits for the outcome of every call it let through.
	if !errors.Is(err, context.Canceled) || t.breaker.IsHalfOpen() {
		t.breaker.RecordFailure()
	}
	return nil, fault.ErrUnavailable.Because(err)
}

// definite reports whether an outcome is final: success, or a fault that no
// repetition can change.
func definite(err error) bool {
	if err == nil {
		return true
	}
	var f *fault.Error
	return errors.As(err, &f) && !f.Code.Retryable()
}
