// Package payment takes customers' money, once.
package payment

// Queue is the task queue of the payment service.
const Queue = "payment"
