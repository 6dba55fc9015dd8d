package user

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// emailPattern is what browsers accept for <input type=email>, with at least
// one dot in the domain.
// Source: https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
var emailPattern = regexp.MustCompile("^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@" +
	`[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$`)

// normalEmail is the one way an address is kept and looked up: without space
// around it, and in lower case. No provider in use tells Ada@ from ada@.
func normalEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 254 || !emailPattern.MatchString(s) {
		return "", ErrEmailInvalid
	}
	return s, nil
}

func normalName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if n := utf8.RuneCountInString(s); n < 1 || n > 100 || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", ErrNameInvalid
	}
	return s, nil
}
