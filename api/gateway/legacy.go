package gateway

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"kassa/internal/httpapi"
)

// LegacyShare is how much of what is below a path the old shop still answers.
type LegacyShare struct {
	Prefix  string // a path of the API and all below it, like /v1/cart
	Percent int    // of the customers, 0 to 100
}

// ParseLegacyShares reads shares like /v1/products=100. Of several that fit a
// path the longest counts, so they come sorted by that.
func ParseLegacyShares(texts []string) ([]LegacyShare, error) {
	var shares []LegacyShare
	for _, text := range texts {
		prefix, number, found := strings.Cut(strings.TrimSpace(text), "=")
		percent, err := strconv.Atoi(number)
		if !found || err != nil || percent < 0 || percent > 100 {
			return nil, fmt.Errorf("%q is not like /v1/products=100; the number is a percentage from 0 to 100", text)
		}
		ours := func(r route) bool { return covered(prefix, r.path) >= 0 || covered(r.path, prefix) >= 0 }
		if !strings.HasPrefix(prefix, "/v1/") || strings.HasSuffix(prefix, "/") || !slices.ContainsFunc(routes, ours) {
			return nil, fmt.Errorf("no service answers %q, so there is nothing to share; name a path like /v1/products", prefix)
		}
		if slices.ContainsFunc(shares, func(s LegacyShare) bool { return s.Prefix == prefix }) {
			return nil, fmt.Errorf("%q is there twice", prefix)
		}
		shares = append(shares, LegacyShare{Prefix: prefix, Percent: percent})
	}
	slices.SortFunc(shares, func(a, b LegacyShare) int { return cmp.Compare(len(b.Prefix), len(a.Prefix)) })
	return shares, nil
}

// CheckLegacySignIns says what is wrong with paths of the old shop where people
// sign in.
func CheckLegacySignIns(paths []string) error {
	for i, p := range paths {
		switch {
		case !strings.HasPrefix(p, "/") || p != path.Clean(p) || strings.ContainsAny(p, "{}%? "):
			return fmt.Errorf("%q is not like /v1/account/login, a path below /api", p)
		case slices.ContainsFunc(routes, func(r route) bool { return covered(r.path, p) >= 0 }):
			return fmt.Errorf("a service answers %q, and limits it where people sign in", p)
		case slices.Contains(paths[:i], p):
			return fmt.Errorf("%q is there twice", p)
		}
	}
	return nil
}

// oldShop is the way to the shop that this one replaces.
type oldShop struct {
	passage
	shares []LegacyShare
	limits map[string]quotas // of what changes something, by path as plainly has it
}

// newOldShop makes the way to s. People sign in at signIns, and wherever they do at
// a service whose paths may be shared.
func (g *Gateway) newOldShop(s *service, shares []LegacyShare, signIns []string) *oldShop {
	s.keepsPath = true
	o := &oldShop{passage: *g.passage(s, "", rule{wait: saga, foreign: true}), shares: shares, limits: map[string]quotas{}}
	for operation, r := range rules {
		if _, path, _ := strings.Cut(operation, " "); r.limit != "" {
			o.limits[plainly(path)] = limitsOf(g.limits, r.limit)
		}
	}
	for _, path := range signIns {
		o.limits[plainly(path)] = limitsOf(g.limits, signIn)
	}
	return o
}

// instead is the way of a request to the old shop in the place of another one. The
// limits and the weight are the path's, whoever answers it.
func (o *oldShop) instead(of *passage, r *http.Request) *passage {
	p := o.passage
	p.reads, p.writes, p.quotas, p.rule.unlimited = of.reads, of.writes, of.quotas, of.rule.unlimited
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return &p
	}
	if special, found := o.limits[plainly(strings.TrimPrefix(r.URL.Path, httpapi.PublicPrefix))]; found {
		p.quotas = special
	}
	return &p
}

// takes reports whether the request is the old shop's. The same visitor always
// goes the same way, through any gateway, and stays with the new shop when a share
// gets smaller.
func (o *oldShop) takes(r *http.Request) bool {
	return o.keeps(r, strings.TrimPrefix(r.URL.Path, httpapi.PublicPrefix))
}

// gave reports whether a path that nobody here serves is only another spelling of one
// that is no longer the old shop's.
func (o *oldShop) gave(r *http.Request) bool {
	asked := same(strings.TrimPrefix(r.URL.Path, httpapi.PublicPrefix))
	return slices.ContainsFunc(routes, func(of route) bool { return covered(of.path, asked) >= 0 }) && !o.keeps(r, asked)
}

func (o *oldShop) keeps(r *http.Request, asked string) bool {
	for _, share := range o.shares {
		if covered(share.Prefix, asked) < 0 {
			continue
		}
		return share.Percent == 100 || share.Percent > 0 && percentile(o.gateway.visitor(r)) < share.Percent
	}
	return false
}

// visitor names who asks: the principal, or a guest's cart, or else the address.
func (g *Gateway) visitor(r *http.Request) string {
	if who := g.known(r); who.Role != "" {
		return who.UserID.String()
	}
	return cmp.Or(r.Header.Get(apiKeyHeader), r.Header.Get("X-Cart-Token"), g.client(r).String())
}

// percentile is the visitor's place among a hundred, by FNV-1a.
func percentile(visitor string) int {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(visitor))
	return int(hash.Sum64() >> 32 % 100) //nolint:gosec // below 100
}
