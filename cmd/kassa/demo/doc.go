// Package demo plays real checkouts on a running platform and shows each one's
// timeline: first one that goes well, then what goes wrong in other shops.
package demo
