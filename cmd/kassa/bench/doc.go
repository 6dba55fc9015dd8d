// Package bench measures, on a platform of its own.
//
// What a checkout costs is measured beside what the engine costs. The null saga has
// the shape of a checkout on its happy path (started eagerly, one workflow task,
// three local activities, awaited by the caller) and does nothing. Rounds of both
// alternate in one run on one machine, so that their ratio holds although the
// machine is slower today than yesterday. The gateway is measured beside a direct
// call, and growing books beside small ones, in the same manner.
//
// How much the shop bears is measured by an open load: requests come when they are
// due, however slow the answers are, and a latency is counted from when its request
// was due. Clients that wait would offer less the slower the shop is, and never
// see it overloaded.
//
// Two kinds of figures come out. Structure (workflow tasks, activities,
// transactions before the answer) is exact and must hold everywhere; speed is a
// median over rounds and depends on the machine.
package bench
