package e2e

import (
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// span is what the tests want to know of one.
type span struct {
	service, name string
	trace, id     string // raw bytes
	parent        string // "" at the root
	attributes    map[string]string
}

// sink receives traces over OTLP, as a collector would.
type sink struct {
	server *http.Server
	addr   string

	mu    sync.Mutex
	spans []span
	bytes []byte // everything that came
}

func newSink() (*sink, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // lives as long as the tests
	if err != nil {
		return nil, err
	}
	s := &sink{addr: listener.Addr().String()}
	s.server = &http.Server{Handler: http.HandlerFunc(s.receive), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *sink) url() string { return "http://" + s.addr }

func (s *sink) close() { _ = s.server.Close() }

func (s *sink) receive(w http.ResponseWriter, r *http.Request) {
	var request collector.ExportTraceServiceRequest
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes = append(s.bytes, body...)
	for _, resource := range request.GetResourceSpans() {
		service := ""
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, each := range scope.GetSpans() {
				s.spans = append(s.spans, spanOf(service, each))
			}
		}
	}
}

func spanOf(service string, from *otlp.Span) span {
	to := span{
		service: service, name: from.GetName(), trace: string(from.GetTraceId()),
		id: string(from.GetSpanId()), parent: string(from.GetParentSpanId()), attributes: map[string]string{},
	}
	for _, a := range from.GetAttributes() {
		to.attributes[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return to
}

// of returns the spans of a trace that have arrived so far.
func (s *sink) of(trace string) []span {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []span
	for _, each := range s.spans {
		if each.trace == trace {
			found = append(found, each)
		}
	}
	return found
}

// everything is all that has arrived so far, as it was sent.
func (s *sink) everything() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bytes)
}
