// Package discovery knows the processes of a service by the addresses in its
// configuration. One of them is
//
//	http://10.0.0.7:4005                          one process
//	http://order:4005                             a name: each of its A and AAAA records is a process
//	srv+http://_http._tcp.order.shop.internal     SRV records (RFC 2782), which say the ports, too
//
// with https where the processes speak TLS; their certificates are then for the
// name, or for the target of the SRV record. localhost is one process, whatever
// it resolves to.
//
// Names are looked up again every few seconds while somebody asks. What is gone
// from the answer gets no new requests, those under way end as they would have.
// A name server that is out, or has no answer, takes nobody away: what was known
// last counts.
package discovery
