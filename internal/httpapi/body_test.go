package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/internal/httpapi"
	"kassa/internal/telemetry"
)

// deadlines is a response writer that remembers the read deadlines set on it.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

// failing is a body that ends with an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (s *shop) serve(body io.Reader, length int64) *deadlines {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/v1/mugs", body)
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = length
	w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	s.api.Handler().ServeHTTP(w, r)
	return w
}

func TestTheDeadlineOfABodyEndsWithIt(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	w := s.serve(strings.NewReader(goodMug), int64(len(goodMug)))
	require.Equal(t, http.StatusCreated, w.Code)
	require.NotEmpty(t, w.set)
	require.False(t, w.set[0].IsZero())
	require.True(t, w.set[len(w.set)-1].IsZero(), "net/http cancels the request when a read deadline passes, even after the body")
}

func TestBodiesThatDoNotArrive(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	require.Equal(t, http.StatusRequestTimeout, s.serve(failing{os.ErrDeadlineExceeded}, 100).Code)
	require.Equal(t, http.StatusBadRequest, s.serve(strings.NewReader(goodMug), int64(len(goodMug)+1)).Code)
	require.Equal(t, http.StatusBadRequest, s.serve(failing{io.ErrUnexpectedEOF}, -1).Code)
	require.Equal(t, http.StatusRequestEntityTooLarge, s.serve(strings.NewReader(strings.Repeat(" ", httpapi.DefaultMaxBody+1)), -1).Code)
	require.Equal(t, http.StatusCreated, s.serve(strings.NewReader(goodMug), -1).Code)

	exact := goodMug + strings.Repeat(" ", httpapi.DefaultMaxBody-len(goodMug))
	require.Equal(t, http.StatusCreated, s.serve(strings.NewReader(exact), int64(len(exact))).Code, "the limit itself is allowed")
}

func TestRoutesAreMeasuredByPattern(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	httpapi.Register(s.api, httpapi.Operation{ID: "measure", Method: http.MethodGet, Path: "/v1/measured/{id}", Deprecated: time.Unix(1_800_000_000, 0), Sunset: time.Unix(1_900_000_000, 0)},
		func(context.Context, *struct {
			ID string `path:"id"`
		},
		) (*struct{}, error) {
			return nil, nil
		})
	got := s.do(request{method: "GET", path: "/v1/measured/secret"})
	require.Equal(t, http.StatusNoContent, got.status)
	require.Equal(t, "@1800000000", got.header.Get("Deprecation"))
	require.Equal(t, "Sun, 17 Mar 2030 17:46:40 GMT", got.header.Get("Sunset"))
	require.Equal(t, http.StatusNotFound, s.do(request{method: "GET", path: "/wp-login.php"}).status)
	w := httptest.NewRecorder()
	telemetry.MetricsHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	require.Contains(t, w.Body.String(), `http_request_duration_seconds_count{method="GET",route="/v1/measured/{id}",status="204"} `)
	require.Contains(t, w.Body.String(), `route="unmatched",status="404"`)
	require.NotContains(t, w.Body.String(), "wp-login")
}
