package gateway

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/ratelimit"
	"kassa/internal/telemetry"
)

// The names of the limits.
const (
	byAddress   = "anonymous" // of who is not signed in
	byPrincipal = "principal"
	signIn      = "sign-in"  // the user service counts failures per account, too
	checkout    = "checkout" // new orders
	exchanging  = "api-key"  // keys that the user service is asked about, by address: a good one every 5 s, each guess
)

// Limits are those that hold when nothing else is configured.
var Limits = []ratelimit.Policy{
	{Name: byAddress, Quota: 100, Window: 15 * time.Minute},
	{Name: byPrincipal, Quota: 600, Window: time.Minute},
	{Name: signIn, Quota: 5, Window: time.Minute},
	{Name: checkout, Quota: 30, Window: time.Minute},
	{Name: exchanging, Quota: 300, Window: time.Minute},
}

var (
	limited = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gateway_limited_total", Help: "Requests refused with 429, by policy.",
	}, []string{"policy"})
	unshared = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "gateway_limits_unshared_total", Help: "Requests counted by this process alone, because Redis did not answer.",
	})
)

func init() { telemetry.Registry.MustRegister(limited, unshared) }

// Unshared counts a request that Redis was not there for.
func Unshared() { unshared.Inc() }

// quota is what requests of one kind are counted against.
type quota struct {
	policies []ratelimit.Policy
	header   []string // RateLimit-Policy, shared by all answers
}

// quotas are those of a kind of request: of who is not signed in, and of who is.
type quotas struct{ address, principal quota }

// limitsOf picks the quotas of requests that one more policy holds for; "" is
// none.
func limitsOf(all []ratelimit.Policy, more string) (q quotas) {
	for _, p := range all {
		if p.Quota == 0 {
			continue
		}
		if p.Name == byAddress || p.Name == more {
			q.address.policies = append(q.address.policies, p)
		}
		if p.Name == byPrincipal || p.Name == more {
			q.principal.policies = append(q.principal.policies, p)
		}
	}
	for _, each := range []*quota{&q.address, &q.principal} {
		var told []string
		for _, p := range each.policies {
			told = append(told, fmt.Sprintf(`%q;q=%d;w=%d`, p.Name, p.Quota, int(math.Ceil(p.Window.Seconds()))))
		}
		each.header = []string{strings.Join(told, ", ")}
	}
	return q
}

// limit counts a request and tells the client in the headers of
// draft-ietf-httpapi-ratelimit-headers what is left: r requests now, and all of
// them after t seconds. The error is a request too many.
func (g *Gateway) limit(w http.ResponseWriter, r *http.Request, q *quotas, client netip.Addr, who identity.Principal) error {
	holds := &q.principal
	if who.Role == "" {
		holds = &q.address
	}
	if len(holds.policies) == 0 {
		return nil
	}
	verdict := g.limiter.Take(r.Context(), counted(who, client), holds.policies...)
	told := make([]byte, 0, 64)
	for i := range holds.policies {
		u := &verdict.Usages[i]
		if i > 0 {
			told = append(told, ", "...)
		}
		told = append(append(append(told, '"'), u.Policy.Name...), `";r=`...)
		told = strconv.AppendInt(told, int64(u.Remaining), 10)
		told = strconv.AppendInt(append(told, ";t="...), seconds(u.Reset), 10)
	}
	h := w.Header()
	h["Ratelimit-Policy"], h["Ratelimit"] = holds.header, []string{string(told)}
	if verdict.Refused == nil {
		return nil
	}
	limited.WithLabelValues(verdict.Refused.Name).Inc()
	return httpapi.ErrLimited.With("retry_after", seconds(verdict.Wait))
}

// counted is who a request counts for: the principal, or else the address.
func counted(who identity.Principal, client netip.Addr) ratelimit.Key {
	if who.Role == "" {
		return ratelimit.Address(client)
	}
	return ratelimit.Principal(who.UserID)
}

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
