package httpapi

import (
	"errors"
	"io"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// strictJSON reads JSON as RFC 8259 and I-JSON (RFC 7493) want it: no duplicate
// members, no bad UTF-8, no lone surrogates, members in their exact case. It
// writes nil slices as [] and nil maps as {}.
var strictJSON = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		return jsonv2.MarshalWrite(w, v, writing)
	},
	Unmarshal: func(data []byte, v any) error {
		if err := jsonv2.Unmarshal(data, v); err != nil {
			return neutral(err)
		}
		return nil
	},
}

// ReadLine reads one of many JSON values of a body as strictly as a whole body is
// read, for operations that take RawBody. It answers what is wrong; nothing when
// all is well.
func ReadLine(line []byte, v any) []FieldError {
	err := scanJSON(line)
	if err == nil {
		if err = jsonv2.Unmarshal(line, v, jsonv2.RejectUnknownMembers(true)); err == nil {
			return nil
		}
		err = neutral(err)
	}
	found, _ := bodyFieldError(err.Error())
	return []FieldError{found}
}

// WriteLine writes v as answers are written, on a line of its own.
func WriteLine(w io.Writer, v any) error {
	if err := jsonv2.MarshalWrite(w, v, writing); err != nil {
		return err
	}
	_, err := w.Write([]byte{'\n'})
	return err
}

// writing keeps encoding/json's meaning of omitempty, which the tags rely on.
var writing = jsonv2.JoinOptions(
	jsonv1.OmitEmptyWithLegacySemantics(true),
	jsonv1.FormatDurationAsNano(true),
	jsonv2.Deterministic(true),
)

// A bodyError says what is wrong with a body without repeating any of it. Huma
// keeps only the text of an error, so the text carries all parts.
type bodyError struct {
	pointer string // JSON pointer, "" when it is the document
	code    string
	message string
}

// Error is the parts, separated by tabs.
func (e *bodyError) Error() string { return e.code + "\t" + e.pointer + "\t" + e.message }

// bodyFieldError reads the parts back; ok is false for any other text.
func bodyFieldError(text string) (found FieldError, ok bool) {
	parts := strings.SplitN(text, "\t", 3)
	if len(parts) != 3 {
		return FieldError{}, false
	}
	return FieldError{Pointer: clean("#" + parts[1]), Code: parts[0], Message: parts[2]}, true
}

// neutral turns a JSON library's error, which quotes the input, into a bodyError.
func neutral(err error) error {
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return &bodyError{pointer: string(syntactic.JSONPointer), code: "duplicate_member", message: "the same member is given twice"}
		}
		return &bodyError{pointer: string(syntactic.JSONPointer), code: "malformed_json", message: "the body is not valid JSON"}
	}
	var semantic *jsonv2.SemanticError
	if errors.As(err, &semantic) {
		if errors.Is(err, jsonv2.ErrUnknownName) {
			return &bodyError{pointer: string(semantic.JSONPointer), code: "unknown_member", message: "there is no such member"}
		}
		return &bodyError{pointer: string(semantic.JSONPointer), code: "out_of_range", message: "the value is out of range or of the wrong type"}
	}
	return &bodyError{code: "malformed_json", message: "the body is not valid JSON"}
}
