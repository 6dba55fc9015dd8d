// Package postgres runs a private Postgres server from the machine's own binaries.
//
// A server owns one directory, guarded by a lock file, with the cluster under data/. It listens
// on the loopback address only and on no Unix socket (a socket's path may not exceed 107 bytes,
// and checkouts live in deep folders). Root starts it as an unprivileged user, because Postgres
// refuses to run as root. When the server dies it is started again on the same port until Stop
// is called; nothing in the data directory is ever deleted, so it recovers as after a power cut.
//
// A directory left by a process that was killed is taken over: the old server is ended first.
// A directory made by another major version is refused, unless binaries of that version exist.
package postgres
