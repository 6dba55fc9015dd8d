package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheTableGoesToItsPlaceInADocument(t *testing.T) {
	rows := []Row{
		{Seed: 7, Scenario: "kill-order", Fault: "kill −9", OK: 10, Failed: 2, Unknown: 3, During: Latency{P50: 90 * time.Millisecond, P99: time.Second, N: 12}, Recovered: 1500 * time.Millisecond},
		{Seed: 7, Scenario: "mixed", Fault: "a bit", OK: 5, Findings: Findings{Stuck: 1}},
	}
	text := "# Proof\n\n<!-- kassa chaos run -->\nan old one\n<!-- until here -->\n\nThe end.\n"
	for range 2 { // the second time it is replaced
		var err error
		text, err = Document(text, "`kassa chaos run`:", rows)
		require.NoError(t, err)
		require.Equal(t, `# Proof

<!-- kassa chaos run -->
`+"`kassa chaos run`:"+`

| Scenario | Fault | Seed | ok | failed | unknown | before p50/p99 | during | after | recovered | lost | doubled | moved | stuck | broken |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| kill-order | kill −9 | 7 | 10 | 2 | 3 | – | 90/1000 ms | – | 1.5 s | 0 | 0 | 0 | 0 | 0 |
| mixed | a bit | 7 | 5 | 0 | 0 | – | – | – | 0.0 s | 0 | 0 | 0 | 1 | 0 |
| all | | | 15 | 2 | 3 | | | | | 0 | 0 | 0 | 1 | 0 |
<!-- until here -->

The end.
`, text)
	}
	_, err := Document("# Proof\n", "", rows)
	require.Error(t, err)
	require.True(t, rows[0].Sound())
	require.True(t, Broken(rows))
}
