package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// A story is told operation by operation, by their ids in the API document. What
// every request needs (method, path, key, version) comes from the document; what
// goes over the wire is compared with it by the witness.
type story struct {
	t     *testing.T
	known map[string]operation
	told  map[string]bool
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{t: t, known: map[string]operation{}, told: map[string]bool{}}
	for _, op := range operations(t) {
		s.known[op.name] = op
	}
	return s
}

// scene is the same story in a subtest.
func (s *story) scene(name string, play func(s *story)) {
	s.t.Helper()
	require.True(s.t, s.t.Run(name, func(t *testing.T) {
		play(&story{t: t, known: s.known, told: s.told})
	}), "the story does not go on without it")
}

// request is an operation's, ready to be changed.
func (s *story) request(token, name, body string, ids ...string) ask {
	s.t.Helper()
	op, known := s.known[name]
	require.True(s.t, known, "%s is not in the document", name)
	a := ask{method: op.method, path: filled(s.t, op.path, ids), body: body, token: token, header: map[string]string{}}
	if op.key {
		a.header["Idempotency-Key"] = uuid.NewString()
	}
	return a
}

// does sends the request, expects success and remembers that it was told. A
// request with a key goes out again while the platform is busy.
func (s *story) does(name string, a ask) reply {
	s.t.Helper()
	r := a.gateway(s.t)
	if r.status == http.StatusServiceUnavailable && a.header["Idempotency-Key"] != "" {
		r = a.past(s.t, r.status)
	}
	require.Less(s.t, r.status, 300, "%s: %s", name, r.body)
	s.told[name] = true
	return r
}

// do calls an operation with a body and answers the members of what comes back.
// ids fill the placeholders of its path, in order.
func (s *story) do(token, name, body string, ids ...string) map[string]any {
	s.t.Helper()
	r := s.does(name, s.request(token, name, body, ids...))
	if r.body == "" {
		return nil
	}
	return r.members(s.t)
}

// comes sends requests of an operation until nothing that is under way conflicts
// with it, and expects success.
func (s *story) comes(token, name, body string, ids ...string) {
	s.t.Helper()
	var r reply
	require.Eventually(s.t, func() bool {
		r = s.request(token, name, body, ids...).gateway(s.t)
		return r.status != http.StatusConflict
	}, soon, often, "%s: %s", name, lazily(func() string { return r.body }))
	require.Less(s.t, r.status, 300, "%s: %s", name, r.body)
	s.told[name] = true
}

// change is do for an operation that needs the version of what it changes.
func (s *story) change(token, name, body string, version any, ids ...string) map[string]any {
	s.t.Helper()
	r := s.does(name, s.request(token, name, body, ids...).with("If-Match", etag(version)))
	if r.body == "" {
		return nil
	}
	return r.members(s.t)
}

// untold are the operations of the document that no scene has called.
func (s *story) untold() []string {
	var names []string
	for name := range s.known {
		if !s.told[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// etag is the strong ETag of a version.
func etag(version any) string { return fmt.Sprintf(`"%v"`, version) }

func filled(t *testing.T, path string, ids []string) string {
	t.Helper()
	var out strings.Builder
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		out.WriteByte('/')
		if !strings.HasPrefix(part, "{") {
			out.WriteString(part)
			continue
		}
		require.NotEmpty(t, ids, "%s needs more ids", path)
		out.WriteString(ids[0])
		ids = ids[1:]
	}
	require.Empty(t, ids, "%s needs fewer ids", path)
	return out.String()
}

// at walks into members by names and, in lists, takes the first.
func at(t *testing.T, members map[string]any, path string) any {
	t.Helper()
	var here any = members
	for name := range strings.SplitSeq(path, ".") {
		if list, is := here.([]any); is {
			require.NotEmpty(t, list, path)
			here = list[0]
		}
		object, is := here.(map[string]any)
		require.True(t, is, "%s in %v", path, members)
		require.Contains(t, object, name)
		here = object[name]
	}
	return here
}

// text is at for a string.
func text(t *testing.T, members map[string]any, path string) string {
	t.Helper()
	value, is := at(t, members, path).(string)
	require.True(t, is, "%s in %v", path, members)
	return value
}
