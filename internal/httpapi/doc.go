// Package httpapi is Kassa's HTTP surface: Huma on the standard mux, hardened,
// with one way to register an operation.
//
// Register takes an Operation (data) and a handler that answers a value or a
// fault. Everything else happens here, the same for every operation, in this
// order: request and correlation ids, route metrics and span, hygiene of path
// and query, who asks and whether they may (Access), Idempotency-Key, If-Match,
// the body (media type, size, encoding, depth, control characters, strict JSON),
// validation against the schema, the handler, and its answer or an RFC 9457
// problem. Nothing of what was submitted is ever shown in a problem.
//
// # Idempotency
//
// An operation with OptionalKey or RequiredKey claims a row of idempotency_keys
// once the request is known to be valid, runs, and stores its answer. A repeat
// with the same body gets the stored answer and Idempotent-Replayed: true;
// another body is refused (422); a repeat while the first one runs is told to
// come back (409 and Retry-After). An answer of 5xx or 429 is not stored: the
// claim is given up and a repeat runs again. A process that dies between the
// handler's commit and the stored answer leaves a claim that a repeat takes
// over after 60 s, so such a handler runs at least once: it must find its own
// earlier work by a business key, for which IdempotencyKey serves.
// An operation with OwnKey gets the key (IdempotencyKey, Fingerprint) and
// stores it with its own rows: exactly once.
//
// # Scopes
//
// A token that was exchanged for an API key carries scopes, and the role of the
// key's owner. Both must allow an operation (Operation.Scope): the role as for
// people, the scope by the operation's tag and whether it reads or writes.
//
// # Huma's defaults
//
// Huma accepts members in any letter case, duplicate members and unknown query
// parameters, echoes rejected values, reflects the Host header and, once it has
// read a body, cancels the request 5 s later. All of it is switched off here.
package httpapi
