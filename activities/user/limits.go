package user

import (
	"cmp"
	"context"
	"crypto/sha256"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
)

// Limits are the failed sign-ins allowed per minute; as many may come at once,
// after which they come back one by one.
type Limits struct {
	PerPair    int // of one account from one address: guessing; 0 means 5
	PerAccount int // of one account from anywhere: distributed guessing; 0 means 30
	PerAddress int // from one address for any account: spraying; 0 means 60
}

func (l Limits) withDefaults() Limits {
	return Limits{PerPair: cmp.Or(l.PerPair, 5), PerAccount: cmp.Or(l.PerAccount, 30), PerAddress: cmp.Or(l.PerAddress, 60)}
}

// bucket is one of the things an attempt counts against.
type bucket struct {
	key    [sha256.Size]byte
	cost   float64       // seconds of the window that one attempt takes
	window time.Duration // in which an empty bucket fills
}

// buckets are those of one attempt, sorted by key. address may be "" when the
// caller is inside the platform.
func (l Limits) buckets(email, address string) []bucket {
	all := []bucket{count(l.PerPair, "pair", email, address), count(l.PerAccount, "account", email)}
	if address != "" {
		all = append(all, count(l.PerAddress, "address", address))
	}
	return sorted(all)
}

// mailBuckets are those of a mail that anybody can have sent to anybody: 3 per
// hour to one address, 20 per hour from one network address, which may be "".
func mailBuckets(email, address string) []bucket {
	all := []bucket{countWithin(time.Hour, 3, "mail to", email)}
	if address != "" {
		all = append(all, countWithin(time.Hour, 20, "mail from", address))
	}
	return sorted(all)
}

// sorted puts buckets in the order in which they are locked.
func sorted(all []bucket) []bucket {
	slices.SortFunc(all, func(a, b bucket) int { return slices.Compare(a.key[:], b.key[:]) })
	return all
}

func count(perMinute int, parts ...string) bucket {
	return countWithin(time.Minute, perMinute, parts...)
}

func countWithin(window time.Duration, times int, parts ...string) bucket {
	sum := sha256.New()
	for _, part := range parts {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	return bucket{key: [sha256.Size]byte(sum.Sum(nil)), cost: window.Seconds() / float64(times), window: window}
}

// takeAttempt counts an attempt, or refuses it and counts nothing.
func (s *Service) takeAttempt(ctx context.Context, buckets []bucket) error {
	return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		wait, err := charge(ctx, tx, buckets, 1)
		if err == nil && wait > 0 {
			return ErrTooManyAttempts.With("retry_after", int(math.Ceil(wait)))
		}
		return err
	})
}

// charge takes times × the cost out of each bucket and answers for how many
// seconds the emptiest is overdrawn; 0 or less when none is.
func charge(ctx context.Context, tx pgx.Tx, buckets []bucket, times float64) (wait float64, err error) {
	keys := make([][]byte, len(buckets))
	costs := make([]float64, len(buckets))
	windows := map[string]float64{}
	for i, b := range buckets {
		keys[i], costs[i] = b.key[:], times*b.cost
		windows[string(b.key[:])] = b.window.Seconds()
	}
	rows, err := query(tx).UpdateSignInLimits(ctx, keys, costs)
	for _, row := range rows {
		// A hair of slack: the costs of a full window need not add up exactly.
		wait = max(wait, row.SecondsToFull-windows[string(row.Key)]-0.001)
	}
	return wait, err
}
