package arch

// A rule says what the packages of one room may import. Lists hold path
// prefixes; "$svc" stands for the service the importing package belongs to.
type rule struct {
	own      []string // packages of this module
	external []string // standard and third-party packages; nil allows any
}

// rules is keyed by path; the longest key that fits a package decides.
var rules = map[string]rule{
	"cmd/kassa":     {own: []string{"cmd/kassa", "workflows", "activities", "events", "api", "sql", "internal", "sandbox"}},
	"workers":       {own: []string{"api/${svc}api", "activities/$svc", "sql/${svc}db", "events", "internal"}},
	"workers/order": {own: []string{"api/orderapi", "workflows", "activities/order", "sql/orderdb", "events", "internal"}},
	"workers/e2e":   {own: []string{"api", "workflows", "activities", "events", "sql", "internal", "sandbox"}},
	"workers/gateway": {
		own: []string{"api", "internal"},
	},
	"api":         {own: []string{"activities/$svc", "events", "workflows", "api/client", "internal"}},
	"api/gateway": {own: []string{"api", "api/client", "internal"}},
	"api/client":  {own: []string{}},
	"workflows": {
		own: []string{"activities", "internal/fault", "internal/money"},
		external: []string{
			"context", "errors", "fmt", "maps", "slices", "strings", "time",
			"github.com/google/uuid",
			"go.temporal.io/api/enums/v1", "go.temporal.io/sdk/log", "go.temporal.io/sdk/temporal", "go.temporal.io/sdk/workflow",
		},
	},
	"activities":      {own: []string{"sql/${svc}db", "events", "internal/failpoint", "internal/fault", "internal/money", "internal/pg", "internal/outbox", "internal/id", "internal/cloudevent"}},
	"events":          {own: []string{"internal/id", "internal/money", "internal/cloudevent"}},
	"sql":             {own: []string{}, external: []string{"context", "embed", "io/fs", "time", "github.com/jackc/pgx/v5", "github.com/google/uuid"}},
	"internal":        {own: []string{"internal"}},
	"sandbox":         {own: []string{"sandbox/$svc", "sql/${svc}db", "internal"}},
	"sandbox/shopper": {own: []string{"api/client", "internal"}},
	"deploy":          {own: []string{}},
}

// exclusive lists what only some rooms may import.
var exclusive = map[string][]string{
	"go.temporal.io/sdk":                    {"cmd", "workers", "api", "workflows", "internal"},
	"github.com/jackc/pgx":                  {"cmd", "workers", "activities", "sql", "internal", "sandbox", "api/orderapi"},
	"github.com/danielgtaylor/huma":         {"api", "internal/httpapi"},
	"net/http":                              {"cmd", "workers", "api", "internal", "sandbox", "activities/payment", "activities/notification"},
	"github.com/stripe/stripe-go":           {"activities/payment", "sandbox/psp"},
	"github.com/wneessen/go-mail":           {"activities/notification"},
	"github.com/SherClockHolmes/webpush-go": {"activities/notification"},
}

// roomOfService lists what every service has; "$svc" is its name.
var roomOfService = []string{"sql/${svc}db/migrations", "sql/${svc}db/queries", "api/${svc}api", "workers/$svc"}
