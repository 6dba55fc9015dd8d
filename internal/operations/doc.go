// Package operations lets one service call the operations of another over
// internal HTTP: POST /internal/operations/<Name>, where the name, the input
// and the output are those of the exported methods of activities/<svc>.
//
// Handler is the server's side, Caller the client's. An answer is definite
// when the operation said yes or a fault that no repetition can change;
// everything else (refused connection, time-out, 5xx, open breaker) is
// fault.ErrUnavailable, and the caller must assume that it may have happened.
package operations
