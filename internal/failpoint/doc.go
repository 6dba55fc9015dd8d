// Package failpoint makes a process fail at chosen places, to prove that
// nothing is lost when it does. It exists in builds with the tag chaos only;
// in all others every function does nothing and costs nothing, and there is no
// way to switch it on.
//
// A place is a point of an operation: before it does anything, after its work
// but before its answer, after a commit, after the provider has answered, after
// an activity but before the workflow task that hears of it. The hooks stand
// where every operation passes: internal/operations, internal/durable,
// internal/pg, and the payment service's way to the provider.
//
// What happens there is told by KASSA_FAILPOINTS or by PUT /internal/failpoints
// on the process's own port, as rules separated by commas or line ends:
//
//	after:AuthorizePayment=crash        dies, every time
//	commit:*=crash@0.01                 dies at one of a hundred commits
//	before:*=delay:300ms@0.2            is slow at every fifth operation
//	provider:VoidPayment=error*3        fails three times, then never again
//
// A process that dies does so at once and tells nobody, like one that is
// killed. KASSA_FAILPOINTS_SEED makes the dice repeatable.
package failpoint

// Point is a place in the life of an operation.
type Point string

// The points.
const (
	Before   Point = "before"   // nothing has been done
	After    Point = "after"    // everything has been done, and nobody knows
	Commit   Point = "commit"   // a transaction has been committed
	Provider Point = "provider" // the provider has answered, and nothing has been written down
	Task     Point = "task"     // a local activity has ended, and the server has not heard of it
)

// Path is where a process hears what to do.
const Path = "/internal/failpoints"
