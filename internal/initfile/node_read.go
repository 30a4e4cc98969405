package initfile

import (
	"iter"
	"strconv"
	"strings"
)

// get is the value of key, nil where there is none. What is got counts as read,
// of a list or a table only what is got of it in turn.
func (n *node) get(key string) *node {
	if n == nil || n.parts == nil {
		return nil
	}
	part := n.parts[key]
	if part != nil {
		part.read = true
	}
	return part
}

// leave marks a value as not read after all.
func (n *node) leave(key string) {
	if n != nil && n.parts[key] != nil {
		n.parts[key].read = false
	}
}

// has reports whether there is a value of key, without reading it.
func (n *node) has(key string) bool { return n != nil && n.parts[key] != nil && !n.parts[key].isNull }

// str is a scalar; "" is what is something else.
func (n *node) str() string {
	if n == nil || n.isList || n.parts != nil {
		return ""
	}
	n.read = true
	return n.text
}

// isScalar tells a scalar that says something.
func (n *node) isScalar() bool { return n != nil && !n.isList && n.parts == nil && !n.isNull }

// words are the scalars of a list; a scalar is a list of one.
func (n *node) words() []string {
	if n == nil || n.parts != nil {
		return nil
	}
	if !n.isList {
		if n.str() == "" {
			return nil
		}
		return []string{n.text}
	}
	n.read = true
	var words []string
	for _, item := range n.list {
		if item.isScalar() {
			words = append(words, item.str())
		}
	}
	return words
}

// items are the members of a list. A table among them counts as got.
func (n *node) items() iter.Seq[*node] {
	return func(yield func(*node) bool) {
		if n == nil {
			return
		}
		n.read = true
		for _, item := range n.list {
			item.read = item.read || item.parts != nil
			if !yield(item) {
				return
			}
		}
	}
}

// pairs are those of a table, in the order of the file. They count as got.
func (n *node) pairs() iter.Seq2[string, *node] {
	return func(yield func(string, *node) bool) {
		if n == nil {
			return
		}
		n.read = true
		for _, key := range n.keys {
			n.parts[key].read = true
			if !yield(key, n.parts[key]) {
				return
			}
		}
	}
}

// truth is a boolean, in the words of YAML 1.1 too.
func (n *node) truth() bool {
	switch strings.ToLower(n.str()) {
	case "true", "yes", "on":
		return true
	}
	return false
}

// number is 0 for what is none.
func (n *node) number() int {
	i, _ := strconv.Atoi(n.str())
	return i
}

// drop marks n and all below it as read.
func (n *node) drop() {
	if n == nil {
		return
	}
	n.read = true
	for _, item := range n.list {
		item.drop()
	}
	for _, part := range n.parts {
		part.drop()
	}
}

// unread are the parts of n that nothing has read, as "key: value".
func (n *node) unread(path string) []string {
	switch {
	case n == nil:
		return nil
	case !n.read && path != "":
		return []string{path + ": " + n.flow(maxFlow)}
	}
	var lost []string
	for _, key := range n.keys {
		lost = append(lost, n.parts[key].unread(strings.TrimPrefix(path+"."+key, "."))...)
	}
	for _, item := range n.list {
		lost = append(lost, item.unread(path)...)
	}
	return lost
}

// maxFlow is how much of one value a comment shows.
const maxFlow = 300

// flow writes a value on one line, as YAML would, of at most about limit bytes.
func (n *node) flow(limit int) string {
	var b strings.Builder
	n.writeFlow(&b, limit)
	if b.Len() > limit {
		return strings.ToValidUTF8(b.String()[:limit], "") + " …"
	}
	return b.String()
}

func (n *node) writeFlow(b *strings.Builder, limit int) {
	switch {
	case b.Len() > limit:
	case n.isList:
		b.WriteString("[")
		for i, item := range n.list {
			if i > 0 {
				b.WriteString(", ")
			}
			item.writeFlow(b, limit)
		}
		b.WriteString("]")
	case n.parts != nil:
		b.WriteString("{")
		for i, key := range n.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(key + ": ")
			n.parts[key].writeFlow(b, limit)
		}
		b.WriteString("}")
	case n.isNull:
		b.WriteString("null")
	default:
		b.WriteString(n.text)
	}
}
