package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// Report is everything that was measured; nil is what was not.
type Report struct {
	Machine  Machine   `json:"machine"`
	At       time.Time `json:"at"`
	Seconds  float64   `json:"took_s"`
	Checkout *Checkout `json:"-"` // its figures are at the top of the document

	Hops       []Hop       `json:"hops,omitempty"`
	Events     []Delivery  `json:"events,omitempty"`
	Overload   *Overload   `json:"overload,omitempty"`
	Products   int         `json:"products,omitempty"` // in the catalogue of the operations
	Operations []Operation `json:"operations,omitempty"`
	Growth     *Growth     `json:"growth,omitempty"`
}

// Machine is where it was measured.
type Machine struct {
	Cores  int    `json:"cores"`
	CPU    string `json:"cpu"`
	Memory int    `json:"memory_mib"`
	System string `json:"system"`
	Go     string `json:"go"`
}

// thisMachine reads /proc; what it does not find there stays empty.
func thisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	m.CPU = field("/proc/cpuinfo", "model name")
	_, _ = fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d", &m.Memory)
	m.Memory /= 1024
	return m
}

// field is the first value of a name in a file of lines "name : value".
func field(file, name string) string {
	content, _ := os.ReadFile(file)
	for line := range strings.Lines(string(content)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// MarshalJSON writes the checkout's figures beside the rest.
func (r *Report) MarshalJSON() ([]byte, error) {
	type rest Report
	document := struct {
		*checkoutJSON
		*rest
	}{rest: (*rest)(r)}
	if r.Checkout != nil {
		document.checkoutJSON = r.Checkout.json()
	}
	return json.Marshal(document)
}

// Show prints the report for people.
func (r *Report) Show(w io.Writer) {
	fmt.Fprintf(w, "\n%d cores of %s, %d MiB, %s, %s; %s, %.0f s\n", r.Machine.Cores, r.Machine.CPU, r.Machine.Memory, r.Machine.System, r.Machine.Go,
		r.At.Format(time.DateTime), r.Seconds)
	if r.Checkout != nil {
		r.Checkout.show(w)
	}
	if r.Hops != nil {
		showHops(w, r.Hops)
	}
	if r.Events != nil {
		showDeliveries(w, r.Events)
	}
	if r.Overload != nil {
		r.Overload.show(w)
	}
	if r.Operations != nil {
		showOperations(w, r.Operations, r.Products)
	}
	if r.Growth != nil {
		r.Growth.show(w)
	}
}

// Missed lists the goals that were not reached.
func (r *Report) Missed() []string {
	all := append(missedHops(r.Hops), missedOperations(r.Operations)...)
	if r.Checkout != nil {
		all = append(r.Checkout.missed(), all...)
	}
	if r.Overload != nil {
		all = append(all, r.Overload.missed()...)
	}
	if r.Growth != nil {
		all = append(all, r.Growth.missed()...)
	}
	return all
}
