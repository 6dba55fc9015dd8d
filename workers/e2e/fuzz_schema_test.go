package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// schema is what the fuzzer reads of a JSON Schema.
type schema struct {
	Ref                                      string `json:"$ref"`
	Type                                     any    // a name, or a list of names
	Format, Pattern                          string
	Enum                                     []any
	Minimum, Maximum                         *int64
	MinLength, MaxLength, MinItems, MaxItems *int
	Required                                 []string
	Properties                               map[string]*schema
	Items                                    *schema
}

// is reports whether the schema allows the type called name.
func (s *schema) is(name string) bool {
	if list, several := s.Type.([]any); several {
		return slices.Contains(list, any(name))
	}
	return s.Type == name
}

// raw is a piece of a document as it is written, right or wrong.
type raw string

// canarySecret is in every password and token that the fuzzer makes up. No
// answer may repeat it.
const canarySecret = "geheimnisvogel"

// texts are unusual and allowed, where a text may be anything.
var texts = []string{
	canary, "Ada Lovelace", "", " ", "'; DROP TABLE orders; --", `" OR "1"="1`, "{{7*7}} ${7*7} <%= 7*7 %>", "${jndi:ldap://127.0.0.1/x}", "<script>alert(1)</script>",
	"../../../../etc/passwd", "%00%0a%2e%2e%2f", "\u202eright to left\u202c", "\ufeff\u200b", "e\u0301\u0323\u0323\u0323", "😀👩‍👩‍👧‍👦", "\U0010ffff", "ſ K ß İ", "NULL", "-1", "1e309",
	"%s%n%x", "a\tb\nc", `\`, "=1+1", "𐀀" + canary,
}

// makers make up what fits a document.
type maker struct {
	schemas map[string]*schema  // the document's components
	ids     map[string][]string // things that exist, by the name of the member that holds their id
}

func (m maker) resolve(s *schema) *schema {
	for s.Ref != "" {
		s = m.schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return s
}

// value is one that fits the schema of a member called name.
func (m maker) value(t *rapid.T, s *schema, name string) any {
	s = m.resolve(s)
	switch {
	case len(s.Enum) > 0:
		return rapid.SampledFrom(s.Enum).Draw(t, name)
	case s.is("object"):
		made := map[string]any{}
		for _, member := range slices.Sorted(maps.Keys(s.Properties)) {
			if slices.Contains(s.Required, member) || rapid.Bool().Draw(t, "with "+member) {
				made[member] = m.value(t, s.Properties[member], member)
			}
		}
		return made
	case s.is("array"):
		made := []any{}
		least := number(s.MinItems, 0)
		for range rapid.IntRange(least, min(number(s.MaxItems, 3), least+2)).Draw(t, "how many "+name) {
			made = append(made, m.value(t, s.Items, name))
		}
		return made
	case s.is("integer"):
		least, most := number(s.Minimum, -1<<53), number(s.Maximum, 1<<53)
		return max(least, min(most, rapid.SampledFrom([]int64{least, 0, 1, 2, 3, 100, 1 << 31, most}).Draw(t, name)))
	case s.is("boolean"):
		return rapid.Bool().Draw(t, name)
	}
	return m.text(t, s, name)
}

func number[T any](bound *T, otherwise T) T {
	if bound == nil {
		return otherwise
	}
	return *bound
}

func (m maker) text(t *rapid.T, s *schema, name string) string {
	switch {
	case s.Format == "uuid":
		known := append(m.ids[name], uuid.Nil.String(), "0199f3c2-0000-7000-8000-00000000000f", "0199F3C2-0000-7000-8000-00000000000F")
		return rapid.SampledFrom(known).Draw(t, name)
	case s.Format == "date-time":
		return rapid.SampledFrom([]string{"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.999999999+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2016-12-31T23:59:60Z"}).Draw(t, name)
	case s.Format == "date":
		return rapid.SampledFrom([]string{"2026-01-02", "0001-01-01", "9999-12-31", "2024-02-29"}).Draw(t, name)
	case s.Format == "password" || strings.HasSuffix(name, "token"):
		return canarySecret + rapid.StringMatching("[a-z0-9 ]{0,20}").Draw(t, name)
	case name == "currency":
		return rapid.SampledFrom([]string{"EUR", "USD", "JPY", "XXX", "AAA"}).Draw(t, name)
	case s.Pattern != "":
		return rapid.StringMatching(s.Pattern).Draw(t, name)
	case name == "email":
		return rapid.SampledFrom([]string{canary + "@example.com", "a@b", `"a b"@example.com`, "ä@exämple.com", "@", canary}).Draw(t, name)
	case name == "url":
		return rapid.SampledFrom([]string{"https://" + canary + ".example/", "http://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "ftp://example.com", canary}).Draw(t, name)
	}
	return fit(rapid.SampledFrom(texts).Draw(t, name), number(s.MinLength, 0), number(s.MaxLength, 500))
}

// fit repeats or cuts a text to at least and at most so many characters.
func fit(text string, least, most int) string {
	for letters := []rune(text + "x"); ; letters = append(letters, letters...) {
		if len([]rune(text)) >= least && len([]rune(text)) <= most {
			return text
		}
		if len(letters) >= least {
			return string(letters[:min(len(letters), most)])
		}
	}
}

// written is the JSON document of a value, which need not be a good one.
func document(value any) string {
	switch value := value.(type) {
	case raw:
		return string(value)
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			members = append(members, document(name)+":"+document(value[name]))
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		var items []string
		for _, item := range value {
			items = append(items, document(item))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	made, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("%T: %v", value, err))
	}
	return string(made)
}

// place is somewhere in a document.
type place struct {
	path string
	set  func(any)
}

// places are all of a document, but for its root.
func places(value any, path string) []place {
	var found []place
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			found = append(found, place{path + "/" + name, func(other any) { value[name] = other }})
			found = append(found, places(value[name], path+"/"+name)...)
		}
	case []any:
		for i := range value {
			at := fmt.Sprintf("%s/%d", path, i)
			found = append(found, place{at, func(other any) { value[i] = other }})
			found = append(found, places(value[i], at)...)
		}
	}
	return found
}
