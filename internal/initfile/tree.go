package initfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// node is one value of a YAML or JSON file. It remembers what was read of it, so
// that what nothing reads can be told.
type node struct {
	// text is the scalar of a node that is neither a list nor a table.
	text   string
	isNull bool
	list   []*node
	isList bool
	keys   []string
	parts  map[string]*node
	read   bool
}

// maxNodes bounds a file whose aliases make it larger than it is written.
const maxNodes = 100_000

// parseYAML reads a file's first document; aliases and merges are filled in.
func parseYAML(data []byte) (*node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	var whole any // It refuses what contains itself.
	if err := doc.Decode(&whole); err != nil {
		return nil, err
	}
	left := maxNodes
	root := fromYAML(&doc, &left)
	if left < 0 {
		return nil, errors.New("its aliases make it too large")
	}
	return root, nil
}

func fromYAML(y *yaml.Node, left *int) *node {
	n := &node{}
	if *left--; *left < 0 {
		return n
	}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) > 0 {
			return fromYAML(y.Content[0], left)
		}
		n.isNull = true
	case yaml.AliasNode:
		return fromYAML(y.Alias, left)
	case yaml.SequenceNode:
		n.isList = true
		for _, item := range y.Content {
			n.list = append(n.list, fromYAML(item, left))
		}
	case yaml.MappingNode:
		n.parts = map[string]*node{}
		n.fill(y, left)
	default:
		n.text, n.isNull = y.Value, y.ShortTag() == "!!null"
	}
	return n
}

// fill adds the pairs of y. Those of a "<<" come after, so that they replace none.
func (n *node) fill(y *yaml.Node, left *int) {
	var merged []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		n.set(key.Value, fromYAML(value, left))
	}
	for _, value := range merged {
		from := fromYAML(value, left)
		for _, table := range append([]*node{from}, from.list...) {
			for _, key := range table.keys {
				if n.parts[key] == nil {
					n.set(key, table.parts[key])
				}
			}
		}
	}
}

func (n *node) set(key string, value *node) {
	if n.parts[key] == nil {
		n.keys = append(n.keys, key)
	}
	n.parts[key] = value
}

// parseJSON reads a file that may have comments and commas too many, as that of a
// development container has.
func parseJSON(data []byte) (*node, error) {
	dec := json.NewDecoder(strings.NewReader(plainJSON(string(data))))
	dec.UseNumber()
	root, err := fromJSON(dec)
	if err == nil && root.parts == nil {
		err = errors.New("it holds no object")
	}
	return root, err
}

func fromJSON(dec *json.Decoder) (*node, error) {
	token, err := dec.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	n := &node{}
	switch token {
	case nil:
		n.isNull = true
	case json.Delim('['):
		n.isList = true
		for dec.More() {
			item, err := fromJSON(dec)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, item)
		}
		_, err = dec.Token()
	case json.Delim('{'):
		n.parts = map[string]*node{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			value, err := fromJSON(dec)
			if err != nil {
				return nil, err
			}
			n.set(fmt.Sprint(key), value)
		}
		_, err = dec.Token()
	default:
		n.text = fmt.Sprint(token)
	}
	return n, err
}

// plainJSON blanks comments out, and commas before a closing bracket.
func plainJSON(s string) string {
	out := make([]byte, 0, len(s))
	comma := -1 // where out has a comma that nothing has followed yet
	for len(s) > 0 {
		switch {
		case strings.HasPrefix(s, "//"):
			_, s, _ = strings.Cut(s, "\n")
			continue
		case strings.HasPrefix(s, "/*"):
			_, s, _ = strings.Cut(s[2:], "*/")
			continue
		case s[0] == '"':
			end := stringEnd(s)
			out, s, comma = append(out, s[:end]...), s[end:], -1
			continue
		case s[0] == ']' || s[0] == '}':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
		case s[0] == ',':
			comma = len(out)
		case !strings.ContainsRune(" \t\r\n", rune(s[0])):
			comma = -1
		}
		out, s = append(out, s[0]), s[1:]
	}
	return string(out)
}

// stringEnd is where the JSON string that s begins with ends.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
