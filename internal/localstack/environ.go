package localstack

import (
	"maps"
	"os"
	"slices"
	"strings"
)

// inheritedEnvironment returns the launcher's variables that may reach the services. Settings of
// other programs for Postgres, NATS and Temporal must not.
func inheritedEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		for _, prefix := range []string{"PG", "NATS_", "TEMPORAL_"} {
			if strings.HasPrefix(pair, prefix) {
				return true
			}
		}
		return false
	})
}

// pairs returns variables in the form the kernel takes, sorted by name.
func pairs(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}
