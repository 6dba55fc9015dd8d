package bench

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The picture, in pixels: a frame with room for what is written around it.
const (
	width, height            = 720, 400
	left, right, top, bottom = 60, 20, 46, 48
)

// Picture draws latency over throughput, as SVG: checkouts that were offered from
// left to right, their latencies upwards by powers of ten.
func (r *Report) Picture() []byte {
	var out bytes.Buffer
	text := func(x, y float64, anchor, words string) {
		fmt.Fprintf(&out, `<text x="%.0f" y="%.0f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, words)
	}
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#444">`+"\n", width, height)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	if r.Overload == nil {
		text(width/2, height/2, "middle", "The ramp was not measured.")
		out.WriteString("</svg>\n")
		return out.Bytes()
	}
	steps := r.Overload.Steps
	most, least, slowest := 0.0, math.Inf(1), 0.0
	for _, s := range steps {
		most, least, slowest = max(most, s.Rate), min(least, s.P50), max(slowest, s.P99)
	}
	low, high := math.Floor(math.Log10(max(least, 0.1))), math.Ceil(math.Log10(max(slowest, 1)))
	x := func(rate float64) float64 { return left + rate/(1.05*most)*(width-left-right) }
	y := func(ms float64) float64 {
		return height - bottom - (math.Log10(max(ms, 0.1))-low)/(high-low)*(height-top-bottom)
	}
	for power := low; power <= high; power++ {
		at := y(math.Pow(10, power))
		fmt.Fprintf(&out, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>`+"\n", left, at, width-right, at)
		text(left-6, at+4, "end", strconv.FormatFloat(math.Pow(10, power), 'g', -1, 64))
	}
	for rate := 10.0; rate <= 1.05*most; rate += 10 {
		text(x(rate), height-bottom+18, "middle", strconv.FormatFloat(rate, 'f', -1, 64))
	}
	knee := x(r.Overload.Knee)
	fmt.Fprintf(&out, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#888" stroke-dasharray="4 4"/>`+"\n", knee, top, knee, height-bottom)
	text(knee-4, top+12, "end", fmt.Sprintf("knee: %.0f/s", r.Overload.Knee))
	for i, line := range []struct {
		name, colour string
		of           func(Step) float64
	}{
		{"p50", "#1a7f37", func(s Step) float64 { return s.P50 }},
		{"p95", "#b58900", func(s Step) float64 { return s.P95 }},
		{"p99", "#c0392b", func(s Step) float64 { return s.P99 }},
	} {
		points := make([]string, len(steps))
		for n, s := range steps {
			points[n] = fmt.Sprintf("%.1f,%.1f", x(s.Rate), y(line.of(s)))
		}
		fmt.Fprintf(&out, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), line.colour)
		fmt.Fprintf(&out, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", left+8+40*i, top+12, line.colour, line.name)
	}
	text(left, 18, "start", "Latency of a checkout in ms, from when it was due, over checkouts offered per second")
	text(left, 34, "start", fmt.Sprintf("%d cores of %s, everything on them; %d read beside each checkout; %s",
		r.Machine.Cores, escape(r.Machine.CPU), browsing, r.At.Format("2006-01-02")))
	text(width-right, height-bottom+36, "end", "checkouts per second")
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// escape makes text that XML can hold.
func escape(words string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(words)
}
