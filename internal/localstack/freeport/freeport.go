// Package freeport finds TCP ports a server may keep over its restarts.
//
// A port from listening on port 0 lies in the range the kernel also uses for outgoing
// connections: while a killed server is away, one of those can take its port, and the server
// cannot come back. So ports are picked below that range, and by processes that run at the same
// time in different parts of it: between a port's choice and its use another could choose it.
package freeport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
)

// Linux hands out 32768 and above for outgoing connections, other systems 49152 and above.
const (
	lowest  = 20000
	highest = 32767

	shares = 64
	share  = (highest - lowest + 1) / shares // ports
)

var (
	mu     sync.Mutex
	picked = map[int]bool{}
)

// Pick returns a port on the loopback address that nobody listens on and that this process has
// not been given before.
func Pick() (int, error) {
	mu.Lock()
	defer mu.Unlock()
	for try := range 1000 {
		port := lowest + os.Getpid()%shares*share + rand.IntN(share)
		if try >= share { // ours is full
			port = lowest + rand.IntN(highest-lowest+1)
		}
		if picked[port] || !Free(port) {
			continue
		}
		picked[port] = true
		return port, nil
	}
	return 0, errors.New("no free TCP port was found between 20000 and 32767")
}

// Free reports whether a server could listen on the port of the loopback address.
func Free(port int) bool {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}
