//go:build chaos

package failpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"kassa/internal/fault"
)

// Enabled reports whether this build can be told to fail.
const Enabled = true

// exitCode is that of a process that was killed.
const exitCode = 137

var (
	mu    sync.Mutex
	rules []*rule
	dice  = rand.New(rand.NewPCG(1, 1)) //nolint:gosec // repeatable, not secret
	die   = func(at string) {
		_, _ = fmt.Fprintln(os.Stderr, "failpoint: dying at "+at)
		os.Exit(exitCode)
	}
)

func init() {
	if seed, err := strconv.ParseUint(os.Getenv("KASSA_FAILPOINTS_SEED"), 10, 64); err == nil {
		dice = rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable, not secret
	}
	if err := Set(os.Getenv("KASSA_FAILPOINTS")); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "KASSA_FAILPOINTS:", err)
		os.Exit(2)
	}
}

// Set replaces all rules.
func Set(text string) error {
	parsed, err := parse(text)
	if err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	rules = parsed
	return nil
}

type operationKey struct{}

// Enter says in which operation the calls below are.
func Enter(ctx context.Context, operation string) context.Context {
	return context.WithValue(ctx, operationKey{}, operation)
}

// Hit does what was asked for at a point of the operation that ctx is in: it
// ends the process, waits, or answers a fault that asks to come again.
func Hit(ctx context.Context, at Point) error {
	operation, _ := ctx.Value(operationKey{}).(string)
	place := string(at) + ":" + operation
	for _, do := range due(at, operation) {
		switch do.action {
		case crash:
			die(place)
		case delay:
			select {
			case <-time.After(do.pause):
			case <-ctx.Done():
			}
		case fail:
			return fault.ErrUnavailable.Because(fmt.Errorf("failpoint %s", place))
		}
	}
	return nil
}

// due throws the dice for every rule of the place.
func due(at Point, operation string) (now []rule) {
	mu.Lock()
	defer mu.Unlock()
	for _, r := range rules {
		if r.covers(at, operation) && r.left != 0 && dice.Float64() < r.rate {
			r.Hits++
			r.left--
			now = append(now, *r)
		}
	}
	return now
}

// Transport hits Provider after every answer.
func Transport(next http.RoundTripper) http.RoundTripper { return transport{next} }

type transport struct{ next http.RoundTripper }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if err := Hit(r.Context(), Provider); err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	return response, nil
}

// Handler answers at Path, too: GET shows the rules and how often each was met,
// PUT replaces them by those of the body, DELETE ends all.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != Path {
			next.ServeHTTP(w, r)
			return
		}
		switch r.Method {
		case http.MethodPut:
			text, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
			if err == nil {
				err = Set(string(text))
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusUnprocessableEntity)
				return
			}
		case http.MethodDelete:
			_ = Set("")
		case http.MethodGet:
		default:
			http.Error(w, "GET, PUT or DELETE", http.StatusMethodNotAllowed)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"rules": rules})
	})
}
