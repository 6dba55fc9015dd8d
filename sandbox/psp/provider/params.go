package provider

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// params are the form parameters of a request. The first one that is wrong is remembered in
// refused, so a caller reads all of them and checks once.
type params struct {
	values  url.Values
	refused *refusal
}

// parse reads a form and refuses parameters that are not known. known are root names: metadata
// stands for metadata[order_id] too.
func parse(form string, known []string) *params {
	values, err := url.ParseQuery(form)
	p := &params{values: values}
	if err != nil {
		p.refuse(invalid("", "", "Invalid request body: %v", err))
		return p
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		root, _, _ := strings.Cut(name, "[")
		if root != "expand" && !slices.Contains(known, root) {
			p.refuse(invalid("parameter_unknown", name, "Received unknown parameter: %s", name))
		}
		if strings.ContainsRune(values.Get(name), 0) {
			p.refuse(invalid("", name, "Invalid string: it contains a NUL character"))
		}
	}
	return p
}

func (p *params) refuse(r *refusal) {
	if p.refused == nil {
		p.refused = r
	}
}

func (p *params) text(name string) string { return p.values.Get(name) }

func (p *params) has(name string) bool { return p.values.Has(name) }

// required reads a parameter that must be there.
func (p *params) required(name string) string {
	value := p.values.Get(name)
	if value == "" {
		p.refuse(invalid("parameter_missing", name, "Missing required param: %s.", name))
	}
	return value
}

// amount reads minor units, at least 1; fallback when the parameter is not there.
func (p *params) amount(name string, fallback int64) int64 {
	if !p.has(name) {
		return fallback
	}
	value, err := strconv.ParseInt(p.text(name), 10, 64)
	switch {
	case err != nil:
		p.refuse(invalid("parameter_invalid_integer", name, "Invalid integer: %s", p.text(name)))
	case value < 1:
		p.refuse(invalid("parameter_invalid_integer", name, "This value must be greater than or equal to 1."))
	}
	return value
}

// limit reads the size of a page, 1 to 100, 10 by default.
func (p *params) limit() int32 {
	n := p.amount("limit", 10)
	if n > 100 {
		p.refuse(invalid("parameter_invalid_integer", "limit", "This value must be less than or equal to 100."))
		n = 100
	}
	return int32(n) //nolint:gosec // between 1 and 100
}

func (p *params) flag(name string) bool {
	switch p.text(name) {
	case "", "false":
		return false
	case "true":
		return true
	}
	p.refuse(invalid("", name, "Invalid boolean: %s", p.text(name)))
	return false
}

// choice reads one of a few words; fallback when the parameter is not there.
func (p *params) choice(name, fallback string, words ...string) string {
	value := p.text(name)
	if value == "" {
		return fallback
	}
	if !slices.Contains(words, value) {
		p.refuse(invalid("", name, "Invalid %s: must be one of %s", name, strings.Join(words, ", ")))
	}
	return value
}

// list reads name[]=… and name[0]=….
func (p *params) list(name string) []string {
	var items []string
	for _, key := range slices.Sorted(maps.Keys(p.values)) {
		if rest, ok := strings.CutPrefix(key, name+"["); ok && strings.HasSuffix(rest, "]") {
			items = append(items, p.values[key]...)
		}
	}
	return items
}

// Limits of docs.stripe.com/api/metadata, in entries and characters.
const (
	metadataEntries = 50
	metadataName    = 40
	metadataValue   = 500
)

// metadata reads metadata[name]=value into what was there; an empty value removes its name.
func (p *params) metadata(before json.RawMessage) json.RawMessage {
	entries := map[string]string{}
	if len(before) > 0 {
		_ = json.Unmarshal(before, &entries)
	}
	for key, values := range p.values {
		name, ok := strings.CutPrefix(key, "metadata[")
		if !ok {
			continue
		}
		name, value := strings.TrimSuffix(name, "]"), values[0]
		switch {
		case value == "":
			delete(entries, name)
			continue
		case len(name) > metadataName:
			p.refuse(invalid("", key, "Metadata keys must be less than %d characters.", metadataName))
		case len(value) > metadataValue:
			p.refuse(invalid("", key, "Metadata values must have less than %d characters.", metadataValue))
		}
		entries[name] = value
	}
	if len(entries) > metadataEntries {
		p.refuse(invalid("", "metadata", "You can only specify up to %d metadata keys.", metadataEntries))
	}
	encoded, err := json.Marshal(entries)
	if err != nil {
		p.refuse(invalid("", "metadata", "Invalid metadata."))
	}
	return encoded
}

// expand reads the properties to send as objects; only those allowed can be.
func (p *params) expand(allowed ...string) []string {
	wanted := p.list("expand")
	for _, property := range wanted {
		if !slices.Contains(allowed, property) {
			p.refuse(invalid("", "expand", "This property cannot be expanded (%s).", property))
		}
	}
	return wanted
}
