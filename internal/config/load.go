package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// An Error lists everything that is wrong with a configuration. Each line names
// the variable, what is wrong, and how to mend it.
type Error struct{ Lines []string }

// Error is the list, one line each.
func (e *Error) Error() string {
	return "the configuration is not usable:\n  - " + strings.Join(e.Lines, "\n  - ")
}

// validator is a part of a configuration that checks itself.
type validator interface {
	Validate(production bool) []string
}

// Load reads the environment into a T, a struct of env tags and embedded parts.
// The error is an *Error.
func Load[T any]() (T, error) {
	var cfg T
	environment := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		environment[name] = strings.TrimSpace(value)
	}
	lines := parse(&cfg, environment)
	if len(lines) == 0 {
		production := environment["KASSA_ENV"] == Production
		lines = validate(reflect.ValueOf(&cfg).Elem(), production)
		if production {
			lines = append(lines, developmentDefaults(reflect.TypeFor[T](), environment)...)
		}
	}
	if len(lines) > 0 {
		return cfg, &Error{Lines: slices.Compact(lines)}
	}
	return cfg, nil
}

// developmentDefaults are the variables that would fall back to something on the
// developer's machine.
func developmentDefaults(t reflect.Type, environment map[string]string) []string {
	var lines []string
	walk(t, func(f reflect.StructField) {
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		if environment[name] == "" && strings.Contains(f.Tag.Get("envDefault"), "127.0.0.1") {
			lines = append(lines, fmt.Sprintf("%s is not set, and its default is a developer's machine; set it%s", name, hint(t, name)))
		}
	})
	return lines
}

func parse(cfg any, environment map[string]string) []string {
	err := env.ParseWithOptions(cfg, env.Options{Environment: environment})
	var all env.AggregateError
	if err != nil && !errors.As(err, &all) {
		return []string{err.Error()}
	}
	var lines []string
	for _, problem := range all.Errors {
		lines = append(lines, explain(reflect.TypeOf(cfg).Elem(), problem))
	}
	return lines
}

// explain says what one parse error means for the person who starts the process.
func explain(t reflect.Type, problem error) string {
	var unset env.VarIsNotSetError
	var empty env.EmptyVarError
	var malformed env.ParseError
	switch {
	case errors.As(problem, &unset):
		return fmt.Sprintf("%s is not set; set it%s", unset.Key, hint(t, unset.Key))
	case errors.As(problem, &empty):
		return fmt.Sprintf("%s is not set or empty; set it%s", empty.Key, hint(t, empty.Key))
	case errors.As(problem, &malformed):
		name := variable(t, malformed.Name)
		// The parser's own text repeats the value, which may be a secret.
		return fmt.Sprintf("%s cannot be read as %s; set it%s", name, malformed.Type, hint(t, name))
	default:
		return problem.Error()
	}
}

// hint is the example of the field behind a variable, as ", for example …".
func hint(t reflect.Type, name string) string {
	example := ""
	walk(t, func(f reflect.StructField) {
		if tagged, _, _ := strings.Cut(f.Tag.Get("env"), ","); tagged == name {
			example = f.Tag.Get("example")
		}
	})
	if example == "" {
		return ""
	}
	return ", for example " + name + "=" + example
}

// variable is the name of the variable that fills the field called field.
func variable(t reflect.Type, field string) string {
	name := field
	walk(t, func(f reflect.StructField) {
		if tagged, _, _ := strings.Cut(f.Tag.Get("env"), ","); f.Name == field && tagged != "" {
			name = tagged
		}
	})
	return name
}

func walk(t reflect.Type, visit func(reflect.StructField)) {
	for f := range t.Fields() {
		visit(f)
		if f.Type.Kind() == reflect.Struct {
			walk(f.Type, visit)
		}
	}
}

func validate(v reflect.Value, production bool) []string {
	var lines []string
	for _, f := range v.Fields() {
		if f.Kind() == reflect.Struct && f.CanInterface() {
			lines = append(lines, validate(f, production)...)
		}
	}
	if part, ok := v.Interface().(validator); ok {
		for _, line := range part.Validate(production) {
			if !slices.Contains(lines, line) { // a promoted method speaks twice
				lines = append(lines, line)
			}
		}
	}
	return lines
}
