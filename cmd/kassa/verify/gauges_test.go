package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"kassa/cmd/kassa/verify"
)

func TestGaugesShowTheLastReport(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	gauges := verify.NewGauges(registry)
	gauges.Show(verify.Report{At: time.Unix(100, 0), Results: []verify.Result{
		{ID: "I1", Rows: 7, Findings: []verify.Finding{{Key: "a"}, {Key: "b"}}}, {ID: "O1", Rows: 3}, {ID: "W1", Rows: 3},
	}})
	gauges.Failed()
	gauges.Show(verify.Report{At: time.Unix(200, 0), Results: []verify.Result{
		{ID: "I1", Rows: 8}, {ID: "O1", Rows: 4, Findings: []verify.Finding{{Key: "c"}}}, {ID: "W1", Skipped: "no address of Temporal"},
	}})
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP kassa_invariant_checks_failed_total Checks that could not be made.
# TYPE kassa_invariant_checks_failed_total counter
kassa_invariant_checks_failed_total 1
# HELP kassa_invariant_rows Rows that the last check of an invariant read.
# TYPE kassa_invariant_rows gauge
kassa_invariant_rows{id="I1"} 8
kassa_invariant_rows{id="O1"} 4
# HELP kassa_invariant_violations What was found against an invariant by the last check; 0 when it holds.
# TYPE kassa_invariant_violations gauge
kassa_invariant_violations{id="I1"} 0
kassa_invariant_violations{id="O1"} 1
# HELP kassa_invariants_checked_timestamp_seconds When the invariants were checked last, since 1970. Alert when it is old.
# TYPE kassa_invariants_checked_timestamp_seconds gauge
kassa_invariants_checked_timestamp_seconds 200
`)))
}
