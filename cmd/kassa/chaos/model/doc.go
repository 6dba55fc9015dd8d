// Package model explores what can happen to the sagas of an order, in virtual time:
// checkout and cancellation, parcels, refunds and returns.
//
// It runs the real workflows against stand-ins of the services and of Temporal,
// all in one process and on a clock that jumps. A schedule is what goes wrong,
// drawn from a seed: requests that are lost, answers that are lost, requests
// that arrive late or twice, services and workers that die in the middle,
// workers that are believed dead and go on, customers who cancel, operators who
// terminate and reset. When everything has come to rest, the books must agree.
// A seed always tells the same story, so one that ends badly can be told again.
//
//	explore.go   many schedules on all processors, and what they found
//	schedule.go  one schedule: who buys, what goes wrong, and when
//	world.go     the clock, the agenda, and the network between the parts
//	temporal.go  a saga under way: its history, its commands, death and replay
//	intercept.go what a saga asks of Temporal, answered from here
//	deeds.go     what people do to an order after its checkout
//	shop.go      the stand-ins: orders; goods.go, returns.go: their parcels, refunds and returns;
//	             warehouse.go: stock; coupons.go: coupons; payments.go, claims.go: payments, and
//	             captures and refunds; provider.go: whom they ask
//	books.go     what must hold at the end; balance.go: of the money and goods of a bought order
//	broken.go    mistakes that must be found
//
// The stand-ins keep the contracts of the services: idempotent by business key,
// tombstones, outcomes that nobody knows. What the services do inside, their
// own tests prove on a real database.
package model
