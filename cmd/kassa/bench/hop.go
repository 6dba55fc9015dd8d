package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"kassa/internal/id"
)

// mostHop is what the gateway may add, of the time of a direct call.
const mostHop = 0.15

// Hop is a request through the gateway beside the same request sent to the
// service itself. Medians, in milliseconds.
type Hop struct {
	Request string  `json:"request"`
	Direct  float64 `json:"direct_ms"`
	Gateway float64 `json:"gateway_ms"`
	Added   float64 `json:"added_ms"` // median of the differences of neighbours
	Share   float64 `json:"added_of_direct"`
	CPU     float64 `json:"gateway_cpu_ms"` // the gateway's own processor time for one
}

// hop sends the same request directly and through the gateway, one after the
// other in turn, so that what else goes on meets both.
func (b *bench) hop(ctx context.Context) ([]Hop, error) {
	services, token := b.addresses.Services, b.buyers.tokens[0]
	checkout := func(base string) *http.Request {
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/checkout", bytes.NewReader(b.buyers.bodies[0]))
		r.Header = http.Header{"Authorization": {token}, "Content-Type": {"application/json"}, "Idempotency-Key": {id.New().String()}}
		return r
	}
	read := func(path, token string) func(string) *http.Request {
		return func(base string) *http.Request {
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
			if token != "" {
				r.Header = http.Header{"Authorization": {token}}
			}
			return r
		}
	}
	var all []Hop
	for _, c := range []struct {
		what, service string
		make          func(base string) *http.Request
	}{
		{"read a product", "product", read("/v1/products/"+b.buyers.items[0].ProductID.String(), "")},
		{"read the cart", "cart", read("/v1/cart", token)},
		{"checkout", "order", checkout},
	} {
		found, err := b.pairs(ctx, c.make, services[c.service][0], b.addresses.Gateway+"/api")
		if err != nil {
			return all, fmt.Errorf("%s: %w", c.what, err)
		}
		found.Request = c.what
		all = append(all, found)
	}
	_, err := b.backlogs.drain(ctx)
	return all, err
}

// pairs asks in pairs until the time is over; who goes first changes.
func (b *bench) pairs(ctx context.Context, request func(base string) *http.Request, bases ...string) (h Hop, err error) {
	took := make([][]time.Duration, len(bases))
	var differences []time.Duration
	before, err := b.spent(ctx)
	if err != nil {
		return h, err
	}
	for begin, n := time.Now(), 0; time.Since(begin) < b.options.Step; n++ {
		var pair [2]time.Duration
		for i := range bases {
			i = (i + n) % len(bases)
			if pair[i], err = b.timed(request(bases[i])); err != nil {
				return h, err
			}
			took[i] = append(took[i], pair[i])
		}
		differences = append(differences, pair[1]-pair[0])
	}
	after, err := b.spent(ctx)
	if err != nil {
		return h, err
	}
	direct, hop := median(took[0]), median(differences)
	return Hop{
		Direct: Milliseconds(direct), Gateway: Milliseconds(median(took[1])), Added: Milliseconds(hop),
		Share: round(float64(hop) / float64(direct)), CPU: after.since(before).milliseconds(len(differences))["gateway"],
	}, nil
}

// timed sends a request and says how long the answer took.
func (b *bench) timed(r *http.Request) (time.Duration, error) {
	begin := time.Now()
	response, err := b.buyers.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	if took := time.Since(begin); err != nil || response.StatusCode < 300 {
		return took, err
	}
	return 0, fmt.Errorf("%s %s was answered %d", r.Method, r.URL, response.StatusCode)
}

func showHops(w io.Writer, all []Hop) {
	fmt.Fprintf(w, "\n%-34s %12s %12s %12s %12s %12s\n", "Through the gateway, medians", "direct ms", "gateway ms", "added ms", "of direct", "CPU ms")
	for _, h := range all {
		fmt.Fprintf(w, "%-34s %12.2f %12.2f %12.2f %11.0f%% %12.2f\n", h.Request, h.Direct, h.Gateway, h.Added, 100*h.Share, h.CPU)
	}
}

func missedHops(all []Hop) (missed goals) {
	slow := slices.DeleteFunc(slices.Clone(all), func(h Hop) bool { return h.Share <= mostHop })
	for _, h := range slow {
		missed.miss(true, "%s: the gateway adds %.0f %% of a direct call; the goal is at most %.0f %%", h.Request, 100*h.Share, 100*mostHop)
	}
	return missed
}
