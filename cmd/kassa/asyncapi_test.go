package main

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"kassa/cmd/kassa/verify"
	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/money"
)

var update = flag.Bool("update", false, "write the golden files")

const asyncAPIFile = "../../docs/asyncapi.yaml"

// TestAsyncAPIDocumentIsTheCommittedOne describes every event for those who listen.
func TestAsyncAPIDocumentIsTheCommittedOne(t *testing.T) {
	built, err := yaml.Marshal(describeEvents(t))
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(asyncAPIFile, built, 0o644))
		return
	}
	committed, err := os.ReadFile(asyncAPIFile)
	require.NoError(t, err)
	require.Equal(t, string(committed), string(built), "run: go test ./cmd/kassa -run AsyncAPI -update")
}

type object = map[string]any

// describeEvents is the AsyncAPI 3.0 document: a channel and a message per type
// of event, the publisher sends it, its subscribers receive it.
func describeEvents(t *testing.T) object {
	schemas := &schemaBook{comments: commentsOf(t), schemas: object{}}
	channels, operations, messages := object{}, object{}, object{}
	for _, kind := range events.Catalogue {
		channels[kind.Type] = object{
			"address":  "kassa.event." + kind.Type,
			"messages": object{kind.Type: ref("messages", kind.Type)},
		}
		messages[kind.Type] = object{
			"name": kind.Type, "title": kind.Type, "summary": kind.Meaning, "contentType": "application/cloudevents+json",
			"tags": []object{{"name": kind.Publisher()}},
			"payload": object{"allOf": []object{schemas.of(reflect.TypeFor[cloudevent.Event]()), {
				"type": "object",
				"properties": object{
					"type":    object{"const": kind.Type},
					"source":  object{"const": "/kassa/" + kind.Publisher()},
					"subject": object{"description": "Id of the " + kind.Subject + "."},
					"data":    schemas.of(reflect.TypeOf(kind.Payload)),
				},
			}}},
		}
		operations[kind.Publisher()+"-tells-"+kind.Type] = operation("send", kind.Type, kind.Publisher(), "The "+kind.Publisher()+" service tells it.")
	}
	for _, s := range verify.Subscribers {
		for _, typ := range s.Types {
			service, _, _ := strings.Cut(s.Name, "-")
			operations[s.Name+"-hears-"+typ] = operation("receive", typ, service, "The consumer "+s.Name+" applies it once.")
		}
	}
	return object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "Kassa's events", "version": "1",
			"description": "What Kassa's services tell each other, as CloudEvents 1.0 over NATS JetStream (stream KASSA). A consumer gets an event " +
				"at least once and applies it once by its id; `sequence` orders the events of one source and subject.",
			"license": object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		"defaultContentType": "application/cloudevents+json",
		"channels":           channels,
		"operations":         operations,
		"components":         object{"messages": messages, "schemas": schemas.schemas},
	}
}

func operation(action, typ, service, summary string) object {
	return object{
		"action": action, "summary": summary, "tags": []object{{"name": service}},
		"channel":  object{"$ref": "#/channels/" + typ},
		"messages": []object{{"$ref": "#/channels/" + typ + "/messages/" + typ}},
	}
}

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

// schemaBook makes schemas of payload types; what the source says of a type or
// a field describes it.
type schemaBook struct {
	comments map[string]string // Type and Type.Field → text
	schemas  object
}

func (b *schemaBook) of(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[uuid.UUID]():
		return object{"type": "string", "format": "uuid"}
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[money.Money]():
		b.schemas["Money"] = object{
			"type": "object", "required": []string{"amount", "currency"},
			"properties": object{
				"amount":   object{"type": "integer", "format": "int64", "description": "In minor units of the currency: 1999 is €19.99 and ¥1,999."},
				"currency": object{"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217 code."},
			},
		}
		return ref("schemas", "Money")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.of(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 { // json.RawMessage
			return object{}
		}
		return object{"type": "array", "items": b.of(t.Elem())}
	case reflect.Struct:
		return b.structure(t)
	case reflect.Int64, reflect.Int:
		return object{"type": "integer", "format": "int64"}
	case reflect.Bool:
		return object{"type": "boolean"}
	default:
		return object{"type": "string"}
	}
}

func (b *schemaBook) structure(t reflect.Type) object {
	if _, known := b.schemas[t.Name()]; !known {
		properties, required := object{}, []string{}
		for i := range t.NumField() {
			field := t.Field(i)
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			schema := b.of(field.Type)
			if text := b.comments[t.Name()+"."+field.Name]; text != "" {
				schema = described(schema, text)
			}
			if properties[name] = schema; options == "" {
				required = append(required, name)
			}
			if options == "" && field.Type.Kind() == reflect.Pointer {
				properties[name] = object{"oneOf": []object{b.of(field.Type), {"type": "null"}}, "description": b.comments[t.Name()+"."+field.Name]}
			}
		}
		b.schemas[t.Name()] = object{"type": "object", "description": b.comments[t.Name()], "required": required, "properties": properties}
	}
	return ref("schemas", t.Name())
}

// described adds a text; beside a reference it needs an allOf.
func described(schema object, text string) object {
	if _, isRef := schema["$ref"]; isRef {
		return object{"allOf": []object{schema}, "description": text}
	}
	schema["description"] = text
	return schema
}

// commentsOf reads what the source says of the payloads and their fields.
func commentsOf(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"../../events/*.go", "../../internal/cloudevent/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			require.NoError(t, err)
			for _, d := range file.Decls {
				if types, ok := d.(*ast.GenDecl); ok && types.Tok == token.TYPE {
					spec := types.Specs[0].(*ast.TypeSpec)
					found[spec.Name.Name] = sentence(types.Doc.Text())
					if s, ok := spec.Type.(*ast.StructType); ok {
						for _, field := range s.Fields.List {
							found[spec.Name.Name+"."+field.Names[0].Name] = sentence(field.Comment.Text())
						}
					}
				}
			}
		}
	}
	return found
}

func sentence(comment string) string { return strings.Join(strings.Fields(comment), " ") }
