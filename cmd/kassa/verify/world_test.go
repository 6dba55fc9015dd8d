package verify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
	"go.temporal.io/api/enums/v1"
	"go.uber.org/zap"

	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/notification"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/cmd/kassa/verify"
	"kassa/internal/bus/bustest"
	"kassa/internal/cloudevent"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
	"kassa/sandbox/psp/provider"
	"kassa/sql/analyticsdb"
	"kassa/sql/cartdb"
	"kassa/sql/inventorydb"
	"kassa/sql/notificationdb"
	"kassa/sql/orderdb"
	"kassa/sql/paymentdb"
	"kassa/sql/productdb"
	"kassa/sql/pspdb"
	"kassa/sql/userdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	apiKey        = "sk_test_verify"
	webhookSecret = "whsec_verify"
)

var migrations = map[string]fs.FS{
	"users": userdb.Migrations(), "products": productdb.Migrations(), "inventory": inventorydb.Migrations(),
	"orders": orderdb.Migrations(), "payments": paymentdb.Migrations(), "psp": pspdb.Migrations(),
	"analytics":     analyticsdb.Migrations(),
	"carts":         cartdb.Migrations(),
	"notifications": notificationdb.Migrations(),
}

// world is a small shop: the real services over databases of their own, the
// provider, and a book of sagas in Temporal's place.
type world struct {
	t     *testing.T
	dbs   map[string]string // URL by database
	owned map[string]bool   // databases that are not shared with other worlds
	pools map[string]*pgxpool.Pool
	sagas *sagaBook
	psp   string // base URL of the provider; "" until it is asked for
	nats  *bustest.Server

	bought, manual, declined, soldOut, cancelled, awaiting, cheaper order.Order
	variants                                                        []uuid.UUID
}

func emptyWorld(t *testing.T) *world {
	w := &world{t: t, dbs: map[string]string{}, owned: map[string]bool{}, pools: map[string]*pgxpool.Pool{}, sagas: &sagaBook{}}
	for database, files := range migrations {
		w.dbs[database], w.owned[database] = pgtest.URL(t, files), true
	}
	t.Cleanup(w.leave)
	return w
}

// leave closes the connections: a database can only be cloned when nobody is in it.
func (w *world) leave() {
	for database, pool := range w.pools {
		pool.Close()
		delete(w.pools, database)
	}
}

// copied is the same world for one test that may break it. A database is cloned
// when it is first written to.
func (w *world) copied(t *testing.T) *world {
	other := *w
	other.t, other.owned, other.pools, other.psp, other.nats = t, map[string]bool{}, map[string]*pgxpool.Pool{}, "", nil
	other.dbs = map[string]string{}
	for database, url := range w.dbs {
		other.dbs[database] = url
	}
	other.sagas = &sagaBook{runs: slices.Clone(w.sagas.runs)}
	t.Cleanup(other.leave)
	return &other
}

// own makes sure that the database is this world's alone.
func (w *world) own(database string) {
	if w.owned[database] {
		return
	}
	w.t.Helper()
	if pool := w.pools[database]; pool != nil {
		pool.Close()
		delete(w.pools, database)
	}
	source, err := url.Parse(w.dbs[database])
	require.NoError(w.t, err)
	admin := *source
	admin.Path = "/postgres"
	name := "w_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	ctx := context.WithoutCancel(w.t.Context())
	run := func(statement string) {
		conn, err := pgx.Connect(ctx, admin.String())
		require.NoError(w.t, err)
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, statement)
		require.NoError(w.t, err)
	}
	run(fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, strings.TrimPrefix(source.Path, "/")))
	w.t.Cleanup(func() { run("DROP DATABASE " + name + " WITH (FORCE)") })
	source.Path = "/" + name
	w.dbs[database], w.owned[database] = source.String(), true
}

func (w *world) pool(database string) *pgxpool.Pool {
	w.t.Helper()
	if w.pools[database] == nil {
		pool, err := pg.Open(w.dbs[database], 4)
		require.NoError(w.t, err)
		require.NoError(w.t, pool.Ping(w.t.Context())) // a service waits only 250 ms for a connection
		w.pools[database] = pool
	}
	return w.pools[database]
}

// exec writes to a database behind everybody's back: no trigger and no foreign
// key stands in the way.
func (w *world) exec(database string, statements ...string) {
	w.t.Helper()
	w.own(database)
	require.NoError(w.t, pgx.BeginFunc(w.t.Context(), w.pool(database), func(tx pgx.Tx) error {
		for _, statement := range append([]string{"SET LOCAL session_replication_role = replica"}, statements...) {
			if _, err := tx.Exec(w.t.Context(), statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	}))
}

func (w *world) stock() *inventory.Service {
	w.own("inventory")
	return inventory.New(w.pool("inventory"))
}

func (w *world) carts() *cart.Service {
	w.own("carts")
	return cart.New(w.pool("carts"))
}

func (w *world) orders() *order.Service {
	w.own("orders")
	return order.New(w.pool("orders"), order.NewNews())
}

// payments is the payment service, which writes to the provider's database too.
func (w *world) payments() *payment.Service {
	w.own("payments")
	return payment.New(w.pool("payments"), payment.NewStripe(payment.StripeOptions{URL: w.provider(), Key: apiKey, ReturnURL: "https://shop.example/paid"}),
		payment.Options{WebhookSecrets: []string{webhookSecret}})
}

// stripe asks the provider past the payment service.
func (w *world) stripe() *stripe.Client {
	return stripe.NewClient(apiKey, stripe.WithBackends(stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL: stripe.String(w.provider()), LeveledLogger: &stripe.LeveledLogger{},
	})))
}

// provider starts a provider on a database of this world.
func (w *world) provider() string {
	if w.psp == "" {
		w.own("psp")
		w.startProvider("")
	}
	return w.psp
}

func (w *world) startProvider(webhookURL string) *provider.Server {
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	psp := provider.New(w.pool("psp"), provider.Config{
		APIKey: apiKey, WebhookURL: webhookURL, WebhookSecrets: []string{webhookSecret}, PublicURL: url, Log: zap.NewNop(),
	})
	server.Config.Handler = psp.Handler()
	server.Start()
	w.t.Cleanup(func() { _ = psp.Release(context.Background()); server.Close() })
	w.psp = url
	return psp
}

// webhooks starts a provider that tells the payment service of everything,
// until stop.
func (w *world) webhooks(payments func() *payment.Service) (stop func()) {
	endpoint := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, err := payments().AcceptWebhook(r.Context(), payment.AcceptWebhookInput{Payload: body, Signature: r.Header.Get("Stripe-Signature")})
		if err != nil {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	psp := w.startProvider(endpoint.URL)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = psp.Run(ctx) }()
	return sync.OnceFunc(func() { cancel(); <-stopped; endpoint.Close(); w.psp = "" })
}

// publish ends what relays, consumers and the ledger have to do.
func (w *world) publish() {
	w.t.Helper()
	w.tell()
	for w.owned["payments"] {
		sealed, err := w.payments().SealLedger(w.t.Context(), payment.SealLedgerInput{})
		require.NoError(w.t, err)
		if sealed.Entries == 0 {
			return
		}
	}
}

// tell does what relays and consumers do.
func (w *world) tell() {
	w.t.Helper()
	for database := range w.owned {
		if database != "psp" {
			w.exec(database, "UPDATE outbox SET published_at = now() WHERE published_at IS NULL")
		}
	}
	for _, s := range verify.Subscribers {
		for database := range w.owned {
			if database == "psp" || s.Database == database {
				continue
			}
			told, err := w.pool(database).Query(w.t.Context(), "SELECT id, type, subject, sequence FROM outbox WHERE type = ANY ($1)", s.Types)
			require.NoError(w.t, err)
			taken, err := pgx.CollectRows(told, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
			require.NoError(w.t, err)
			for _, e := range taken {
				w.own(s.Database)
				_, err := w.pool(s.Database).Exec(w.t.Context(), `INSERT INTO inbox (consumer, event_id, type, subject, sequence, applied)
					VALUES ($1, $2, $3, $4, $5, true) ON CONFLICT DO NOTHING`, append([]any{s.Name}, e...)...)
				require.NoError(w.t, err)
			}
		}
	}
	w.notify()
}

// unhear takes out of the inboxes what nobody tells any more.
func (w *world) unhear() {
	w.t.Helper()
	told := map[string]bool{}
	for database := range w.dbs {
		if database == "psp" {
			continue
		}
		rows, err := w.pool(database).Query(w.t.Context(), "SELECT id::text FROM outbox")
		require.NoError(w.t, err)
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(w.t, err)
		for _, id := range ids {
			told[id] = true
		}
	}
	for _, s := range verify.Subscribers {
		w.own(s.Database)
		_, err := w.pool(s.Database).Exec(w.t.Context(), "DELETE FROM inbox WHERE consumer = $1 AND NOT event_id::text = ANY ($2)",
			s.Name, slices.Collect(maps.Keys(told)))
		require.NoError(w.t, err)
	}
	w.exec("notifications", "DELETE FROM messages WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.event_id = messages.event_id)")
}

// everybody answers for the user and the order service: whoever and whatever is
// asked for is there.
func everybody(_ context.Context, _, _ string, in, out any) error {
	asked, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var ids struct {
		Users  []uuid.UUID `json:"user_ids"`
		Orders []uuid.UUID `json:"order_ids"`
	}
	if err := json.Unmarshal(asked, &ids); err != nil {
		return err
	}
	var answer struct {
		Contacts []notification.Contact    `json:"contacts"`
		Orders   []notification.OrderBrief `json:"orders"`
	}
	for _, user := range ids.Users {
		contact := notification.Contact{UserID: user, Email: "somebody@example.com"}
		contact.Channels.Email = true
		answer.Contacts = append(answer.Contacts, contact)
	}
	for _, order := range ids.Orders {
		answer.Orders = append(answer.Orders, notification.OrderBrief{OrderID: order})
	}
	told, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(told, out)
}

// notify does what the notification service does with the events that it has
// taken in: everybody can be reached, and everything goes through.
func (w *world) notify() {
	w.t.Helper()
	svc := notification.New(w.pool("notifications"), notification.Options{
		Senders: map[notification.Channel]notification.Sender{notification.Email: letterbox{}},
		Call:    everybody,
	})
	for database := range w.owned {
		if database == "psp" || database == "notifications" {
			continue
		}
		told, err := w.pool(database).Query(w.t.Context(), "SELECT id, event FROM outbox WHERE type = ANY ($1)", notification.Heard)
		require.NoError(w.t, err)
		taken, err := pgx.CollectRows(told, pgx.RowToStructByPos[struct {
			ID    uuid.UUID
			Event cloudevent.Event
		}])
		require.NoError(w.t, err)
		for _, each := range taken {
			w.own("notifications")
			require.NoError(w.t, pgx.BeginFunc(w.t.Context(), w.pool("notifications"), func(tx pgx.Tx) error {
				if each.Event.Type == "" { // a mutation made it up: nobody can be told
					_, err := tx.Exec(w.t.Context(), "UPDATE inbox SET applied = false WHERE event_id = $1", each.ID)
					return err
				}
				return notification.Hearing(svc)(w.t.Context(), tx, []cloudevent.Event{each.Event})
			}))
		}
	}
	for w.owned["notifications"] {
		sent, err := svc.SendDueMessages(w.t.Context(), notification.SendDueMessagesInput{})
		require.NoError(w.t, err)
		if sent.Claimed == 0 {
			return
		}
	}
}

// letterbox takes every letter.
type letterbox struct{}

func (letterbox) Send(context.Context, notification.Letter) error { return nil }

// broker is this world's own, started when it is asked for.
func (w *world) broker() *bustest.Server {
	if w.nats == nil {
		w.nats = bustest.Run(w.t)
	}
	return w.nats
}

// check runs the verifier on this world: strictly, at once, unless told else.
func (w *world) check(options ...func(*verify.Config)) verify.Report {
	w.t.Helper()
	if w.psp == "" { // reading the shared one is enough
		w.startProvider("")
	}
	cfg := verify.Config{
		DatabaseURL: func(database string) string { return w.dbs[database] },
		Provider:    w.psp, NATS: w.broker().URL(), Sagas: w.sagas, Strict: true, Settle: -1, Again: -1,
	}
	for _, option := range options {
		option(&cfg)
	}
	report, err := verify.Run(w.t.Context(), cfg)
	require.NoError(w.t, err)
	return report
}

// sagaBook stands where Temporal is.
type sagaBook struct {
	runs  []verify.Execution
	asked func() // called after Open has answered; may be nil
}

// the statuses that the tests use.
const (
	running    = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	completed  = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	failed     = enums.WORKFLOW_EXECUTION_STATUS_FAILED
	terminated = enums.WORKFLOW_EXECUTION_STATUS_TERMINATED
)

func (b *sagaBook) add(id string, status enums.WorkflowExecutionStatus) *verify.Execution {
	run := uuid.NewString()
	b.runs = append(b.runs, verify.Execution{ID: id, Run: run, First: run, Status: status, Started: time.Now().Add(-time.Minute + time.Duration(len(b.runs)))})
	return &b.runs[len(b.runs)-1]
}

// of is the latest run of a saga.
func (b *sagaBook) of(id string) *verify.Execution {
	for i := len(b.runs) - 1; i >= 0; i-- {
		if b.runs[i].ID == id {
			return &b.runs[i]
		}
	}
	return &verify.Execution{}
}

// forget loses a saga.
func (b *sagaBook) forget(id string) {
	b.runs = slices.DeleteFunc(b.runs, func(e verify.Execution) bool { return e.ID == id })
}

// List answers what Temporal lists: without the first run and the attempts.
func (b *sagaBook) List(context.Context) ([]verify.Execution, error) {
	listed := slices.Clone(b.runs)
	for i := range listed {
		listed[i].First, listed[i].TaskAttempts = "", 0
	}
	return listed, nil
}

// Open answers the open ones.
func (b *sagaBook) Open(ctx context.Context) ([]verify.Execution, error) {
	all, err := b.List(ctx)
	if b.asked != nil {
		b.asked()
	}
	return slices.DeleteFunc(all, func(e verify.Execution) bool { return e.Status != running }), err
}

// Look answers one in full.
func (b *sagaBook) Look(_ context.Context, id, run string) (verify.Execution, error) {
	if run == "" {
		return *b.of(id), nil
	}
	for _, e := range b.runs {
		if e.Run == run {
			return e, nil
		}
	}
	return verify.Execution{}, nil
}
