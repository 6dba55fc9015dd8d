package gateway

import (
	"slices"
	"time"
)

// SetUsualWait shortens the deadline of gateways made from now on.
func SetUsualWait(d time.Duration) (restore func()) {
	before := usual
	usual = d
	return func() { usual = before }
}

// ServiceNames are the services that the routes lead to.
func ServiceNames() (names []string) {
	for _, r := range routes {
		if !slices.Contains(names, r.service) {
			names = append(names, r.service)
		}
	}
	return names
}

// SetPartWait shortens how long a part of the dashboard may take.
func SetPartWait(d time.Duration) (restore func()) {
	before := partWait
	partWait = d
	return func() { partWait = before }
}

// Limited and Shed count refusals.
var (
	Limited = limited
	Shed    = shed
)

// SetConcurrent changes the places of the services of gateways made from now on.
func SetConcurrent(n int) (restore func()) {
	before := concurrent
	concurrent = n
	return func() { concurrent = before }
}

// SetTakenIn shortens how long an answer of servers started from now on may take
// to be read.
func SetTakenIn(d time.Duration) (restore func()) {
	before := takenIn
	takenIn = d
	return func() { takenIn = before }
}

// SetArrivesIn shortens how long bodies may take to arrive.
func SetArrivesIn(d time.Duration) (restore func()) {
	held, streamed := arrivesIn, streamsIn
	arrivesIn, streamsIn = d, d
	return func() { arrivesIn, streamsIn = held, streamed }
}
