package localstack

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"kassa/internal/localstack/freeport"
	"kassa/internal/localstack/postgres"
)

// portPlan is the TCP port of everything that listens, by name.
type portPlan map[string]int

// usualPorts are the ports people know, beside those in the table of services.
var usualPorts = map[string]int{
	namePostgres:       5442, // not 5432: that belongs to the machine's own Postgres
	nameNATS:           4222,
	nameTemporal:       7233,
	nameTemporalUI:     8233,
	portGatewayMetrics: 8081,
	portSMTP:           1025,
}

// innerPorts are those Temporal's own parts use among themselves; nobody types them, so any free
// one will do when the usual one is taken.
var innerPorts = map[string]int{
	"temporal http":     7243,
	"temporal history":  7234,
	"temporal matching": 7235,
	"temporal worker":   7239,
}

// PortTakenError says that another program listens where a component should.
type PortTakenError struct {
	Port      int
	Component string
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d, meant for %s, is taken by another program: end that program, or start with --free-ports", e.Port, e.Component)
}

// planPorts decides the ports of everything that will be started.
func planPorts(o Options) (portPlan, error) {
	plan := portPlan{}
	for _, name := range []string{namePostgres, nameNATS, nameTemporal, nameTemporalUI} {
		if !o.needs(name) {
			continue
		}
		if err := plan.take(o, name, usualPorts[name]); err != nil {
			return nil, err
		}
	}
	if o.needs(nameTemporal) {
		for name, usual := range innerPorts {
			if !freeport.Free(usual) {
				usual = 0
			}
			if err := plan.take(o, name, usual); err != nil {
				return nil, err
			}
		}
	}
	for _, sv := range o.selected() {
		for i, process := range o.processNames(sv.name) {
			usual := sv.port
			if i > 0 {
				usual = 0
			}
			if err := plan.take(o, process, usual); err != nil {
				return nil, err
			}
		}
	}
	for name, owner := range map[string]string{portGatewayMetrics: "gateway", portSMTP: "mail"} {
		if o.Only != nil && !o.needs(owner) {
			continue
		}
		if err := plan.take(o, name, usualPorts[name]); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// take reserves the usual port for name, or a free one when usual is 0 or free ports are asked for.
func (p portPlan) take(o Options, name string, usual int) error {
	if usual == 0 || o.FreePorts {
		port, err := freeport.Pick()
		p[name] = port
		return err
	}
	if !freeport.Free(usual) {
		return &PortTakenError{Port: usual, Component: name}
	}
	p[name] = usual
	return nil
}

// listen returns the address of name as host and port.
func (p portPlan) listen(name string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p[name]))
}

// asPortTaken gives an error of the Postgres package the words of this one.
func asPortTaken(err error) error {
	var taken *postgres.PortTakenError
	if errors.As(err, &taken) {
		return &PortTakenError{Port: taken.Port, Component: namePostgres}
	}
	return err
}
