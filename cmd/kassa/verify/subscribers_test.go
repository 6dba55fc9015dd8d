package verify_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/cmd/kassa/verify"
)

const root = "../../.."

// TestSubscribersAreThoseThatTheWorkersRun reads each worker's main for its
// consumers: E2 must know all of them, with all of their events.
func TestSubscribersAreThoseThatTheWorkersRun(t *testing.T) {
	types := eventTypes(t)
	run := map[string][]string{}
	for _, file := range parsed(t, "workers/*/main.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || !isSelector(literal.Type, "outbox", "Consumer") {
				return true
			}
			name, listens := consumer(t, literal, types)
			run[name] = listens
			return false
		})
	}
	require.NotEmpty(t, run)
	known := map[string][]string{}
	for _, s := range verify.Subscribers {
		known[s.Name] = s.Types
	}
	require.Equal(t, run, known)
}

// consumer reads a literal like outbox.Consumer{Name: "a", Types: []string{events.B}}.
func consumer(t *testing.T, literal *ast.CompositeLit, types map[string]string) (name string, listens []string) {
	t.Helper()
	for _, element := range literal.Elts {
		pair := element.(*ast.KeyValueExpr)
		switch pair.Key.(*ast.Ident).Name {
		case "Name":
			var err error
			name, err = strconv.Unquote(pair.Value.(*ast.BasicLit).Value)
			require.NoError(t, err)
		case "Types":
			for _, typ := range pair.Value.(*ast.CompositeLit).Elts {
				constant := typ.(*ast.SelectorExpr).Sel.Name
				require.Contains(t, types, constant)
				listens = append(listens, types[constant])
			}
		}
	}
	return name, listens
}

func isSelector(e ast.Expr, pkg, name string) bool {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	in, ok := selector.X.(*ast.Ident)
	return ok && in.Name == pkg && selector.Sel.Name == name
}

// eventTypes maps the constants of package events to their values.
func eventTypes(t *testing.T) map[string]string {
	t.Helper()
	types := map[string]string{}
	for _, file := range parsed(t, "events/*.go") {
		for _, declared := range file.Decls {
			constants, ok := declared.(*ast.GenDecl)
			if !ok || constants.Tok != token.CONST {
				continue
			}
			for _, spec := range constants.Specs {
				constant := spec.(*ast.ValueSpec)
				value, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				types[constant.Names[0].Name] = value
			}
		}
	}
	return types
}

func parsed(t *testing.T, pattern string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		files = append(files, file)
	}
	return files
}
