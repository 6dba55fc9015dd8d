package user

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"kassa/sql/userdb"
)

// Service keeps accounts and signs people in.
type Service struct {
	pool   *pgxpool.Pool
	keys   *Keyring
	hasher *hasher
	limits Limits
	mail   []byte // key of the tokens that are mailed
	now    func() time.Time
}

// Options is what New needs beside the database.
type Options struct {
	Keys   *Keyring
	Limits Limits           // zero fields mean the defaults
	Now    func() time.Time // nil means the clock

	// MailSecret makes the tokens that are mailed. Every process of the service
	// has the same; when it changes, tokens on their way are worthless.
	MailSecret string
}

// New makes the service on its own database.
func New(pool *pgxpool.Pool, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{
		pool: pool, keys: o.Keys, hasher: newHasher(), limits: o.Limits.withDefaults(), mail: mailKey(o.MailSecret), now: o.Now,
	}
}

// clock is the time as Postgres keeps it: UTC, in microseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func query(db userdb.DBTX) *userdb.Queries { return userdb.New(db) }
