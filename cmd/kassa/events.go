package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pterm/pterm"
	"go.uber.org/zap"

	"kassa/cmd/kassa/verify"
	"kassa/events"
	"kassa/internal/bus"
	"kassa/internal/localstack"
	"kassa/internal/outbox"
	"kassa/internal/pg"
)

type eventsCommand struct {
	Types  eventTypesCommand   `cmd:"" help:"List the types of events, who tells and who hears them."`
	List   eventsListCommand   `cmd:"" help:"List the latest events."`
	Show   eventsShowCommand   `cmd:"" help:"Show an event, and who has applied it."`
	Replay eventsReplayCommand `cmd:"" help:"Publish events again from the outboxes; who has applied them does not do so again."`
	DLQ    dlqCommand          `cmd:"" name:"dlq" help:"The dead letters: events that a consumer could not apply."`

	DatabaseURL string `help:"Address of the databases of another platform, for a role that may read; {database} stands for the name." env:"KASSA_VERIFY_DATABASE_URL" placeholder:"URL" group:"Another platform than the local one"`
	NATS        string `help:"Its NATS." env:"KASSA_NATS_URL" placeholder:"URL" group:"Another platform than the local one"`
}

// platform says where the databases and the broker are.
func (c *eventsCommand) platform(cli *commands) (database func(string) string, nats string, err error) {
	if c.DatabaseURL != "" {
		return func(name string) string { return strings.ReplaceAll(c.DatabaseURL, "{database}", name) }, c.NATS, nil
	}
	a, err := localstack.Running(cli.Home)
	return func(name string) string { return a.DatabaseURL(name, localstack.RoleVerify) }, a.NATS, err
}

// broker connects to the broker, which must be there now.
func (c *eventsCommand) broker(ctx context.Context, cli *commands) (*bus.Bus, error) {
	_, nats, err := c.platform(cli)
	if err != nil {
		return nil, err
	}
	return connect(ctx, nats)
}

const brokerWait = 5 * time.Second

func connect(ctx context.Context, url string) (*bus.Bus, error) {
	b, err := bus.Connect(url, "events", zap.NewNop())
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(brokerWait)
	for err = b.Ready(ctx); err != nil && time.Now().Before(deadline) && ctx.Err() == nil; err = b.Ready(ctx) {
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("the broker cannot be asked: %w", err)
	}
	return b, nil
}

// in runs f with the outbox of each publisher, in the order of their names.
func (c *eventsCommand) in(cli *commands, only string, f func(service string, pool *pgxpool.Pool) error) error {
	database, _, err := c.platform(cli)
	if err != nil {
		return err
	}
	asked := false
	for _, service := range slices.Sorted(publishers()) {
		if only != "" && only != service {
			continue
		}
		asked = true
		pool, err := pg.Open(database(verify.Publishers[service]), 2)
		if err != nil {
			return err
		}
		err = f(service, pool)
		pool.Close()
		if err != nil {
			return fmt.Errorf("service %s: %w", service, err)
		}
	}
	if !asked {
		return fmt.Errorf("no service called %s tells anything; those that do: %s", only, strings.Join(slices.Sorted(publishers()), ", "))
	}
	return nil
}

// publishers are the services that the catalogue names.
func publishers() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		for _, kind := range events.Catalogue {
			if !seen[kind.Publisher()] && !yield(kind.Publisher()) {
				return
			}
			seen[kind.Publisher()] = true
		}
	}
}

type eventTypesCommand struct{}

// Run prints the catalogue.
func (eventTypesCommand) Run() error {
	rows := pterm.TableData{{"TYPE", "SUBJECT", "HEARD BY", "MEANING"}}
	for _, kind := range events.Catalogue {
		rows = append(rows, []string{kind.Type, kind.Subject, strings.Join(hearers(kind.Type), " "), kind.Meaning})
	}
	return printTable(rows)
}

func hearers(typ string) (names []string) {
	for _, s := range verify.Subscribers {
		if slices.Contains(s.Types, typ) {
			names = append(names, s.Name)
		}
	}
	return names
}

func printTable(rows pterm.TableData) error {
	text, err := pterm.DefaultTable.WithHasHeader().WithData(rows).Srender()
	if err == nil {
		_, err = fmt.Fprintln(os.Stdout, text)
	}
	return err
}

type eventsListCommand struct {
	Service string        `help:"Only what this service tells." placeholder:"NAME"`
	Type    string        `help:"Only this type, or all that begin like it: order." placeholder:"TYPE"`
	Subject string        `help:"Only of this thing: the id of an order, a payment …" placeholder:"ID"`
	Since   time.Duration `help:"How far back." default:"1h"`
	Limit   int           `help:"At most so many." default:"50"`
}

// told is an event in an outbox.
type told struct {
	ID        uuid.UUID
	Type      string
	Subject   string
	Sequence  int64
	CreatedAt time.Time
	Published bool
}

const latestEvents = `
SELECT id, type, subject, sequence, created_at, published_at IS NOT NULL
FROM outbox
WHERE created_at > $1
  AND starts_with(type, $2)
  AND ($3 = '' OR subject = $3)
ORDER BY position DESC
LIMIT $4`

// Run prints the latest events of all services, oldest first.
func (c *eventsListCommand) Run(ctx context.Context, cli *commands) error {
	var all []told
	err := cli.Events.in(cli, c.Service, func(_ string, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, latestEvents, time.Now().Add(-c.Since), c.Type, c.Subject, c.Limit)
		if err != nil {
			return err
		}
		more, err := pgx.CollectRows(rows, pgx.RowToStructByPos[told])
		all = append(all, more...)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b told) int { return a.CreatedAt.Compare(b.CreatedAt) })
	all = all[max(0, len(all)-c.Limit):]
	rows := pterm.TableData{{"AT (UTC)", "TYPE", "SUBJECT", "SEQ", "EVENT", "PUBLISHED"}}
	for _, e := range all {
		published := "yes"
		if !e.Published {
			published = "not yet"
		}
		rows = append(rows, []string{e.CreatedAt.UTC().Format("01-02 15:04:05.000"), e.Type, e.Subject, fmt.Sprint(e.Sequence), e.ID.String(), published})
	}
	return printTable(rows)
}

type eventsShowCommand struct {
	ID uuid.UUID `arg:"" help:"Id of the event."`
}

var errNoEvent = errors.New("no outbox has this event: it may be older than 14 days")

// Run prints the whole event and what each of its consumers has done with it.
func (c *eventsShowCommand) Run(ctx context.Context, cli *commands) error {
	var document []byte
	var typ string
	err := cli.Events.in(cli, "", func(_ string, pool *pgxpool.Pool) error {
		err := pool.QueryRow(ctx, "SELECT event, type FROM outbox WHERE id = $1", c.ID).Scan(&document, &typ)
		if pg.NotFound(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if document == nil {
		return errNoEvent
	}
	var event any
	if err := json.Unmarshal(document, &event); err != nil {
		return err
	}
	shown := json.NewEncoder(os.Stdout)
	shown.SetIndent("", "  ")
	if err := shown.Encode(event); err != nil {
		return err
	}
	return c.showHearers(ctx, cli, typ)
}

func (c *eventsShowCommand) showHearers(ctx context.Context, cli *commands, typ string) error {
	database, _, err := cli.Events.platform(cli)
	if err != nil {
		return err
	}
	rows := pterm.TableData{{"CONSUMER", "STATE", "AT (UTC)"}}
	for _, s := range verify.Subscribers {
		if !slices.Contains(s.Types, typ) {
			continue
		}
		state, at, err := c.heard(ctx, database(s.Database), s.Name)
		if err != nil {
			return fmt.Errorf("inbox of %s: %w", s.Name, err)
		}
		rows = append(rows, []string{s.Name, state, at})
	}
	return printTable(rows)
}

func (c *eventsShowCommand) heard(ctx context.Context, url, consumer string) (state, at string, err error) {
	pool, err := pg.Open(url, 1)
	if err != nil {
		return "", "", err
	}
	defer pool.Close()
	var applied bool
	var when time.Time
	err = pool.QueryRow(ctx, "SELECT applied, applied_at FROM inbox WHERE consumer = $1 AND event_id = $2", consumer, c.ID).Scan(&applied, &when)
	switch {
	case pg.NotFound(err):
		return "not taken in", "", nil
	case err != nil:
		return "", "", err
	case applied:
		state = "applied"
	default:
		state = "dropped: a newer one had been applied"
	}
	return state, when.UTC().Format("01-02 15:04:05.000"), nil
}

type eventsReplayCommand struct {
	Since   time.Duration `help:"What became true within this time; 336h (14 days) is what outboxes keep." required:"" placeholder:"24h"`
	Service string        `help:"Only what this service tells." placeholder:"NAME"`
}

// Run publishes again what the outboxes hold.
func (c *eventsReplayCommand) Run(ctx context.Context, cli *commands) error {
	b, err := cli.Events.broker(ctx, cli)
	if err != nil {
		return err
	}
	defer b.Close()
	since := time.Now().Add(-c.Since)
	return cli.Events.in(cli, c.Service, func(service string, pool *pgxpool.Pool) error {
		n, err := outbox.Republish(ctx, pool, b, since)
		if err == nil {
			fmt.Printf("%-12s %d events published again\n", service, n)
		}
		return err
	})
}
