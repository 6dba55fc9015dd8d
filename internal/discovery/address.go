package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Address is where the processes of a service are, as somebody configured it.
type Address struct {
	scheme string // http or https
	host   string // a name or an IP address; of SRV records, the name that has them
	port   string // "" of SRV records
	path   string // in front of every path of the service; "" mostly
	srv    bool
}

// Instance is one process of a service. It can be compared.
type Instance struct {
	Base string // URL without a slash at its end, with the name that it goes by
	Dial string // host:port to connect to
}

// ParseAddress reads an address, see the package. Its error says how one looks.
func ParseAddress(text string) (Address, error) {
	text, srv := strings.CutPrefix(strings.TrimSpace(text), "srv+")
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.User != nil, u.RawQuery != "", u.Fragment != "":
		return Address{}, errors.New("must be http://host:port, https://host or srv+http://_http._tcp.name")
	case srv && (u.Port() != "" || strings.Trim(u.Path, "/") != ""):
		return Address{}, errors.New("must be like srv+http://_http._tcp.order.shop.internal, without a port and a path; SRV records say the ports")
	case srv && !strings.HasPrefix(u.Hostname(), "_"):
		return Address{}, errors.New("must name SRV records by service and protocol, like srv+http://_http._tcp.order.shop.internal")
	}
	a := Address{scheme: u.Scheme, host: u.Hostname(), port: u.Port(), path: strings.TrimRight(u.Path, "/"), srv: srv}
	if !srv && a.port == "" {
		a.port = map[string]string{"http": "80", "https": "443"}[a.scheme]
	}
	return a, nil
}

// fixed reports whether there is nothing to look up.
func (a Address) fixed() bool {
	_, err := netip.ParseAddr(a.host)
	return !a.srv && (err == nil || a.host == "localhost")
}

// itself is a without a look-up: one process, unless its port is not known.
func (a Address) itself() []Instance {
	if a.srv {
		return nil
	}
	return []Instance{a.at(a.host, a.port, a.host)}
}

// at is the process at ip that goes by name.
func (a Address) at(name, port, ip string) Instance {
	shown := name
	if strings.Contains(name, ":") {
		shown = "[" + name + "]"
	}
	if port != map[string]string{"http": "80", "https": "443"}[a.scheme] {
		shown = net.JoinHostPort(name, port)
	}
	return Instance{Base: a.scheme + "://" + shown + a.path, Dial: net.JoinHostPort(ip, port)}
}

// look asks the name server. An answer without a single process is an error.
func (a Address) look(ctx context.Context, names *net.Resolver) (found []Instance, err error) {
	targets := []*net.SRV{{Target: a.host}}
	if a.srv {
		if targets, err = services(ctx, names, a.host); err != nil {
			return nil, err
		}
	}
	for _, target := range targets {
		name, port := strings.TrimSuffix(target.Target, "."), a.port
		if a.srv {
			port = strconv.Itoa(int(target.Port))
		}
		ips, failure := names.LookupNetIP(ctx, "ip", target.Target)
		if failure != nil {
			if missing := (*net.DNSError)(nil); !errors.As(failure, &missing) || !missing.IsNotFound {
				return nil, failure // nobody knows whether it is gone
			}
			err = failure
			continue
		}
		for _, ip := range ips {
			found = append(found, a.at(name, port, ip.Unmap().String()))
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("look up %s: %w", a.host, err)
	}
	return found, nil
}

// services are the SRV records of the best priority; the others are for when
// these are gone. Weights are not looked at.
func services(ctx context.Context, names *net.Resolver, name string) ([]*net.SRV, error) {
	_, records, err := names.LookupSRV(ctx, "", "", name)
	if err != nil {
		return nil, err
	}
	best := records[0].Priority // they come sorted, and there is one at least
	records = slices.DeleteFunc(records, func(r *net.SRV) bool { return r.Target == "." || r.Priority != best })
	if len(records) == 0 {
		return nil, fmt.Errorf("look up %s: the service is not offered", name)
	}
	return records, nil
}
