package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestOneCheckoutIsOneTrace follows one purchase through every process, by the
// spans that they send to a collector.
func TestOneCheckoutIsOneTrace(t *testing.T) {
	item, c := stocked(t, 5), customer(t)
	var trace, caller [16]byte
	_, _ = rand.Read(trace[:])
	_, _ = rand.Read(caller[:8])
	r := ask{
		method: http.MethodPost, path: "/api/v1/checkout", token: tokenOf(t, c), body: spoiled(item.VariantID),
		header: map[string]string{
			"Idempotency-Key": uuid.NewString(),
			"Traceparent":     fmt.Sprintf("00-%s-%s-01", hex.EncodeToString(trace[:]), hex.EncodeToString(caller[:8])),
		},
	}.past(t, http.StatusServiceUnavailable)
	require.Equal(t, http.StatusCreated, r.status, r.body)

	var missing []string
	require.Eventually(t, func() bool {
		spans := traces.of(string(trace[:]))
		missing = append(untraced(spans), orphans(spans, string(caller[:8]))...)
		return len(missing) == 0
	}, soon, often, "what the trace lacks: %s", lazily(func() string {
		return strings.Join(missing, ", ") + "; it has\n" + listed(traces.of(string(trace[:])))
	}))
	spans := traces.of(string(trace[:]))
	t.Logf("one trace of %d spans:\n%s", len(spans), listed(spans))
	require.Empty(t, orphans(spans, string(caller[:8])))
}

// orphans says which spans hang in the air: their parent has not come, nor is it
// the caller's.
func orphans(spans []span, caller string) []string {
	known := map[string]bool{caller: true}
	for _, each := range spans {
		known[each.id] = true
	}
	var alone []string
	for _, each := range spans {
		if !known[each.parent] {
			alone = append(alone, "the parent of "+each.service+" "+each.name)
		}
	}
	return alone
}

// untraced says what a checkout's trace should have and has not.
func untraced(spans []span) []string {
	var missing []string
	for _, want := range []struct {
		service, name string // name is a part of the span's
	}{
		{"gateway", "POST /api/v1/checkout"},
		{"order", "POST /v1/checkout"},
		{"product", "QuoteLines"},
		{"order", "RunWorkflow:Checkout"},
		{"inventory", "ReserveStock"},
		{"payment", "AuthorizePayment"},
		{"order", "ConfirmOrder"},
		{"order", "WITH"},
		{"inventory", "WITH"},
		{"payment", "WITH"},
		{"order", "order-payments payment."},
	} {
		if !slices.ContainsFunc(spans, func(s span) bool { return s.service == want.service && strings.Contains(s.name, want.name) }) {
			missing = append(missing, want.service+" "+want.name)
		}
	}
	return missing
}

// listed is the spans, one line each.
func listed(spans []span) string {
	var lines []string
	for _, each := range spans {
		lines = append(lines, fmt.Sprintf("  %-10s %s", each.service, each.name))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// lazily is a text that is made when it is shown.
type lazily func() string

// String makes it.
func (l lazily) String() string { return l() }
