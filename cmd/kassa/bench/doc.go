// Package bench measures what a checkout costs, beside what the engine costs.
//
// The null saga has the shape of a checkout on its happy path (started eagerly,
// one workflow task, three local activities, awaited by the caller) and does
// nothing. Rounds of both alternate in one run on one machine, so that their
// ratio holds although the machine is slower today than yesterday.
//
// Two kinds of figures come out. Structure (workflow tasks, activities,
// transactions before the answer) is exact and must hold everywhere; speed is a
// median over rounds and depends on the machine.
package bench
