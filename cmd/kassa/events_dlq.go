package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pterm/pterm"

	"kassa/internal/bus"
	"kassa/internal/cloudevent"
)

type dlqCommand struct {
	List    dlqListCommand    `cmd:"" help:"List the dead letters, oldest first."`
	Replay  dlqReplayCommand  `cmd:"" help:"Send dead letters to their consumers again, once the cause is mended."`
	Discard dlqDiscardCommand `cmd:"" help:"Throw dead letters away that can never be applied, and need not be."`
}

// filter picks dead letters.
type filter struct {
	Consumer string `help:"Only those of this consumer." placeholder:"NAME"`
	Type     string `help:"Only events of this type, or all that begin like it." placeholder:"TYPE"`
}

const lettersAtOnce = 500

// letters reads all dead letters that fit.
func (f filter) letters(ctx context.Context, b *bus.Bus) (found []bus.DeadLetter, err error) {
	after := uint64(0)
	for {
		page, err := b.DeadLetters(ctx, after, lettersAtOnce)
		if err != nil || len(page) == 0 {
			return found, err
		}
		for _, letter := range page {
			if (f.Consumer == "" || f.Consumer == letter.Consumer) && strings.HasPrefix(letter.Type, f.Type) {
				found = append(found, letter)
			}
		}
		after = page[len(page)-1].Number
	}
}

type dlqListCommand struct {
	filter
}

// Run prints the dead letters and why they are dead.
func (c *dlqListCommand) Run(ctx context.Context, cli *commands) error {
	b, err := cli.Events.broker(ctx, cli)
	if err != nil {
		return err
	}
	defer b.Close()
	found, err := c.letters(ctx, b)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		fmt.Println("There are no dead letters.")
		return nil
	}
	rows := pterm.TableData{{"NUMBER", "AT (UTC)", "CONSUMER", "TYPE", "SUBJECT", "EVENT", "REASON"}}
	for _, letter := range found {
		var event cloudevent.Event
		_ = json.Unmarshal(letter.JSON, &event) // what cannot be read is listed all the same
		rows = append(rows, []string{
			fmt.Sprint(letter.Number), letter.At.Format("01-02 15:04:05"), letter.Consumer, letter.Type, event.Subject, event.ID.String(),
			strings.ReplaceAll(letter.Reason, "\n", ": "),
		})
	}
	return printTable(rows)
}

// chosen are dead letters that somebody chooses.
type chosen struct {
	Numbers []uint64 `arg:"" optional:"" help:"Numbers of the dead letters, as list shows them."`
	All     bool     `help:"All that fit the filter."`
	filter
}

var errWhich = errors.New("say which: numbers of dead letters, or --all")

type dlqReplayCommand struct {
	chosen
}

// Run revives dead letters. What fails again comes back with a new number.
func (c *dlqReplayCommand) Run(ctx context.Context, cli *commands) error {
	n, err := c.each(ctx, cli, (*bus.Bus).Revive)
	if err != nil {
		return err
	}
	fmt.Printf("%d dead letters sent again; look with `kassa events dlq list` whether one comes back\n", n)
	return nil
}

type dlqDiscardCommand struct {
	chosen
}

// Run throws dead letters away.
func (c *dlqDiscardCommand) Run(ctx context.Context, cli *commands) error {
	n, err := c.each(ctx, cli, (*bus.Bus).Discard)
	if err != nil {
		return err
	}
	fmt.Printf("%d dead letters thrown away\n", n)
	return nil
}

// each does something with every dead letter that was chosen.
func (c *chosen) each(ctx context.Context, cli *commands, do func(*bus.Bus, context.Context, uint64) error) (int, error) {
	if (len(c.Numbers) == 0) != c.All {
		return 0, errWhich
	}
	b, err := cli.Events.broker(ctx, cli)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	numbers := c.Numbers
	if c.All {
		found, err := c.letters(ctx, b)
		if err != nil {
			return 0, err
		}
		for _, letter := range found {
			numbers = append(numbers, letter.Number)
		}
	}
	for _, number := range numbers {
		if err := do(b, ctx, number); err != nil {
			return 0, err
		}
	}
	return len(numbers), nil
}
