package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"kassa/internal/telemetry"
)

var durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "http_request_duration_seconds",
	Help:    "Time to answer, by method, route and status.",
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
}, []string{"method", "route", "status"})

func init() { telemetry.Registry.MustRegister(durations) }

// StatusGone is counted for a request whose client did not wait for all of its
// answer. Nobody receives it; nginx made it up.
const StatusGone = 499

// meter finds the histogram of a route's method and status without a lookup by
// labels.
type meter struct {
	route    string
	byStatus [600]atomic.Pointer[methodObserver]
}

// methodObserver is the histogram of the method that was seen first; a route
// that takes several asks the vector for the others.
type methodObserver struct {
	method   string
	observer prometheus.Observer
}

func (m *meter) observe(method string, status int, took time.Duration) {
	if status < 100 || status >= len(m.byStatus) {
		status = http.StatusInternalServerError
	}
	known := m.byStatus[status].Load()
	if known == nil || known.method != method {
		fresh := &methodObserver{method: method, observer: durations.WithLabelValues(methodLabel(method), m.route, strconv.Itoa(status))}
		if known == nil {
			m.byStatus[status].Store(fresh)
		}
		known = fresh
	}
	known.observer.Observe(took.Seconds())
}

// methodLabel keeps a made-up method from becoming a label.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

func countUnmatched(r *http.Request, status int) {
	durations.WithLabelValues(methodLabel(r.Method), "unmatched", strconv.Itoa(status)).Observe(0)
}

// observed measures a route, traces it when spans are recorded, and marks the
// request as reaching a handler of ours.
func observed(pattern string, handler http.Handler) http.Handler {
	_, route, found := strings.Cut(pattern, " ")
	if !found {
		route = pattern
	}
	m := &meter{route: route}
	named := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("url.path", namedPath(route, r.URL.Path)))
		handler.ServeHTTP(w, r)
	})
	traced := otelhttp.NewHandler(named, pattern,
		otelhttp.WithMeterProvider(noop.NewMeterProvider()), // ours are cheaper
		otelhttp.WithSpanNameFormatter(func(string, *http.Request) string { return pattern }))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		st := stateOf(r.Context())
		st.matched, st.route = true, route
		next := handler
		if telemetry.Tracing() {
			next = traced
		} else if r.Header.Get("Traceparent") != "" {
			r = r.WithContext(otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header)))
		}
		finished := false
		defer func() {
			status := http.StatusOK
			if watched, ok := st.w.(*watcher); ok && watched.status != 0 {
				status = watched.status
			}
			switch {
			case finished:
			case r.Context().Err() != nil: // it broke off, because nobody receives the answer
				status = StatusGone
			default: // it panics; recovered answers
				status = http.StatusInternalServerError
			}
			m.observe(r.Method, status, time.Since(start))
		}()
		next.ServeHTTP(w, r)
		finished = true
	})
}

// namedPath is what a trace may hold of a path: the route's own words, and ids.
// A client can write anything where an id belongs.
func namedPath(route, path string) string {
	words := strings.Split(path, "/")
	literal := strings.Split(route, "/")
	for i, word := range words {
		if i < len(literal) && literal[i] == word {
			continue
		}
		if uuid.Validate(word) != nil {
			words[i] = "…"
		}
	}
	return strings.Join(words, "/")
}
