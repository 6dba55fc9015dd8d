package httpapi

import (
	"bytes"
	"unicode/utf8"
)

// maxDepth is how deep a JSON body may nest. Ours nest about five deep.
const maxDepth = 32

// scanJSON refuses what no field of ours may hold, before any of it is parsed:
// nesting beyond maxDepth, and control characters in strings (tab, line feed and
// carriage return are text), written out or as \u escapes. It does not check the
// syntax; the parser does.
func scanJSON(body []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case inString && c == '\\':
			if escapesControl(body[i:]) {
				return errControl
			}
			i++ // the escaped character, which may be a quote
		case c == '"':
			inString = !inString
		case inString && (c < ' ' || c == 0x7f || (c == 0xc2 && i+1 < len(body) && body[i+1] < 0xa0)):
			return errControl
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return errDepth
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

var (
	errControl = &bodyError{code: "control_character", message: "control characters are not allowed in text"}
	errDepth   = &bodyError{code: "too_deep", message: "the body nests too deeply"}
)

// escapesControl reports whether the escape at the start of b is a control
// character other than \t, \n and \r.
func escapesControl(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	switch b[1] {
	case 'b', 'f':
		return true
	case 'u':
	default:
		return false
	}
	if len(b) < 6 || b[2] != '0' || b[3] != '0' {
		return false
	}
	value, ok := hex2(b[4], b[5])
	return ok && isControl(rune(value)) && !isText(rune(value))
}

func hex2(high, low byte) (byte, bool) {
	h, okH := hexDigit(high)
	l, okL := hexDigit(low)
	return h<<4 | l, okH && okL
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	default:
		return 0, false
	}
}

func isControl(r rune) bool { return r < ' ' || (r >= 0x7f && r < 0xa0) }

func isText(r rune) bool { return r == '\t' || r == '\n' || r == '\r' }

// cleanText reports whether s, from an address or a header, is valid UTF-8
// without control characters.
func cleanText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if isControl(r) {
			return false
		}
	}
	return true
}

// blank reports whether body is empty but for white space.
func blank(body []byte) bool { return len(bytes.TrimSpace(body)) == 0 }
