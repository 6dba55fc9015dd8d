// Package ratelimit counts requests against named policies by the generic cell
// rate algorithm (GCRA, ITU-T I.371): a policy allows so many requests at once,
// and afterwards one each time its share of the window has passed.
//
// Who asks has one state per policy, the theoretical arrival time: the moment at
// which the whole quota will be there again. It lies in memory, or in Redis when
// several processes are to count together; while Redis is out each process
// counts for itself.
package ratelimit
