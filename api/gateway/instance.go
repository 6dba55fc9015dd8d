package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"go.uber.org/zap"

	"kassa/internal/discovery"
)

const (
	failureRate = 0.5              // of the requests to an instance
	ofAtLeast   = 5                // requests
	inThePast   = 10 * time.Second // opens its breaker
	openFor     = time.Second      // then a few requests try it again
	probes      = 5                // so many at a time; one that gets an answer closes it
	keptOpen    = 256              // connections to an instance, between requests
)

// instance is one process of a service.
type instance struct {
	discovery.Instance
	url       *url.URL
	transport *http.Transport // its own, so that the others keep their connections when it goes
	breaker   circuitbreaker.CircuitBreaker[any]
	unwell    atomic.Bool // said so itself, or does not answer: the others come first
	feeling   atomic.Bool // a beat asks it
	late      bool        // did not answer the last check in time; only the watch touches it
	log       *zap.Logger
}

func newInstance(found discovery.Instance, log *zap.Logger) *instance {
	in := &instance{Instance: found, log: log.With(zap.String("instance", found.Dial))}
	in.url, _ = url.Parse(found.Base) // discovery made it
	in.transport = found.Transport(keptOpen)
	in.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(failureRate, ofAtLeast, inThePast).
		WithSuccessThresholdRatio(1, probes).
		WithDelay(openFor).
		OnOpen(func(circuitbreaker.StateChangedEvent) { in.log.Warn("instance is out; passing it over") }).
		OnClose(func(circuitbreaker.StateChangedEvent) { in.log.Info("instance is back") }).
		Build()
	return in
}

// leave is called when the name server does not know the instance any more. What
// is under way ends as it would have.
func (in *instance) leave() {
	in.log.Info("instance has left")
	in.transport.CloseIdleConnections()
}

// record tells the breaker. An answer is a success whatever it says: a service
// that answers 503 for its database's sake may still read from its cache. A
// client that gave up, or whose body did not come, says nothing, except that a
// half-open breaker waits for the outcome of every request it let through.
func (in *instance) record(ctx context.Context, err error) {
	switch {
	case err == nil:
		in.breaker.RecordSuccess()
	case !spoiled(ctx) && !errors.Is(context.Cause(ctx), context.Canceled) || in.breaker.IsHalfOpen():
		in.breaker.RecordFailure()
	}
}
