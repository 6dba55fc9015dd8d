package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report says which invariants hold.
type Report struct {
	At      time.Time     // when the check began, UTC
	Strict  bool          // whether nothing was allowed to be under way
	Took    time.Duration // all of it, waiting included
	Busy    []string      // what a strict check has waited for in vain
	Results []Result      // one per invariant
}

// Result says how one invariant fares.
type Result struct {
	ID       string
	Name     string
	Rows     int // checked
	Findings []Finding
	Took     time.Duration
	Skipped  string // why it was not checked; "" when it was
}

// Finding is one violation.
type Finding struct {
	Key  string `json:"key"`  // what it is about, an order's id mostly
	What string `json:"what"` // what is wrong with it
}

// OK reports whether every invariant that was checked holds, and a system that
// should be quiet is.
func (r Report) OK() bool { return broken(r.Results) == 0 && len(r.Busy) == 0 }

// Broken lists the ids of the invariants that do not hold.
func (r Report) Broken() []string {
	var ids []string
	for _, result := range r.Results {
		if len(result.Findings) > 0 {
			ids = append(ids, result.ID)
		}
	}
	return ids
}

// shown is how many findings of an invariant are shown to people.
const shown = 5

// Print writes one line per invariant, and the first findings below.
func (r Report) Print(w io.Writer) error {
	aligned := &strings.Builder{}
	table := tabwriter.NewWriter(aligned, 0, 0, 2, ' ', 0)
	for _, result := range r.Results {
		fmt.Fprintln(table, result.line())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	lines := strings.Split(aligned.String(), "\n")
	var text strings.Builder
	for i, result := range r.Results {
		fmt.Fprintln(&text, lines[i])
		for n, finding := range result.Findings {
			if n == shown {
				fmt.Fprintf(&text, "          … and %d more\n", len(result.Findings)-shown)
				break
			}
			fmt.Fprintf(&text, "          %s: %s\n", finding.Key, finding.What)
		}
	}
	for _, busy := range r.Busy {
		fmt.Fprintf(&text, "FAIL  the system did not become quiet: %s\n", busy)
	}
	fmt.Fprintln(&text, r.Summary())
	_, err := io.WriteString(w, text.String())
	return err
}

// line is the result in cells.
func (r Result) line() string {
	state, checked := "ok", fmt.Sprintf("%d checked", r.Rows)
	switch {
	case r.Skipped != "":
		state, checked = "skip", r.Skipped
	case len(r.Findings) > 0:
		state = "FAIL"
	}
	took := fmt.Sprintf("%.1f ms", millis(r.Took))
	return strings.Join([]string{state, r.ID, r.Name, checked, fmt.Sprintf("%d violations", len(r.Findings)), took}, "\t")
}

// Summary is the report in a sentence.
func (r Report) Summary() string {
	checked, skipped := 0, 0
	for _, result := range r.Results {
		if result.Skipped == "" {
			checked++
		} else {
			skipped++
		}
	}
	mode := "on the running system"
	if r.Strict {
		mode = "strictly"
	}
	sentence := fmt.Sprintf("%d invariants checked %s in %s", checked, mode, r.Took.Round(10*time.Millisecond))
	if skipped > 0 {
		sentence += fmt.Sprintf(", %d not checked", skipped)
	}
	if r.OK() {
		return sentence + ": all hold."
	}
	if ids := r.Broken(); len(ids) > 0 {
		sentence += ": broken " + strings.Join(ids, ", ")
	}
	if len(r.Busy) > 0 {
		sentence += "; the system is not quiet"
	}
	return sentence + "."
}

// shownJSON is how many findings of an invariant a document holds.
const shownJSON = 100

// MarshalJSON writes the report for programs.
func (r Report) MarshalJSON() ([]byte, error) {
	type line struct {
		ID         string    `json:"id"`
		Name       string    `json:"name"`
		OK         bool      `json:"ok"`
		Skipped    string    `json:"skipped,omitempty"`
		Rows       int       `json:"rows"`
		Violations int       `json:"violations"`
		Findings   []Finding `json:"findings"`
		Millis     float64   `json:"ms"`
	}
	lines := make([]line, 0, len(r.Results))
	for _, result := range r.Results {
		first := result.Findings[:min(len(result.Findings), shownJSON)]
		lines = append(lines, line{
			ID: result.ID, Name: result.Name, OK: len(result.Findings) == 0, Skipped: result.Skipped, Rows: result.Rows,
			Violations: len(result.Findings), Findings: append([]Finding{}, first...), Millis: millis(result.Took),
		})
	}
	return json.Marshal(struct {
		At         time.Time `json:"at"`
		OK         bool      `json:"ok"`
		Strict     bool      `json:"strict"`
		Busy       []string  `json:"busy"`
		Millis     float64   `json:"ms"`
		Invariants []line    `json:"invariants"`
	}{r.At, r.OK(), r.Strict, append([]string{}, r.Busy...), millis(r.Took), lines})
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
