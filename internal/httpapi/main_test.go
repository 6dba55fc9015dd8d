package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity/identitytest"
	"kassa/internal/money"
	"kassa/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var errSoldOut = fault.New(fault.Declined, "sold_out", "The mugs are sold out.")

// A Mug is what the test's API sells.
type Mug struct {
	ID       uuid.UUID   `json:"id" example:"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11"`
	Name     string      `json:"name" minLength:"1" maxLength:"100" example:"Mug, red"`
	Quantity int64       `json:"quantity" minimum:"1" maximum:"10000" example:"2"`
	Price    money.Money `json:"price"`
	Labels   []string    `json:"labels,omitempty" maxItems:"5"`
	Size     string      `json:"size,omitempty" enum:"small,large"`
	Email    string      `json:"email,omitempty" format:"email"`
}

type mugInput struct{ Body Mug }

type mugOutput struct {
	ETag string `header:"ETag"`
	Body Mug
}

// shop is the API under test: one operation of each kind.
type shop struct {
	t      testing.TB
	url    string
	issuer *identitytest.Issuer
	api    *httpapi.API
	made   func(ctx context.Context, in *mugInput) (*mugOutput, error) // what make-mug does
}

func open(t testing.TB, pool *pgxpool.Pool) *shop {
	t.Helper()
	s := &shop{t: t, issuer: identitytest.New(t)}
	s.made = func(_ context.Context, in *mugInput) (*mugOutput, error) {
		return &mugOutput{ETag: httpapi.ETag(1), Body: in.Body}, nil
	}
	s.api = httpapi.New(httpapi.Options{Service: "mugs", Verifier: s.issuer.Verifier(), Pool: pool, CursorSecret: "test"})
	makeMug := func(ctx context.Context, in *mugInput) (*mugOutput, error) { return s.made(ctx, in) }
	httpapi.Register(s.api, httpapi.Operation{ID: "make-mug", Method: http.MethodPost, Path: "/v1/mugs", Summary: "Make a mug", Tag: "mugs", Status: http.StatusCreated, Key: httpapi.OptionalKey, Errors: []*fault.Error{errSoldOut}}, makeMug)
	httpapi.Register(s.api, httpapi.Operation{ID: "order-mug", Method: http.MethodPost, Path: "/v1/orders", Access: httpapi.Customer, Status: http.StatusCreated, Key: httpapi.RequiredKey, MaxBody: 4096}, makeMug)
	httpapi.Register(s.api, httpapi.Operation{ID: "change-mug", Method: http.MethodPut, Path: "/v1/mugs/{id}", Access: httpapi.Admin, IfMatch: true},
		func(ctx context.Context, in *struct {
			ID   uuid.UUID `path:"id"`
			Body Mug
		},
		) (*mugOutput, error) {
			if httpapi.IfMatch(ctx) != 7 {
				return nil, fault.New(fault.Stale, "stale", "It has changed since you looked.").With("current_version", 7)
			}
			return &mugOutput{ETag: httpapi.ETag(8), Body: in.Body}, nil
		})
	httpapi.Register(s.api, httpapi.Operation{ID: "list-mugs", Method: http.MethodGet, Path: "/v1/mugs", Access: httpapi.Public},
		func(ctx context.Context, in *struct {
			Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
			Cursor string `query:"cursor"`
		}) (*struct {
			Link string `header:"Link"`
			Body httpapi.Page[Mug]
		}, error,
		) {
			from := 0
			if in.Cursor != "" {
				if err := s.api.Cursors().Verify("list-mugs", in.Cursor, &from); err != nil {
					return nil, err
				}
			}
			next := s.api.Cursors().Sign("list-mugs", from+in.Limit)
			return &struct {
				Link string `header:"Link"`
				Body httpapi.Page[Mug]
			}{httpapi.NextLink(ctx, next), httpapi.Page[Mug]{NextCursor: next}}, nil
		})
	httpapi.Register(s.api, httpapi.Operation{ID: "read-mug", Method: http.MethodGet, Path: "/v1/mugs/{id}", Access: httpapi.Support},
		func(context.Context, *struct {
			ID uuid.UUID `path:"id"`
		},
		) (*mugOutput, error) {
			panic("the kiln exploded: secret glaze")
		})
	httpapi.Register(s.api, httpapi.Operation{ID: "break-mug", Method: http.MethodPost, Path: "/v1/mugs/{name}/break"},
		func(_ context.Context, in *struct {
			Name string `path:"name"`
		},
		) (*struct{}, error) {
			switch in.Name {
			case "sold-out":
				return nil, errSoldOut.With("lines", []string{"a"})
			case "down":
				return nil, fault.ErrUnavailable
			case "bug":
				return nil, io.ErrUnexpectedEOF
			}
			return nil, nil
		})
	server := httptest.NewServer(s.api.Handler())
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// request is one call; zero fields are left out.
type request struct {
	method, path, body string
	header             map[string]string
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) problem(t testing.TB) httpapi.Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), r.body)
	var p httpapi.Problem
	require.NoError(t, json.Unmarshal([]byte(r.body), &p))
	require.Equal(t, r.status, p.Status)
	return p
}

// await is what comes from a channel, within a minute.
func await[T any](t *testing.T, from <-chan T) (came T) {
	t.Helper()
	select {
	case came = <-from:
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
	}
	return came
}

func (s *shop) do(r request) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), r.method, s.url+r.path, strings.NewReader(r.body))
	require.NoError(s.t, err)
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		if req.Header.Set(name, value); value == "" {
			req.Header.Del(name)
		}
	}
	client := http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(s.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return reply{res.StatusCode, res.Header, string(body)}
}

func (s *shop) post(path, body string, header ...string) reply {
	s.t.Helper()
	h := map[string]string{}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return s.do(request{http.MethodPost, path, body, h})
}

const goodMug = `{"id":"0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11","name":"Mug, red","quantity":2,"price":{"amount":1899,"currency":"EUR"}}`

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, got, "", "  "))
	pretty.WriteByte('\n')
	path := "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(path, pretty.Bytes(), 0o644)) //nolint:gosec // a test's file
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), pretty.String())
}
