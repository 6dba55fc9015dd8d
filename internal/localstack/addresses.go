package localstack

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
)

// ErrNotRunning says that nothing runs from a state directory.
var ErrNotRunning = errors.New("the platform is not running: start it with `kassa up`")

// Addresses says where everything answers. It is also kept in the state directory, readable by its
// owner only, so that other commands find the running platform.
type Addresses struct {
	Gateway    string              `json:"gateway"`     // base URL
	Gateways   []string            `json:"gateways"`    // base URLs of all its instances, that one first
	Metrics    string              `json:"metrics"`     // base URL of the gateway's metrics
	Services   map[string][]string `json:"services"`    // base URLs of each worker's instances, by service
	Temporal   string              `json:"temporal"`    // host:port
	Namespace  string              `json:"namespace"`   // of the workflows
	TemporalUI string              `json:"temporal_ui"` // base URL
	Postgres   string              `json:"postgres"`    // host:port
	NATS       string              `json:"nats"`        // URL
	PSP        string              `json:"psp"`         // base URL
	Mail       string              `json:"mail"`        // base URL of the inbox
	SMTP       string              `json:"smtp"`        // host:port
	Secrets    Secrets             `json:"secrets"`
}

// DatabaseURL returns the connection string of a role for a database. The owner of a service's
// database is called like the database; RoleVerify may read all of them.
func (a Addresses) DatabaseURL(database, role string) string {
	u := url.URL{
		Scheme:   "postgres",
		Host:     a.Postgres,
		Path:     "/" + database,
		User:     url.UserPassword(role, a.Secrets.databasePassword(role)),
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Addresses returns where everything answers.
func (s *Stack) Addresses() Addresses {
	a := Addresses{
		Gateway:   s.url("gateway"),
		Gateways:  s.urls("gateway"),
		Services:  map[string][]string{},
		Temporal:  s.address(nameTemporal),
		Namespace: Namespace,
		Postgres:  s.address(namePostgres),
		NATS:      s.natsURL(),
		PSP:       s.url("psp"),
		Mail:      s.url("mail"),
		SMTP:      s.address(portSMTP),
		Secrets:   s.secrets,
	}
	a.Metrics, a.TemporalUI = s.url(portGatewayMetrics), s.url(nameTemporalUI)
	for _, sv := range s.options.selected() {
		if sv.stage == stageWorker {
			a.Services[sv.name] = s.urls(sv.name)
		}
	}
	return a
}

// DatabaseURL returns the connection string of a role for a database.
func (s *Stack) DatabaseURL(database, role string) string {
	return s.Addresses().DatabaseURL(database, role)
}

// Running returns the addresses of the platform that runs from a state directory.
func Running(stateDir string) (Addresses, error) {
	var addresses Addresses
	stateDir, err := StateDir(stateDir)
	if err != nil {
		return addresses, err
	}
	if _, running := launcher(stateDir); !running {
		return addresses, ErrNotRunning
	}
	content, err := os.ReadFile(addressesFile(stateDir))
	if errors.Is(err, os.ErrNotExist) {
		return addresses, errors.New("the platform is still starting: try again in a moment")
	}
	if err != nil {
		return addresses, err
	}
	return addresses, json.Unmarshal(content, &addresses)
}

func addressesFile(stateDir string) string { return filepath.Join(stateDir, "run", "platform.json") }

// address returns host:port of something that listens; "" when it was not started.
func (s *Stack) address(name string) string {
	if s.ports[name] == 0 {
		return ""
	}
	return s.ports.listen(name)
}

// url returns the base URL of something that listens; "" when it was not started.
func (s *Stack) url(name string) string {
	if s.ports[name] == 0 {
		return ""
	}
	return "http://" + s.ports.listen(name)
}

// urls returns the base URLs of all processes of a service.
func (s *Stack) urls(service string) []string {
	var urls []string
	for _, process := range s.options.processNames(service) {
		if url := s.url(process); url != "" {
			urls = append(urls, url)
		}
	}
	return urls
}

func (s *Stack) natsURL() string {
	if s.ports[nameNATS] == 0 {
		return ""
	}
	return "nats://" + s.ports.listen(nameNATS)
}
