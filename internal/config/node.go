package config

import (
	"maps"
	"slices"
	"time"
)

// node is a TOML value that knows where it stands.
type node struct {
	src        *source
	key, value span

	// scalar is a string, int64, float64, bool or time.Time.
	scalar any
	// isTable and isArray tell empty ones from scalars.
	isTable, isArray bool
	names            []string // in the order of the file
	parts            map[string]*node
	elements         []*node
}

func (n *node) keyPos() Pos { return n.src.pos(n.key) }
func (n *node) pos() Pos    { return n.src.pos(n.value) }

// written returns the value as the file has it, quotes and all.
func (n *node) written() string { return n.src.text[n.value.start:n.value.end] }

// size counts n and all that is in it; a long text counts as several.
func (n *node) size() int {
	if n == nil {
		return 0
	}
	size := 1 + len(n.written())/longText
	for _, part := range n.parts {
		size += part.size()
	}
	for _, element := range n.elements {
		size += element.size()
	}
	return size
}

const longText = 100

// kind says what n is, for people.
func (n *node) kind() string {
	switch n.scalar.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case bool:
		return "a boolean"
	case time.Time:
		return "a date or time"
	}
	if n.isArray {
		return "an array"
	}
	return "a table"
}

// join puts the decoded value and its place together. A value without a place
// stands where its parent does.
func join(src *source, value any, p *place) *node {
	n := &node{src: src, key: p.key, value: p.value}
	switch value := value.(type) {
	case map[string]any:
		n.joinTable(value, p)
	case []map[string]any:
		n.isArray = true
		for i, element := range value {
			n.elements = append(n.elements, join(src, element, p.element(i)))
		}
	case []any:
		n.isArray = true
		for i, element := range value {
			n.elements = append(n.elements, join(src, element, p.element(i)))
		}
	default:
		n.scalar = value
	}
	return n
}

func (n *node) joinTable(value map[string]any, p *place) {
	n.isTable = true
	n.names, n.parts = make([]string, 0, len(value)), make(map[string]*node, len(value))
	for _, name := range p.names {
		if v, ok := value[name]; ok {
			n.set(name, join(n.src, v, p.parts[name]))
		}
	}
	if len(n.names) == len(value) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(value)) {
		if n.parts[name] == nil {
			n.set(name, join(n.src, value[name], &place{key: p.key, value: p.value}))
		}
	}
}

func (p *place) element(i int) *place {
	if i < len(p.elements) {
		return p.elements[i]
	}
	return &place{key: p.key, value: p.value}
}

func (n *node) set(name string, part *node) {
	if n.parts[name] == nil {
		n.names = append(n.names, name)
	}
	n.parts[name] = part
}

// merge lays over on base, which it changes: tables key by key, everything else
// replaces. Every value keeps the place in its own file.
func merge(base, over *node) *node {
	if !base.isTable || !over.isTable {
		return over
	}
	for _, name := range over.names {
		part := over.parts[name]
		if under := base.parts[name]; under != nil {
			part = merge(under, part)
		}
		base.set(name, part)
	}
	return base
}
