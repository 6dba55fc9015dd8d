package gateway

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// machine is one processor that the requests to two services share, each at the
// same pace, in steps of a millisecond. The engine needs a part of it to take a
// checkout in.
type machine struct {
	t       *testing.T
	now     time.Duration
	gates   []*gate
	at      []*job
	done    map[class]int // within a second
	refused map[class]int
}

type job struct {
	gate  *gate
	class class
	came  time.Duration
	work  time.Duration // left
}

const (
	slice   = 7 * time.Millisecond // of the processor until the engine has taken a checkout in
	refusal = 100 * time.Microsecond
	buy     = 20 * time.Millisecond
	look    = 5 * time.Millisecond
)

func newMachine(t *testing.T) *machine {
	return &machine{t: t, gates: []*gate{newGate("order", concurrent, zap.NewNop()), newGate("product", concurrent, zap.NewNop())}}
}

// load offers so many checkouts and twice as many looks per second.
func (m *machine) load(rate float64, length time.Duration) {
	m.done, m.refused = map[class]int{}, map[class]int{}
	var bought, looked float64
	for end := m.now + length; m.now < end; m.now += time.Millisecond {
		budget := time.Millisecond
		for bought += rate / 1000; bought >= 1; bought-- {
			budget -= m.arrive(m.gates[0], buying, buy)
		}
		for looked += 2 * rate / 1000; looked >= 1; looked-- {
			budget -= m.arrive(m.gates[1], browsing, look)
		}
		m.work(budget)
		if m.now%pulseEvery == 0 {
			m.pulse()
		}
	}
}

func (m *machine) arrive(g *gate, c class, work time.Duration) time.Duration {
	if !g.enter(c) {
		m.refused[c]++
		return refusal
	}
	m.at = append(m.at, &job{gate: g, class: c, came: m.now, work: work})
	return 0
}

func (m *machine) work(budget time.Duration) {
	if len(m.at) == 0 || budget <= 0 {
		return
	}
	share := budget / time.Duration(len(m.at))
	left := m.at[:0]
	for _, j := range m.at {
		if j.work -= share; j.work > 0 {
			left = append(left, j)
			continue
		}
		j.gate.leave(j.class)
		if m.now-j.came <= time.Second {
			m.done[j.class]++
		}
	}
	m.at = left
}

func (m *machine) pulse() {
	elsewhere := time.Duration(0)
	for _, g := range m.gates {
		if g.underWay.Load() < busyFrom {
			g.feel(0, true)
		} else {
			g.feel(slice*time.Duration(len(m.at)), true)
		}
		if delay, _ := g.felt(); g.weighty.Load() >= busyFrom {
			elsewhere = max(elsewhere, delay)
		}
	}
	for _, g := range m.gates {
		g.adapt(elsewhere)
	}
}

func TestTenTimesTheLoadIsNoCollapse(t *testing.T) {
	const knee = 30.0 // checkouts per second, and twice as many looks: 0.9 of the processor
	m := newMachine(t)
	m.load(knee, 10*time.Second)
	require.InDelta(t, 10*knee, m.done[buying], 5)
	require.InDelta(t, 20*knee, m.done[browsing], 10)
	require.Empty(t, m.refused)

	m.load(10*knee, time.Minute)
	require.GreaterOrEqual(t, float64(m.done[buying]), 0.9*60*knee, "checkouts within a second")
	offered := float64(60 * 10 * knee)
	require.Greater(t, float64(m.refused[browsing])/(2*offered), float64(m.refused[buying])/offered, "what matters less is refused first")

	m.load(0.7*knee, 5*time.Second)
	m.load(0.7*knee, 5*time.Second)
	require.InDelta(t, 0.7*5*knee, m.done[buying], 3, "all is as it was")
	require.InDelta(t, 0.7*10*knee, m.done[browsing], 6)
	require.Empty(t, m.refused)
}

func TestWaitingForTheBankIsNoOverload(t *testing.T) {
	g := newGate("order", concurrent, zap.NewNop())
	for i := range 400 { // none of them ends
		require.True(t, g.enter(buying), i)
		g.feel(5*time.Millisecond, true)
		g.adapt(0)
	}
}

func TestOneClassAfterTheOther(t *testing.T) {
	g := newGate("order", 50, zap.NewNop())
	admitted := [len(tiers)]int{}
	for c := class(len(tiers)) - 1; c >= settling; c-- {
		for g.enter(c) {
			admitted[c]++
		}
		require.True(t, g.full(c))
	}
	require.Equal(t, [len(tiers)]int{settling: 5, watching: 5, buying: 5, filling: 5, browsing: 10, idling: 20}, admitted)
	for range 10 {
		g.feel(time.Second, true)
		g.adapt(0)
	}
	for c, n := range map[class]int{idling: 20, browsing: 10, filling: 5, buying: 5} {
		for range n {
			g.leave(c)
		}
	}
	require.True(t, g.enter(settling), "the provider's word is always heard")
	require.False(t, g.full(watching))
	for range yielded {
		require.True(t, g.enter(idling), "and somebody may always look")
	}
	require.True(t, g.full(idling))
}

func TestBrowsingComesBackWhenTheDelayIsBorne(t *testing.T) {
	g := newGate("product", concurrent, zap.NewNop())
	for _, elsewhere := range []time.Duration{time.Second, tiers[browsing].bears - 1} {
		for range 20 {
			g.adapt(elsewhere)
		}
	}
	for range tiers[browsing].least {
		require.True(t, g.enter(browsing))
	}
	require.True(t, g.full(browsing))
}
