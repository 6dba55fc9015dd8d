package events_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/events"
)

// TestTheCatalogueHasEveryEvent reads this package's constants.
func TestTheCatalogueHasEveryEvent(t *testing.T) {
	declared := map[string]bool{}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			constants, ok := d.(*ast.GenDecl)
			if !ok || constants.Tok != token.CONST {
				continue
			}
			for _, spec := range constants.Specs {
				for _, value := range spec.(*ast.ValueSpec).Values {
					typ, err := strconv.Unquote(value.(*ast.BasicLit).Value)
					require.NoError(t, err)
					declared[typ] = true
				}
			}
		}
	}
	described := map[string]bool{}
	for _, kind := range events.Catalogue {
		require.False(t, described[kind.Type], "%s is there twice", kind.Type)
		described[kind.Type] = true
		require.NotEmpty(t, kind.Subject, kind.Type)
		require.NotNil(t, kind.Payload, kind.Type)
		require.Regexp(t, `\.$`, kind.Meaning, kind.Type)
	}
	require.Equal(t, declared, described, "a type of event has its row in events.Catalogue; then: go test ./cmd/kassa -run AsyncAPI -update")
}
