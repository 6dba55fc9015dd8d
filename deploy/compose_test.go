package deploy_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"kassa/internal/config"
)

const root = ".."

// load reads docker-compose.yml as docker compose does, with nothing set in the
// environment: schema, interpolation and consistency are checked.
func load(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithWorkingDirectory(root), cli.WithProfiles(profiles))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

func everything(t *testing.T) types.Services { return load(t, "*").Services }

// ours are the services that run a program of this repository for good.
func ours(t *testing.T) types.Services {
	t.Helper()
	found := types.Services{}
	for name, service := range everything(t) {
		if service.Build != nil && !slices.Contains(service.Command, "migrate") {
			found[name] = service
		}
	}
	require.NotEmpty(t, found)
	return found
}

func TestEveryWorkerHasAContainer(t *testing.T) {
	found := ours(t)
	for _, folder := range []string{"workers", "sandbox"} {
		programs, err := filepath.Glob(filepath.Join(root, folder, "*", "main.go"))
		require.NoError(t, err)
		require.NotEmpty(t, programs)
		for _, program := range programs {
			name := filepath.Base(filepath.Dir(program))
			if name == "mail" {
				continue // mailpit takes its place here
			}
			require.Contains(t, found, name, "%s/%s", folder, name)
			build := found[name].Build
			require.Equal(t, "deploy/Dockerfile", build.Dockerfile)
			require.Equal(t, name, *build.Args["WORKER"])
			if folder == "sandbox" {
				require.Equal(t, folder, *build.Args["FOLDER"])
			}
		}
	}
}

func TestEveryProcessIsAskedHowItIs(t *testing.T) {
	for name, service := range ours(t) {
		require.NotNil(t, service.HealthCheck, name)
		_, port, _ := strings.Cut(*service.Environment["KASSA_LISTEN"], ":")
		require.Equal(t, types.HealthCheckTest{"CMD", "/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:" + port + "/ready"},
			service.HealthCheck.Test, name)
	}
}

func TestEveryServiceHasItsOwnDatabaseAndRole(t *testing.T) {
	services := everything(t)
	owner := map[string]string{}
	for name, service := range ours(t) {
		if name == "gateway" {
			require.NotContains(t, service.Environment, "KASSA_DATABASE_URL")
			continue
		}
		at, err := url.Parse(*service.Environment["KASSA_DATABASE_URL"])
		require.NoError(t, err, name)
		database, role := strings.TrimPrefix(at.Path, "/"), at.User.Username()
		require.Equal(t, database, role, "the role of %s", name)
		require.Empty(t, owner[database], "database %s is used by %s and %s", database, owner[database], name)
		owner[database] = name
		password, _ := at.User.Password()
		require.Equal(t, password, *services["postgres"].Environment[strings.ToUpper(role)+"_PASSWORD"],
			"what init.sh gives the role of %s", name)

		migrate := services[name+"-migrate"]
		require.Equal(t, service.Image, migrate.Image, name)
		require.Equal(t, types.ShellCommand{"migrate"}, migrate.Command, name)
		require.Equal(t, service.Environment["KASSA_DATABASE_URL"], migrate.Environment["KASSA_DATABASE_URL"], name)
		require.Equal(t, types.ServiceConditionHealthy, migrate.DependsOn["postgres"].Condition, name)
		require.Equal(t, types.ServiceConditionCompletedSuccessfully, service.DependsOn[name+"-migrate"].Condition, name)
	}
	init := read(t, "deploy/postgres/init.sh")
	for database := range owner {
		require.Regexp(t, `(?m)^database `+database+` +`+database+` `, init)
	}
}

func TestContainersMayDoLittle(t *testing.T) {
	for name, service := range everything(t) {
		require.True(t, service.ReadOnly, "%s: read_only", name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		require.Equal(t, []string{"no-new-privileges:true"}, service.SecurityOpt, name)
		require.False(t, service.Privileged, name)
		require.NotEmpty(t, service.User, name)
		if name != "nats-data" {
			require.Empty(t, service.CapAdd, name)
			require.NotRegexp(t, `^(0|root)\b`, service.User, name)
		}
	}
}

// pinned is an image with a version of its own: at least a number and a dot, or
// our own, which is built here.
var pinned = regexp.MustCompile(`^(kassa-[a-z]+:development|[a-z/-]+:v?\d+\.\d+[0-9a-z.-]*)$`)

func TestImagesArePinned(t *testing.T) {
	for name, service := range everything(t) {
		require.Regexp(t, pinned, service.Image, name)
	}
	for line := range strings.SplitSeq(read(t, "deploy/Dockerfile"), "\n") {
		if image, from := strings.CutPrefix(line, "FROM "); from && image != "scratch" {
			image, _, _ = strings.Cut(image, " ")
			require.Regexp(t, pinned, image)
		}
	}
}

func TestNothingIsPublishedToTheWorld(t *testing.T) {
	published := map[string]string{}
	project := load(t)
	for name, service := range project.Services {
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
			published[name] = port.Published
		}
	}
	require.Equal(t, map[string]string{"gateway": "8080", "temporal-ui": "8233"}, published)
	require.True(t, project.Networks["platform"].Internal)

	for name, service := range everything(t) {
		_, outside := service.Networks["edge"]
		require.Equal(t, len(service.Ports) > 0, outside, "%s: the network edge is for published ports", name)
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
		}
	}
}

// variable is a variable of docker-compose.yml with its default.
var variable = regexp.MustCompile(`\$\{([A-Z_]+):-([^}]*)\}`)

// harmless are the variables that are no secret.
var harmless = []string{"KASSA_ENV", "KASSA_LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT", "KASSA_ADMIN_EMAIL", "KASSA_STRIPE_URL", "KASSA_PUBLIC_URL", "KASSA_SHOP_URL", "KASSA_SMTP_ADDRESS", "KASSA_SMTP_TLS"}

func TestDevelopmentSecretsAreMarkedAndRefusedInProduction(t *testing.T) {
	text := read(t, "docker-compose.yml")
	secrets := variable.FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, secrets)
	for _, match := range secrets {
		name, value := match[1], match[2]
		if slices.Contains(harmless, name) {
			continue
		}
		require.Regexp(t, `^development-`, value, name)
		require.Contains(t, strings.Join(config.Secret(name, value), ""), "still has its development value")
	}
	// Whatever is called a secret comes from a variable.
	for line := range strings.SplitSeq(text, "\n") {
		if regexp.MustCompile(`(PASSWORD|SECRET|TOKEN|_KEYS?): `).MatchString(line) {
			require.Regexp(t, `\$\{|\*(stripe-key|webhook-secret)`, line)
		}
	}
	require.Contains(t, text, "${KASSA_INTERNAL_TOKEN:-"+config.DevelopmentToken+"}")
}

// TestVariablesHaveReaders keeps a renamed variable from being set in vain.
func TestVariablesHaveReaders(t *testing.T) {
	shared := tags(t, "internal/config/*.go")
	for name, service := range ours(t) {
		folder := "workers"
		if service.Build.Args["FOLDER"] != nil {
			folder = *service.Build.Args["FOLDER"]
		}
		known := append(tags(t, folder+"/"+name+"/*.go"), shared...)
		for key := range service.Environment {
			if key != "OTEL_EXPORTER_OTLP_ENDPOINT" {
				require.Contains(t, known, key, "read by no field of %s", name)
			}
		}
	}
	require.Contains(t, read(t, "internal/telemetry/telemetry.go"), "OTEL_EXPORTER_OTLP_ENDPOINT")
}

func TestMountedFilesExist(t *testing.T) {
	for name, service := range everything(t) {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				require.FileExists(t, volume.Source, name)
				require.True(t, volume.ReadOnly, name)
			}
		}
	}
}

// TestTemporalIsTheSameEverywhere compares what was measured for the local
// stack with what runs here.
func TestTemporalIsTheSameEverywhere(t *testing.T) {
	require.Equal(t, read(t, "internal/localstack/temporal-dynamic.yaml"), read(t, "deploy/temporal/dynamic.yaml"))
	module := read(t, "tools/temporal/go.mod")
	services := everything(t)
	for image, path := range map[string]string{
		services["temporal"].Image:           "go.temporal.io/server",
		services["temporal-schema"].Image:    "go.temporal.io/server",
		services["temporal-namespace"].Image: "go.temporal.io/server",
		services["temporal-ui"].Image:        "github.com/temporalio/ui-server/v2",
	} {
		_, version, _ := strings.Cut(image, ":")
		require.Contains(t, module, path+" v"+version, image)
	}
	namespace := read(t, "deploy/temporal/namespace.sh")
	for _, attribute := range regexp.MustCompile(`NewSearchAttributeKey(Keyword|Int64)\("(\w+)"\)`).FindAllStringSubmatch(read(t, "workflows/doc.go"), -1) {
		require.Contains(t, namespace, "attribute "+attribute[2]+" "+strings.TrimSuffix(attribute[1], "64")+"\n")
	}
}

// tags lists the variables that the files' env tags name.
func tags(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pattern))
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range regexp.MustCompile(`env:"([A-Z_]+)`).FindAllStringSubmatch(string(source), -1) {
			names = append(names, match[1])
		}
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(content)
}
