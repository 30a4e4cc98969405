package initfile

import (
	"path"
	"slices"
	"strings"
)

// composeNames are the files that docker compose looks for, in its order.
var composeNames = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

// composeOver are files that are merged over it: docker compose's own, and those of
// development that public projects have.
var composeOver = [][]string{
	{"compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml"},
	{
		"compose.dev.yaml", "compose.dev.yml", "docker-compose.dev.yaml", "docker-compose.dev.yml", "docker-compose-dev.yml",
		"docker-compose.development.yml", "docker-compose.local.yml",
	},
}

// compose is a compose file with all that is merged into it.
type compose struct {
	d *Draft
	// file is its name, and base the directory that its paths begin in.
	file, base string
	root       *node
	// missing are the variables of ${…} that nothing sets, each once.
	missing []string
}

// readCompose reads the compose files of the root. listed reports whether something else
// starts the project's own programs.
func (d *Draft) readCompose(listed bool) {
	var files []string
	for _, names := range slices.Concat([][]string{composeNames}, composeOver) {
		if i := slices.IndexFunc(names, func(name string) bool { return exists(d.tree, name) }); i >= 0 {
			files = append(files, names[i])
		}
	}
	d.compose(files, listed)
}

// compose joins the services of files, of which later ones are merged over earlier
// ones.
func (d *Draft) compose(files []string, listed bool) {
	if len(files) == 0 {
		return
	}
	c := &compose{d: d, file: files[0], base: path.Dir(files[0])}
	for _, file := range files {
		root, err := c.load(file, 0)
		if err != nil {
			d.note(file, err)
			continue
		}
		c.root = mergeNodes(c.root, root, "")
		d.isSource(file)
	}
	if c.root == nil {
		return
	}
	services := c.root.get("services")
	if len(services.keysOrNone()) == 0 {
		d.Sources = slices.DeleteFunc(d.Sources, func(s string) bool { return slices.Contains(files, s) })
	}
	for name, n := range services.pairs() {
		n = c.extended(n, 0)
		n.read = true
		s := c.service(name, n)
		d.join(s, listed)
	}
	c.root.get("name").str()
	c.root.get("version").drop()
	for key := range c.root.pairs() {
		if strings.HasPrefix(key, "x-") {
			c.root.parts[key].drop() // What refers to it has it.
		} else if key != "services" && key != "include" && key != "name" && key != "version" {
			c.root.parts[key].read = false
		}
	}
	c.root.parts["services"].drop()
	d.lose(c.file, c.root.unread("")...)
}

func (n *node) keysOrNone() []string {
	if n == nil {
		return nil
	}
	return n.keys
}

// maxIncludes is how deep files may include others.
const maxIncludes = 5

// load reads a file with what it includes.
func (c *compose) load(file string, depth int) (*node, error) {
	data, err := readFile(c.d.tree, file)
	if err != nil {
		return nil, err
	}
	root, err := parseYAML(data)
	if err != nil {
		return nil, err
	}
	if root.parts == nil {
		root.parts = map[string]*node{}
	}
	var below *node
	for item := range root.get("include").items() {
		paths := item.words()
		if item.parts != nil {
			paths = item.get("path").words()
		}
		for _, p := range paths {
			included, err := c.load(path.Join(path.Dir(file), p), depth+1)
			if depth == maxIncludes || err != nil {
				c.d.lose(file, "include: "+p)
				continue
			}
			below = mergeNodes(below, included, "")
		}
	}
	return mergeNodes(below, root, ""), nil
}

// extended is a service with what it extends below it.
func (c *compose) extended(n *node, depth int) *node {
	extends := n.get("extends")
	if extends == nil || depth == maxIncludes {
		return n
	}
	name, services := extends.str(), c.root.parts["services"]
	if extends.parts != nil {
		name = extends.get("service").str()
		if file := extends.get("file").str(); file != "" {
			other, err := c.load(path.Join(c.base, file), maxIncludes)
			if err != nil {
				extends.read = false
				return n
			}
			services = other.parts["services"]
		}
	}
	if services == nil || services.parts[name] == nil || services.parts[name] == n {
		extends.read = false
		return n
	}
	return mergeNodes(c.extended(services.parts[name].clone(), depth+1), n, "")
}

// replaced are keys of which the later file's value is the whole value.
var replaced = []string{"command", "entrypoint", "test"}

// mergeNodes is over merged over base by the rules of compose. Neither is changed.
func mergeNodes(base, over *node, key string) *node {
	switch {
	case base == nil || over != nil && !over.isNull && (slices.Contains(replaced, key) || !base.isTable() && !over.isTable() && !over.isList):
		return over
	case over == nil || over.isNull:
		return base
	}
	if key == "environment" || key == "depends_on" {
		base, over = base.asTable(), over.asTable()
	}
	switch {
	case base.isList && over.isList:
		merged := &node{isList: true}
		for _, item := range append(slices.Clone(base.list), over.list...) {
			if !slices.ContainsFunc(merged.list, func(n *node) bool { return n.flow(maxFlow) == item.flow(maxFlow) }) {
				merged.list = append(merged.list, item)
			}
		}
		return merged
	case base.isTable() && over.isTable():
		merged := &node{parts: map[string]*node{}}
		for _, k := range base.keys {
			merged.set(k, base.parts[k])
		}
		for _, k := range over.keys {
			merged.set(k, mergeNodes(base.parts[k], over.parts[k], k))
		}
		return merged
	}
	return over
}

// clone is a copy of n that nothing has read.
func (n *node) clone() *node {
	if n == nil {
		return nil
	}
	copied := *n
	copied.read, copied.list, copied.parts = false, nil, nil
	for _, item := range n.list {
		copied.list = append(copied.list, item.clone())
	}
	if n.parts != nil {
		copied.parts = map[string]*node{}
		for key, part := range n.parts {
			copied.parts[key] = part.clone()
		}
	}
	return &copied
}

func (n *node) isTable() bool { return n != nil && n.parts != nil }

// asTable makes the list form of environment and depends_on a table.
func (n *node) asTable() *node {
	if n == nil || !n.isList {
		return n
	}
	table := &node{parts: map[string]*node{}}
	for _, item := range n.list {
		key, value, found := strings.Cut(item.text, "=")
		table.set(key, &node{text: value, isNull: !found})
	}
	return table
}

// plain is a scalar of the file with its variables filled in. It is for what is no
// text of the draft: a name, a number, a path.
func (c *compose) plain(n *node) string { return c.plainText(n.str()) }

func (c *compose) plainText(s string) string {
	text, _ := interpolate(s, c.d.dotenv.value, func(s string) string { return s })
	return text
}

// text is s with its variables filled in, as a text of the draft: what .env sets is a
// template. It is not ok where nothing sets one of them.
func (c *compose) text(s string) (text string, ok bool) {
	text, missing := interpolate(s, c.d.dotenv.template, literal)
	return text, len(missing) == 0 && !strings.Contains(text, "\x00")
}

// argv is a command as one line of sh; a list is quoted word by word. A shell that is
// given one is left out.
func (c *compose) argv(n *node) (string, bool) {
	if n == nil || n.isNull {
		return "", false
	}
	line := n.str()
	if n.isList {
		words := n.words()
		line = shellLine(words)
		if script, ok := shellScript(words); ok {
			line = script
		}
	} else if words, ok := shellWords(line); ok {
		if script, ok := shellScript(values(words)); ok {
			line = script
		}
	}
	text, missing := interpolate(line, c.d.dotenv.template, literal)
	for _, name := range missing {
		if !slices.Contains(c.missing, name) {
			c.missing = append(c.missing, name)
		}
	}
	return strings.TrimSpace(text), strings.TrimSpace(text) != ""
}

// shellScript is what a shell is given by -c. That of a bash is taken only where any
// other would do the same.
func shellScript(argv []string) (string, bool) {
	if len(argv) != 3 || !strings.HasPrefix(argv[1], "-") || !strings.HasSuffix(argv[1], "c") {
		return "", false
	}
	switch _, plain := shellWords(argv[2]); path.Base(argv[0]) {
	case "sh", "ash":
		return argv[2], true
	case "bash":
		ofBash := slices.ContainsFunc([]string{"[[", "((", "source ", "pipefail", "<<<", "$'"}, func(part string) bool { return strings.Contains(argv[2], part) })
		return argv[2], plain && !ofBash
	}
	return "", false
}
