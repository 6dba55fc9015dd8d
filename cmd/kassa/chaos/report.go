package chaos

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Row is what came of one scenario with one seed.
type Row struct {
	Seed      uint64        `json:"seed"`
	Scenario  string        `json:"scenario"`
	Fault     string        `json:"fault"`
	OK        int           `json:"ok"`      // checkouts that ended with a yes
	Failed    int           `json:"failed"`  // with a definite no
	Unknown   int           `json:"unknown"` // requests without a definite answer; they were repeated
	Before    Latency       `json:"before"`
	During    Latency       `json:"during"`
	After     Latency       `json:"after"`
	Recovered time.Duration `json:"recovered"` // from healing to the last request without an answer
	Took      time.Duration `json:"took"`
	Findings
	Notes []string `json:"notes,omitempty"`
}

// count adds up how it went for the customers.
func (r *Row) count(c *crew) {
	for _, e := range c.errands {
		switch {
		case e.err != nil:
		case e.answer.Confirmed():
			r.OK++
		case e.answer.Definite():
			r.Failed++
		}
	}
	r.Unknown = c.history.count(Unknown)
}

// Sound reports whether nothing happened that must not happen.
func (r Row) Sound() bool { return r.Findings == Findings{} }

// Broken reports whether something was found in any row.
func Broken(rows []Row) bool {
	return slices.ContainsFunc(rows, func(r Row) bool { return !r.Sound() })
}

// String is a row in a sentence, for people who wait.
func (r Row) String() string {
	state := "ok  "
	if !r.Sound() {
		state = "FAIL"
	}
	line := fmt.Sprintf("%s %s, seed %d: %d ok, %d failed, %d unknown; p50/p99 %s before, %s during, %s after; recovered after %s; %s; took %s",
		state, r.Scenario, r.Seed, r.OK, r.Failed, r.Unknown, r.Before, r.During, r.After, r.Recovered.Round(10*time.Millisecond), r.Findings, r.Took.Round(time.Second))
	if len(r.Notes) > 0 {
		line += "\n      " + strings.Join(r.Notes[:min(len(r.Notes), 12)], "\n      ")
	}
	return line
}

// Print writes the table of all rows.
func Print(w io.Writer, rows []Row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "scenario\tseed\tok\tfailed\tunknown\tbefore p50/p99\tduring\tafter\trecovered\tlost\tdoubled\tmoved\tstuck\tbroken")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\n", r.Scenario, r.Seed, r.OK, r.Failed, r.Unknown,
			r.Before, r.During, r.After, r.Recovered.Round(10*time.Millisecond), r.Lost, r.Doubled, r.Moved, r.Stuck, r.Broken)
	}
	sum := total(rows)
	fmt.Fprintf(table, "all\t\t%d\t%d\t%d\t\t\t\t\t%d\t%d\t%d\t%d\t%d\n", sum.OK, sum.Failed, sum.Unknown, sum.Lost, sum.Doubled, sum.Moved, sum.Stuck, sum.Broken)
	return table.Flush()
}

// String is the counts in words.
func (f Findings) String() string {
	return fmt.Sprintf("%d lost, %d doubled, %d moved, %d stuck, %d broken", f.Lost, f.Doubled, f.Moved, f.Stuck, f.Broken)
}

// total adds up the rows.
func total(rows []Row) (sum Row) {
	for _, r := range rows {
		sum.OK, sum.Failed, sum.Unknown = sum.OK+r.OK, sum.Failed+r.Failed, sum.Unknown+r.Unknown
		sum.Lost, sum.Doubled, sum.Moved, sum.Stuck, sum.Broken = sum.Lost+r.Lost, sum.Doubled+r.Doubled, sum.Moved+r.Moved, sum.Stuck+r.Stuck, sum.Broken+r.Broken
	}
	return sum
}

// Markers of the place of the table in a document.
const (
	tableBegins = "<!-- kassa chaos run -->\n"
	tableEnds   = "<!-- until here -->"
)

// Document puts the table of all rows, under a heading line, into its place in
// the text of a document.
func Document(text, heading string, rows []Row) (string, error) {
	before, rest, begins := strings.Cut(text, tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return "", fmt.Errorf("it has no place for the table, between %q and %q", strings.TrimSpace(tableBegins), tableEnds)
	}
	var table strings.Builder
	table.WriteString(heading + "\n\n| Scenario | Fault | Seed | ok | failed | unknown | before p50/p99 | during | after | recovered | lost | doubled | moved | stuck | broken |\n" +
		"|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range rows {
		fmt.Fprintf(&table, "| %s | %s | %d | %d | %d | %d | %s | %s | %s | %.1f s | %d | %d | %d | %d | %d |\n", r.Scenario, r.Fault, r.Seed, r.OK, r.Failed, r.Unknown,
			r.Before, r.During, r.After, r.Recovered.Seconds(), r.Lost, r.Doubled, r.Moved, r.Stuck, r.Broken)
	}
	sum := total(rows)
	fmt.Fprintf(&table, "| all | | | %d | %d | %d | | | | | %d | %d | %d | %d | %d |\n", sum.OK, sum.Failed, sum.Unknown, sum.Lost, sum.Doubled, sum.Moved, sum.Stuck, sum.Broken)
	return before + tableBegins + table.String() + tableEnds + after, nil
}

// String is the latency in milliseconds.
func (l Latency) String() string {
	if l.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%d/%d ms", l.P50.Milliseconds(), l.P99.Milliseconds())
}
