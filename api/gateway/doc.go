// Package gateway is the only door for clients. It knows which service answers
// which path (routes.go, a table), and of a request only what every service
// would have to check again and again:
//
//   - the access token, when there is one: a bad one ends here with 401; a good
//     one travels on, and the service verifies it again;
//   - the Idempotency-Key where the API requires one;
//   - the size of the body;
//   - the correlation id, made here when the client brought none, and the client's
//     network address: the peer's, or what a proxy of ours says (address.go);
//   - how often one may ask, how many streams one may hold, and how much a service
//     can take (limits.go, streams.go, gate.go).
//
// A service may have several instances, found by DNS or by a list. They take
// turns; one that refuses a connection is passed over, and a breaker per instance
// remembers it; one that says that it stops comes last (watch.go). A request that
// may happen twice is sent again once, within a budget. Requests waiting for one
// service are bounded, so that its trouble stays its own: when none of its
// instances can be had the answer is 503 with Retry-After at once, and every other
// path works. What an old shop still answers goes there (legacy.go).
//
// What is not in the table does not exist: /internal/*, /metrics and /health of
// a service cannot be reached from here.
package gateway
