package localstack

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Names of the components that are not services of ours.
const (
	namePostgres   = "postgres"
	nameNATS       = "nats"
	nameTemporal   = "temporal"
	nameTemporalUI = "temporal-ui"
)

// service is one program of ours and what it needs to run.
type service struct {
	name     string
	folder   string // its package main, below the module root
	port     int    // usual port of its HTTP server
	database string // its database, and the role that owns it; "" is none
	stage    stage
	extra    func(*Stack) map[string]string // variables only this service gets; may be nil
}

// services is the table of all programs, in the order people think of them.
var services = []service{
	{name: "psp", folder: "sandbox/psp", port: 4100, database: "psp", stage: stageSandbox, extra: pspEnv},
	{name: "mail", folder: "sandbox/mail", port: 4101, stage: stageSandbox, extra: mailEnv},

	{name: "user", folder: "workers/user", port: 4001, database: "users", stage: stageWorker, extra: userEnv},
	{name: "product", folder: "workers/product", port: 4002, database: "products", stage: stageWorker},
	{name: "inventory", folder: "workers/inventory", port: 4003, database: "inventory", stage: stageWorker},
	{name: "cart", folder: "workers/cart", port: 4004, database: "carts", stage: stageWorker, extra: cartEnv},
	{name: "order", folder: "workers/order", port: 4005, database: "orders", stage: stageWorker},
	{name: "payment", folder: "workers/payment", port: 4006, database: "payments", stage: stageWorker, extra: paymentEnv},
	{name: "analytics", folder: "workers/analytics", port: 4008, database: "analytics", stage: stageWorker},
	{name: "notification", folder: "workers/notification", port: 4007, database: "notifications", stage: stageWorker, extra: notificationEnv},
	{name: "gateway", folder: "workers/gateway", port: 8080, stage: stageGateway, extra: gatewayEnv},
}

// stage orders the components: started from the first on, ended from the last on.
type stage int

const (
	stageStore stage = iota // Postgres, NATS
	stageTemporal
	stageSandbox
	stageWorker
	stageGateway
	stages int = iota
)

// Ports beyond the first of a service.
const (
	portGatewayMetrics = "gateway metrics"
	portSMTP           = "mail (SMTP)"
)

// pspEnv sends webhooks through the gateway, as a provider on the internet would.
func pspEnv(s *Stack) map[string]string {
	return map[string]string{
		"KASSA_WEBHOOK_URL":    strings.Split(s.reach("gateway"), ",")[0] + "/api/v1/webhooks/stripe",
		"KASSA_WEBHOOK_SECRET": s.secrets.WebhookSecret,
		"KASSA_STRIPE_KEY":     s.secrets.StripeKey,
	}
}

func mailEnv(s *Stack) map[string]string {
	return map[string]string{"KASSA_SMTP_LISTEN": s.ports.listen(portSMTP)}
}

func userEnv(s *Stack) map[string]string {
	return map[string]string{
		"KASSA_SIGNING_KEYS":   s.secrets.SigningKeys,
		"KASSA_ADMIN_EMAIL":    s.secrets.AdminEmail,
		"KASSA_ADMIN_PASSWORD": s.secrets.AdminPassword,
	}
}

func cartEnv(s *Stack) map[string]string {
	return map[string]string{"KASSA_CART_SECRET": s.secrets.derived("cart tokens")}
}

func paymentEnv(s *Stack) map[string]string {
	return map[string]string{
		"KASSA_STRIPE_URL":            s.reach("psp"),
		"KASSA_STRIPE_KEY":            s.secrets.StripeKey,
		"KASSA_STRIPE_WEBHOOK_SECRET": s.secrets.WebhookSecret,
	}
}

// notificationEnv sends everything to the mail sandbox, which plays the mail
// server, the SMS gateway and the browsers' push service.
func notificationEnv(s *Stack) map[string]string {
	env := map[string]string{
		"KASSA_SHOP_URL":         strings.Split(s.reach("gateway"), ",")[0],
		"KASSA_SMS_URL":          s.reach("mail") + "/sms",
		"KASSA_PUSH_KEY":         base64.StdEncoding.EncodeToString([]byte(s.secrets.derived("push"))), // any 32 bytes
		"KASSA_WEBHOOK_KEY":      s.secrets.derived("webhooks"),
		"KASSA_WEBHOOK_LOOPBACK": "true",
	}
	if s.ports[portSMTP] != 0 {
		env["KASSA_SMTP_ADDRESS"] = s.ports.listen(portSMTP)
	}
	return env
}

// gatewayEnv limits nobody in earnest: all customers of a developer's machine come
// from one address. The headers are there all the same.
func gatewayEnv(s *Stack) map[string]string {
	return map[string]string{
		"KASSA_RATE_LIMITS":    "anonymous=1000000/1m,principal=1000000/1m,sign-in=1000000/1m,checkout=1000000/1m,api-key=1000000/1m",
		"KASSA_METRICS_LISTEN": s.ports.listen(portGatewayMetrics),
		"KASSA_PUBLIC_URL":     s.url("gateway"),
	}
}

// environment returns the variables of one process of a service.
func (s *Stack) environment(sv service, process string) []string {
	env := map[string]string{
		"KASSA_ENV":    "development",
		"KASSA_LISTEN": s.ports.listen(process),
	}
	if sv.database != "" {
		env["KASSA_DATABASE_URL"] = s.DatabaseURL(sv.database, sv.database)
	}
	// The sandboxes play strangers: they get nothing of ours.
	if sv.stage != stageSandbox {
		env["KASSA_TEMPORAL_ADDRESS"] = s.ports.listen(nameTemporal)
		env["KASSA_TEMPORAL_NAMESPACE"] = Namespace
		env["KASSA_NATS_URL"] = s.natsURL()
		env["KASSA_INTERNAL_TOKEN"] = s.secrets.InternalToken
		env["KASSA_JWKS_URL"] = strings.Split(s.reach("user"), ",")[0] + "/.well-known/jwks.json"
		for _, other := range services {
			if other.stage == stageWorker {
				env["KASSA_"+strings.ToUpper(other.name)+"_URL"] = s.reach(other.name)
			}
		}
	}
	if sv.extra != nil {
		maps.Copy(env, sv.extra(s))
	}
	if process != sv.name && env["KASSA_METRICS_LISTEN"] != "" {
		env["KASSA_METRICS_LISTEN"] = "127.0.0.1:0" // the first instance has the port that people know
	}
	maps.Copy(env, s.options.Env["*"])
	maps.Copy(env, s.options.Env[sv.name])
	maps.Copy(env, s.options.Env[process])
	return append(inheritedEnvironment(), pairs(env)...)
}

// reach returns the base URLs of a service as a comma list. One that is not started here is expected
// where it usually is, so that a single service can be run apart, in a debugger for example.
func (s *Stack) reach(name string) string {
	if urls := s.urls(name); len(urls) > 0 {
		return strings.Join(urls, ",")
	}
	return "http://127.0.0.1:" + strconv.Itoa(s.usual[name])
}

// processNames returns the names of a service's processes: order, order-2, order-3.
func (o Options) processNames(service string) []string {
	names := []string{service}
	for i := 2; i <= o.instances(service); i++ {
		names = append(names, service+"-"+strconv.Itoa(i))
	}
	return names
}

// selected returns the services to start.
func (o Options) selected() []service {
	if o.Only == nil {
		return services
	}
	var chosen []service
	for _, sv := range services {
		if slices.Contains(o.Only, sv.name) {
			chosen = append(chosen, sv)
		}
	}
	return chosen
}

// needs reports whether a component is to be started, by name or because another one depends on it.
func (o Options) needs(component string) bool {
	if o.Only == nil || slices.Contains(o.Only, component) {
		return true
	}
	for _, sv := range o.selected() {
		if component == namePostgres && sv.database != "" {
			return true
		}
		if component != nameTemporalUI && sv.stage >= stageWorker {
			return true
		}
	}
	return component == namePostgres && slices.Contains(o.Only, nameTemporal)
}

// componentNames lists everything that can be started.
func componentNames() []string {
	names := []string{namePostgres, nameNATS, nameTemporal, nameTemporalUI}
	for _, sv := range services {
		names = append(names, sv.name)
	}
	return names
}
