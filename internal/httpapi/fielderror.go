package httpapi

import (
	"errors"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

var sprintf = fmt.Sprintf

// maxPointer bounds how much of a client's own member names we repeat, in bytes.
const maxPointer = 200

// fieldError is one of Huma's findings, without the value it carries.
func fieldError(err error) FieldError {
	var detail *huma.ErrorDetail
	if !errors.As(err, &detail) {
		detail = &huma.ErrorDetail{Location: "body", Message: err.Error()}
	}
	if found, ok := bodyFieldError(detail.Message); ok {
		return found
	}
	pointer, message := pointerOf(detail.Location), detail.Message
	for _, known := range findings {
		if rest, ok := strings.CutPrefix(message, known.prefix); ok {
			if member, found := strings.CutSuffix(rest, " to be present"); known.names && found {
				pointer, message = pointer+"/"+escape(member), "this member is required"
			}
			if known.quotes {
				message = known.prefix
			}
			return FieldError{Pointer: clean(pointer), Code: known.code, Message: message}
		}
	}
	return FieldError{Pointer: clean(pointer), Code: "invalid", Message: "not accepted"}
}

// findings gives Huma's messages a stable code, by how they begin.
var findings = []struct {
	prefix string
	code   string
	names  bool // the rest names the missing member
	quotes bool // the rest may quote the value
}{
	{prefix: "expected required property ", code: "required", names: true},
	{prefix: "required ", code: "required"},
	{prefix: "unexpected property", code: "unknown_member"},
	{prefix: "unknown query parameter", code: "unknown_parameter"},
	{prefix: "repeated query parameter", code: "repeated_parameter"},
	{prefix: "expected string to be RFC 4122 uuid", code: "format", quotes: true},
	{prefix: "expected string to be RFC 5322 email", code: "format", quotes: true},
	{prefix: "expected string to be RFC 3986 uri", code: "format", quotes: true},
	{prefix: "expected string to be", code: "format"},
	{prefix: "expected string to match", code: "format"},
	{prefix: "expected duration", code: "format", quotes: true},
	{prefix: "invalid value", code: "format", quotes: true},
	{prefix: "invalid", code: "format"},
	{prefix: "expected value to be one of", code: "not_allowed"},
	{prefix: "expected number >", code: "too_small"},
	{prefix: "expected number <", code: "too_large"},
	{prefix: "expected number to be a multiple", code: "step"},
	{prefix: "expected length >", code: "too_short"},
	{prefix: "expected length <", code: "too_long"},
	{prefix: "expected array length >", code: "too_few"},
	{prefix: "expected array length <", code: "too_many"},
	{prefix: "expected array items to be unique", code: "duplicate"},
	{prefix: "expected boolean", code: "type"},
	{prefix: "expected number", code: "type"},
	{prefix: "expected integer", code: "type"},
	{prefix: "expected string", code: "type"},
	{prefix: "expected array", code: "type"},
	{prefix: "expected object", code: "type"},
}

// pointerOf turns Huma's location, body.lines[0].quantity, into a JSON pointer,
// #/lines/0/quantity. A parameter stays as it is: query.limit.
func pointerOf(location string) string {
	rest, isBody := strings.CutPrefix(location, "body")
	if !isBody {
		return location
	}
	var b strings.Builder
	b.WriteByte('#')
	for _, part := range strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		b.WriteByte('/')
		b.WriteString(escape(part))
	}
	return b.String()
}

// escape writes a member name as a token of a JSON pointer (RFC 6901).
func escape(member string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(member)
}

// clean makes a pointer that may hold a client's own member names harmless.
func clean(pointer string) string {
	if len(pointer) > maxPointer {
		pointer = strings.ToValidUTF8(pointer[:maxPointer], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, pointer)
}
