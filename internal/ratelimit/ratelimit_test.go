package ratelimit_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kassa/internal/id"
	"kassa/internal/ratelimit"
)

var (
	began  = time.Date(2026, 1, 15, 9, 30, 0, 0, time.UTC)
	minute = ratelimit.Policy{Name: "minute", Quota: 3, Window: time.Minute}
	quick  = ratelimit.Policy{Name: "quick", Quota: 1, Window: 10 * time.Second}
	ada    = ratelimit.Principal(id.New())
)

func TestAQuotaIsThereAtOnceAndComesBackOneByOne(t *testing.T) {
	l := ratelimit.New()
	for left := 2; left >= 0; left-- {
		v := l.TakeAt(began, ada, minute)
		require.Nil(t, v.Refused)
		require.Equal(t, ratelimit.Usage{Policy: minute, Remaining: left, Reset: time.Duration(3-left) * 20 * time.Second}, v.Usages[0])
	}
	v := l.TakeAt(began.Add(5*time.Second), ada, minute)
	require.Equal(t, "minute", v.Refused.Name)
	require.Equal(t, 15*time.Second, v.Wait)
	require.Equal(t, ratelimit.Usage{Policy: minute, Reset: 55 * time.Second}, v.Usages[0])

	require.NotNil(t, l.TakeAt(began.Add(20*time.Second-time.Microsecond), ada, minute).Refused)
	require.Nil(t, l.TakeAt(began.Add(20*time.Second), ada, minute).Refused, "what was refused has not been counted")
	require.NotNil(t, l.TakeAt(began.Add(20*time.Second), ada, minute).Refused)
	require.Nil(t, l.TakeAt(began, ratelimit.Principal(id.New()), minute).Refused, "somebody else")
}

func TestWhatOnePolicyRefusesCountsAgainstNone(t *testing.T) {
	l := ratelimit.New()
	require.Nil(t, l.TakeAt(began, ada, minute, quick).Refused)
	for range 5 {
		v := l.TakeAt(began, ada, minute, quick)
		require.Equal(t, "quick", v.Refused.Name)
		require.Equal(t, []int{2, 0}, []int{v.Usages[0].Remaining, v.Usages[1].Remaining})
	}
	require.Nil(t, l.TakeAt(began, ada, minute).Refused)
	require.Nil(t, l.TakeAt(began, ada, minute).Refused)
	require.NotNil(t, l.TakeAt(began, ada, minute).Refused)
}

// permits is what GCRA promises, said of the requests that were allowed before:
// in no stretch that began with one of them have there been more than the quota
// and what came back meanwhile.
func permits(p ratelimit.Policy, before []time.Time, now time.Time) bool {
	every := p.Window / time.Duration(p.Quota)
	for i, since := range before {
		if len(before)-i+1 > p.Quota+int(now.Sub(since)/every) {
			return false
		}
	}
	return true
}

func TestAllowsWhatTheAlgorithmPromises(t *testing.T) {
	t.Cleanup(ratelimit.SetRedisWithin(soon))
	server := newMiniredis(t)
	shared := server.limiter(t)
	rapid.Check(t, func(t *rapid.T) {
		policies := []ratelimit.Policy{
			{Name: "a", Quota: rapid.IntRange(1, 8).Draw(t, "quota"), Window: 60 * 8 * 7 * time.Second},
			{Name: "b", Quota: rapid.IntRange(1, 8).Draw(t, "other quota"), Window: 60 * 7 * time.Second},
		}
		for i := range policies { // so that every is whole
			policies[i].Window = time.Duration(policies[i].Quota) * policies[i].Window
		}
		local, who, now := ratelimit.New(), ratelimit.Principal(id.New()), began
		allowed := map[string][]time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 700_000_000).Draw(t, "µs")) * time.Microsecond)
			asked := policies[rapid.IntRange(0, 1).Draw(t, "from"):]
			expected := !slices.ContainsFunc(asked, func(p ratelimit.Policy) bool { return !permits(p, allowed[p.Name], now) })
			got := local.TakeAt(now, who, asked...)
			require.Equal(t, expected, got.Refused == nil, "at %s of %v", now, asked)
			if expected {
				for _, p := range asked {
					allowed[p.Name] = append(allowed[p.Name], now)
				}
			} else {
				require.True(t, permits(*got.Refused, allowed[got.Refused.Name], now.Add(got.Wait)), "it may be sent again after the wait")
				require.False(t, permits(*got.Refused, allowed[got.Refused.Name], now.Add(got.Wait-time.Microsecond)), "and not before")
			}
			server.SetTime(now)
			inRedis, answered := shared.TakeShared(t.Context(), who, asked...)
			require.True(t, answered)
			require.Equal(t, got, inRedis, "Redis counts like memory")
		}
	})
}

func TestAFloodOfAddressesNeitherFillsTheMemoryNorForgivesAnybody(t *testing.T) {
	l := ratelimit.New()
	for range minute.Quota {
		require.Nil(t, l.TakeAt(began, ada, minute).Refused)
	}
	require.NotNil(t, l.TakeAt(began, ada, minute).Refused)
	for i := range uint32(3 * ratelimit.MostStates) {
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], i)
		require.Nil(t, l.TakeAt(began, ratelimit.Address(netip.AddrFrom4(ip)), minute).Refused)
	}
	require.LessOrEqual(t, l.States(), ratelimit.MostStates)
	require.NotNil(t, l.TakeAt(began, ada, minute).Refused, "who has asked too often is remembered")
}

func TestAHouseholdIsOneAddress(t *testing.T) {
	key := func(text string) ratelimit.Key { return ratelimit.Address(netip.MustParseAddr(text)) }
	require.Equal(t, key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"))
	require.NotEqual(t, key("2001:db8:1:2::1"), key("2001:db8:1:3::1"))
	require.Equal(t, key("203.0.113.9"), key("::ffff:203.0.113.9"))
	require.NotEqual(t, key("203.0.113.9"), key("203.0.113.8"))
}

func TestPoliciesAreOverriddenByName(t *testing.T) {
	policies := []ratelimit.Policy{minute, quick}
	changed, err := ratelimit.Override(policies, "")
	require.NoError(t, err)
	require.Equal(t, policies, changed)
	changed, err = ratelimit.Override(policies, "quick=off, minute=100/15m")
	require.NoError(t, err)
	require.Equal(t, []ratelimit.Policy{{Name: "minute", Quota: 100, Window: 15 * time.Minute}, {Name: "quick", Window: 10 * time.Second}}, changed)
	require.Equal(t, 3, policies[0].Quota, "the defaults stay")
	for text, sentence := range map[string]string{
		"slow=1/1m":              "must name policies out of minute, quick",
		"minute":                 "must give minute a number of requests and a time from 1s to 24h, or off",
		"minute=0/1m":            "must give minute a number of requests and a time from 1s to 24h, or off",
		"minute=-5/1m":           "must give minute a number of requests and a time from 1s to 24h, or off",
		"minute=5/0s":            "must give minute a number of requests and a time from 1s to 24h, or off",
		"minute=5":               "must give minute a number of requests and a time from 1s to 24h, or off",
		"minute=5/1m,minute=off": "names minute twice; keep one of the two",
	} {
		_, err := ratelimit.Override(policies, text)
		require.EqualError(t, err, sentence, text)
	}
}

func BenchmarkTake(b *testing.B) {
	l := ratelimit.New()
	policies := []ratelimit.Policy{{Name: "minute", Quota: 1e9, Window: time.Minute}, {Name: "quick", Quota: 1e9, Window: time.Minute}}
	b.ReportAllocs()
	for b.Loop() {
		l.Take(b.Context(), ada, policies...)
	}
}
