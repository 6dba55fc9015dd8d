package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// toJSON turns a YAML document into JSON with its members in the same order,
// which is the order that a reader of the API reference sees.
func toJSON(document []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	if len(root.Content) != 1 {
		return nil, errors.New("it is empty")
	}
	var out bytes.Buffer
	if err := writeNode(&out, root.Content[0]); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func writeNode(out *bytes.Buffer, n *yaml.Node) error {
	switch n.Kind {
	case yaml.MappingNode:
		return writeAll(out, '{', '}', n.Content, 2)
	case yaml.SequenceNode:
		return writeAll(out, '[', ']', n.Content, 1)
	case yaml.AliasNode:
		return writeNode(out, n.Alias)
	default:
		return writeScalar(out, n)
	}
}

// writeAll writes nodes between brackets, width of them to an element: a member
// has a name and a value.
func writeAll(out *bytes.Buffer, opening, closing byte, nodes []*yaml.Node, width int) error {
	out.WriteByte(opening)
	for i, n := range nodes {
		var err error
		switch {
		case i%width == 1: // the value of a member
			out.WriteByte(':')
			err = writeNode(out, n)
		case width == 2: // its name, which JSON has as a string
			comma(out, i)
			err = writeValue(out, n.Value)
		default:
			comma(out, i)
			err = writeNode(out, n)
		}
		if err != nil {
			return err
		}
	}
	out.WriteByte(closing)
	return nil
}

func comma(out *bytes.Buffer, i int) {
	if i > 0 {
		out.WriteByte(',')
	}
}

func writeScalar(out *bytes.Buffer, n *yaml.Node) error {
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool", "!!null":
		var value any
		if err := n.Decode(&value); err != nil {
			return fmt.Errorf("line %d: %w", n.Line, err)
		}
		return writeValue(out, value)
	default: // text; a time is text in JSON, too
		return writeValue(out, n.Value)
	}
}

func writeValue(out *bytes.Buffer, value any) error {
	text, err := json.Marshal(value)
	out.Write(text)
	return err
}
