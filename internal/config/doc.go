// Package config reads a process's configuration from environment variables
// into a struct, and refuses to start on a bad one with a list: which variable,
// what is wrong, how to mend it.
//
// A worker's configuration embeds the parts it needs:
//
//	type Config struct {
//		config.Common
//		config.Database
//		config.Bus
//	}
//
//	cfg, err := config.Load[Config]()
//
// Development has defaults; production (KASSA_ENV=production) refuses them. A
// part says what is wrong with it in a method Validate(production bool)
// []string; every struct field of a configuration is asked.
package config
