package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
)

func TestARepeatGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, os.DirFS("testdata/migrations"))
	s := open(t, pool)
	var ran atomic.Int32
	s.made = func(ctx context.Context, in *mugInput) (*mugOutput, error) {
		ran.Add(1)
		in.Body.Name = fmt.Sprintf("number %d, key %s, print %d", ran.Load(), httpapi.IdempotencyKey(ctx), len(httpapi.Fingerprint(ctx)))
		return &mugOutput{ETag: httpapi.ETag(1), Body: in.Body}, nil
	}

	first := s.post("/v1/mugs", goodMug, "Idempotency-Key", "k1")
	repeat := s.post("/v1/mugs", goodMug, "Idempotency-Key", "k1")

	require.Equal(t, http.StatusCreated, first.status)
	require.Contains(t, first.body, "number 1, key k1, print 32")
	require.Equal(t, first.status, repeat.status)
	require.Equal(t, first.body, repeat.body)
	require.Equal(t, `"1"`, repeat.header.Get("ETag"))
	require.Equal(t, "application/json", repeat.header.Get("Content-Type"))
	require.Equal(t, "true", repeat.header.Get("Idempotent-Replayed"))
	require.Empty(t, first.header.Get("Idempotent-Replayed"))
	require.NotEqual(t, first.header.Get("X-Request-Id"), repeat.header.Get("X-Request-Id"))
	require.EqualValues(t, 1, ran.Load())

	t.Run("another body is refused", func(t *testing.T) {
		other := s.post("/v1/mugs", strings.Replace(goodMug, "red", "blue", 1), "Idempotency-Key", "k1")
		require.Equal(t, http.StatusUnprocessableEntity, other.status)
		require.Equal(t, "idempotency_key_reused", other.problem(t).Code)
	})
	t.Run("without a key it happens again", func(t *testing.T) {
		require.Contains(t, s.post("/v1/mugs", goodMug).body, "number 2")
	})
	t.Run("another person has keys of their own", func(t *testing.T) {
		ann, bob := s.issuer.Token(uuid.New(), identity.Customer), s.issuer.Token(uuid.New(), identity.Customer)
		a := s.post("/v1/orders", goodMug, "Idempotency-Key", "k1", "Authorization", "Bearer "+ann)
		b := s.post("/v1/orders", strings.Replace(goodMug, "red", "blue", 1), "Idempotency-Key", "k1", "Authorization", "Bearer "+bob)
		require.Equal(t, http.StatusCreated, a.status, a.body)
		require.Equal(t, http.StatusCreated, b.status, b.body)
		require.NotEqual(t, a.body, b.body)
	})
}

func TestAKeyIsRequiredWhereItMatters(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.New(t, os.DirFS("testdata/migrations")))
	token := "Bearer " + s.issuer.Token(uuid.New(), identity.Customer)
	got := s.post("/v1/orders", goodMug, "Authorization", token)
	require.Equal(t, http.StatusBadRequest, got.status)
	require.Equal(t, "idempotency_key_required", got.problem(t).Code)
}

func TestADeclineIsRepeatedAndAnOutageIsNot(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.New(t, os.DirFS("testdata/migrations")))
	var ran atomic.Int32
	for name, c := range map[string]struct {
		err    error
		status int
		runs   int32
	}{
		"declined":    {errSoldOut, 409, 1},
		"unavailable": {fault.ErrUnavailable, 503, 2},
		"limited":     {fault.New(fault.Limited, "slow_down", "Slow down."), 429, 2},
		"bug":         {fmt.Errorf("boom"), 500, 2},
	} {
		ran.Store(0)
		s.made = func(context.Context, *mugInput) (*mugOutput, error) {
			ran.Add(1)
			return nil, c.err
		}
		first := s.post("/v1/mugs", goodMug, "Idempotency-Key", name)
		repeat := s.post("/v1/mugs", goodMug, "Idempotency-Key", name)
		require.Equal(t, c.status, first.status, name)
		require.Equal(t, c.status, repeat.status, name)
		require.Equal(t, c.runs, ran.Load(), name)
		if c.runs == 1 {
			require.Equal(t, first.body, repeat.body)
		}
	}
}

func TestAPanicGivesTheKeyBack(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.New(t, os.DirFS("testdata/migrations")))
	s.made = func(context.Context, *mugInput) (*mugOutput, error) { panic("kiln") }
	require.Equal(t, http.StatusInternalServerError, s.post("/v1/mugs", goodMug, "Idempotency-Key", "k").status)
	s.made = func(_ context.Context, in *mugInput) (*mugOutput, error) { return &mugOutput{Body: in.Body}, nil }
	require.Equal(t, http.StatusCreated, s.post("/v1/mugs", goodMug, "Idempotency-Key", "k").status)
}

func TestAHundredAtOnceHappenOnce(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.New(t, os.DirFS("testdata/migrations")))
	var ran atomic.Int32
	entered, left := make(chan struct{}), make(chan struct{})
	leave := sync.OnceFunc(func() { close(left) })
	defer leave() // or the server would wait for it
	s.made = func(_ context.Context, in *mugInput) (*mugOutput, error) {
		if ran.Add(1) == 1 {
			close(entered)
		}
		<-left
		return &mugOutput{Body: in.Body}, nil
	}
	var wg sync.WaitGroup
	results := make(chan reply, 100)
	send := func() { wg.Go(func() { results <- s.post("/v1/mugs", goodMug, "Idempotency-Key", "once") }) }
	send()
	await(t, entered)
	for range 99 {
		send()
	}
	for range 99 { // while the first one runs, everybody else is sent away
		got := await(t, results)
		if got.status == http.StatusServiceUnavailable {
			continue // the pool is small, and it said so
		}
		require.Equal(t, http.StatusConflict, got.status, got.body)
		require.Equal(t, "1", got.header.Get("Retry-After"))
		p := got.problem(t)
		require.Equal(t, "idempotency_key_in_use", p.Code)
		require.True(t, p.Retryable)
	}
	leave()
	require.Equal(t, http.StatusCreated, await(t, results).status)
	wg.Wait()
	require.EqualValues(t, 1, ran.Load())
	require.Equal(t, "true", s.post("/v1/mugs", goodMug, "Idempotency-Key", "once").header.Get("Idempotent-Replayed"))
}

func TestAStaleClaimIsTakenOverAndItsOwnerCannotAnswer(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, os.DirFS("testdata/migrations"))
	s := open(t, pool)
	entered, left := make(chan struct{}), make(chan struct{})
	leave := sync.OnceFunc(func() { close(left) })
	defer leave() // or the server would wait for it
	var ran atomic.Int32
	s.made = func(_ context.Context, in *mugInput) (*mugOutput, error) {
		n := ran.Add(1)
		if n == 1 {
			close(entered)
			<-left
		}
		in.Body.Quantity = int64(n)
		return &mugOutput{Body: in.Body}, nil
	}
	slow := make(chan reply, 1)
	go func() { slow <- s.post("/v1/mugs", goodMug, "Idempotency-Key", "k") }()
	await(t, entered)
	require.Equal(t, http.StatusConflict, s.post("/v1/mugs", goodMug, "Idempotency-Key", "k").status)
	_, err := pool.Exec(t.Context(), "UPDATE idempotency_keys SET claimed_at = claimed_at - interval '61 seconds'")
	require.NoError(t, err)

	other := s.post("/v1/mugs", strings.Replace(goodMug, "red", "blue", 1), "Idempotency-Key", "k")
	require.Equal(t, "idempotency_key_reused", other.problem(t).Code)
	second := s.post("/v1/mugs", goodMug, "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, second.status)
	leave()
	await(t, slow)
	require.Equal(t, second.body, s.post("/v1/mugs", goodMug, "Idempotency-Key", "k").body)
	require.EqualValues(t, 2, ran.Load())
}

func TestAClientThatGoesAwayFindsItsAnswerLater(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.New(t, os.DirFS("testdata/migrations")))
	entered, left := make(chan struct{}), make(chan struct{})
	leave := sync.OnceFunc(func() { close(left) })
	defer leave() // or the server would wait for it
	s.made = func(ctx context.Context, in *mugInput) (*mugOutput, error) {
		close(entered)
		<-ctx.Done()
		<-left
		return &mugOutput{Body: in.Body}, nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/mugs", strings.NewReader(goodMug))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", "k")
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		close(gone)
	}()
	await(t, entered)
	cancel()
	await(t, gone)
	leave()
	require.Eventually(t, func() bool {
		return s.post("/v1/mugs", goodMug, "Idempotency-Key", "k").header.Get("Idempotent-Replayed") == "true"
	}, 30*time.Second, 10*time.Millisecond)
}

func TestADatabaseThatIsDownIsAnOutage(t *testing.T) {
	t.Parallel()
	pool, err := pg.Open("postgres://nobody@127.0.0.1:1/nothing", 1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	s := open(t, pool)
	got := s.post("/v1/mugs", goodMug, "Idempotency-Key", "k")
	require.Equal(t, http.StatusServiceUnavailable, got.status, got.body)
	require.Equal(t, "1", got.header.Get("Retry-After"))
}

func TestOldKeysAreForgotten(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, os.DirFS("testdata/migrations"))
	s := open(t, pool)
	for _, key := range []string{"old", "new"} {
		require.Equal(t, http.StatusCreated, s.post("/v1/mugs", goodMug, "Idempotency-Key", key).status)
	}
	_, err := pool.Exec(t.Context(), "UPDATE idempotency_keys SET claimed_at = now() - interval '49 hours' WHERE key = 'old'")
	require.NoError(t, err)
	forgotten, err := httpapi.ForgetKeys(t.Context(), pool)
	require.NoError(t, err)
	require.EqualValues(t, 1, forgotten)
	require.Empty(t, s.post("/v1/mugs", goodMug, "Idempotency-Key", "old").header.Get("Idempotent-Replayed"))
	require.Equal(t, "true", s.post("/v1/mugs", goodMug, "Idempotency-Key", "new").header.Get("Idempotent-Replayed"))
}
