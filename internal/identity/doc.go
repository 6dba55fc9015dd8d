// Package identity says who is asking. A Principal is read from an access
// token that the user service signed (EdDSA, RFC 8037) and that every service
// verifies itself with the user service's published keys; identity never
// travels as a bare header.
//
// A token is accepted only when it is signed by a key of our own set (named by
// kid), is meant for us (iss and aud), is within its lifetime (30 s leeway) and
// names a user and a role. A key's address inside the token (jku, x5u, jwk) is
// never looked at: the only outbound request goes to the configured URL.
package identity
