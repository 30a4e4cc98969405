package initfile

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// environment gives s its variables. One without a value comes from lhrun's own
// environment by itself.
func (c *compose) environment(s *service, n *node) {
	if n == nil {
		return
	}
	for key, value := range n.asTable().pairs() {
		text, ok := c.text(value.str())
		switch {
		case key == "" || strings.ContainsAny(key, "= \t\r\n\x00"):
			s.lose("environment " + key + ": " + value.text)
		case value.isNull || value.text == "${"+key+"}" || value.text == "$"+key:
			s.say(key + " comes from .env or from your own environment.")
		case !ok:
			s.lose("environment " + key + ": " + value.text + ", of which nothing here sets a variable")
		default:
			s.set(key, c.secrets(text))
		}
	}
	n.drop()
}

// secrets names the files of secrets where they are here.
func (c *compose) secrets(text string) string {
	for name, n := range c.root.parts["secrets"].all() {
		if file := n.parts["file"]; file.isScalar() {
			text = strings.ReplaceAll(text, "/run/secrets/"+name, "{{dir}}/"+literal(path.Join(c.base, file.text)))
		}
	}
	return text
}

// all are the pairs of a table, none of them read by that.
func (n *node) all() func(yield func(string, *node) bool) {
	return func(yield func(string, *node) bool) {
		if n == nil {
			return
		}
		for _, key := range n.keys {
			if n.parts[key].parts != nil && !yield(key, n.parts[key]) {
				return
			}
		}
	}
}

// envFiles takes those over that are here. The .env of the root is read for every
// service.
func (c *compose) envFiles(s *service, n *node) {
	add := func(file string, required bool) {
		name := path.Join(c.base, c.plainText(file))
		switch {
		case name == ".env" && exists(c.d.tree, name):
			s.say(rootDotenv)
		case exists(c.d.tree, name) && !c.d.isReadable(name):
			s.lose("env_file: " + file + ", which has a mistake")
		case exists(c.d.tree, name):
			s.envFiles = append(s.envFiles, name)
		case required:
			s.lose("env_file: " + file + ", which is not here" + c.example(name))
		default:
			s.lose("env_file: " + file)
		}
	}
	if n != nil && !n.isList {
		for _, word := range n.words() {
			add(word, true)
		}
	}
	for item := range n.items() {
		if item.isTable() {
			add(item.get("path").str(), item.get("required").str() != "false")
		} else if item.isScalar() {
			add(item.str(), true)
		}
	}
}

// example points to a file that is to be copied to name.
func (c *compose) example(name string) string {
	for _, ending := range []string{".example", ".sample", ".template", ".dist", "-example"} {
		if exists(c.d.tree, name+ending) {
			return "; copy " + name + ending + " to it, and write env_file = " + quote(name)
		}
	}
	return ""
}

// after reads depends_on and links.
func (c *compose) after(n *node) []edge {
	var after []edge
	add := func(e edge) {
		if !slices.ContainsFunc(after, func(k edge) bool { return k.name == e.name }) {
			after = append(after, e)
		}
	}
	if on := n.get("depends_on"); on != nil {
		for name, value := range on.asTable().pairs() {
			add(edge{name, conditions.of(value.get("condition").str()), value.get("restart").truth()})
		}
		if on.isList {
			on.drop()
		}
	}
	for _, link := range n.get("links").words() {
		name, _, _ := strings.Cut(link, ":")
		add(edge{name: name})
	}
	return after
}

// conditions are those of compose and process-compose in lhrun's words; the others
// are the default one.
var conditions = glossary{
	{"service_started", "started"},
	{"service_completed_successfully", "completed"},
	{"process_started", "started"},
	{"process_completed", "completed"},
	{"process_completed_successfully", "completed"},
}

var publishedPort = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:(?:[0-9]+\.[0-9.]+|\[[0-9a-fA-F:]+\]):)?(?:([0-9]+)(?:-[0-9]+)?:)?([0-9]+)(?:-[0-9]+)?(?:/(tcp|udp))?$`)
})

// ports tells s by which numbers others know its ports: the first is its own, the
// rest are further ones, as are those that a Dockerfile names. main is the port of a
// program that stands in, 0 for another.
func (c *compose) ports(s *service, n *node, main int, exposed ...int) {
	var all numbers
	for item := range n.get("ports").items() {
		container, published := c.publishedPort(item)
		if container == 0 {
			s.lose("ports: " + item.flow(maxFlow))
			continue
		}
		all.add(container, published)
	}
	for _, expose := range n.get("expose").words() {
		number, _, _ := strings.Cut(c.plainText(expose), "/")
		if atoi(number) == 0 {
			s.lose("expose: " + expose)
			continue
		}
		all.add(atoi(number), 0)
	}
	for _, number := range exposed {
		all.add(number, 0)
	}
	if main == 0 {
		main = all.main()
	}
	for _, same := range all {
		switch name, known := s.portName(same[0]); {
		case same[0] == main:
			s.known = append(s.known, same...)
		case known && name != "":
			s.further(name, same...)
		default:
			s.further(nameOfPort(same[0]), same...)
		}
	}
}

// publishedPort reads "PUBLISHED:CONTAINER", or the table of both. container is 0 for
// what is none of TCP.
func (c *compose) publishedPort(item *node) (container, published int) {
	if !item.isTable() {
		m := publishedPort().FindStringSubmatch(c.plainText(item.str()))
		if m == nil || m[3] == "udp" {
			return 0, 0
		}
		return atoi(m[2]), atoi(m[1])
	}
	item.get("mode").str()
	if item.has("protocol") && item.parts["protocol"].text == "tcp" {
		item.get("protocol")
	}
	return atoi(c.plain(item.get("target"))), atoi(c.plain(item.get("published")))
}

// numbers are ports, each with all the numbers by which it is known; the first is the
// one in the container.
type numbers [][]int

func (all *numbers) add(container, published int) {
	i := slices.IndexFunc(*all, func(same []int) bool { return same[0] == container })
	if i < 0 {
		*all, i = append(*all, []int{container}), len(*all)
	}
	if published != 0 && !slices.Contains((*all)[i], published) {
		(*all)[i] = append((*all)[i], published)
	}
}

// main is the first port that has no name, as those of debuggers have.
func (all numbers) main() int {
	for _, same := range all {
		if nameOfPort(same[0]) == strconv.Itoa(same[0]) {
			return same[0]
		}
	}
	if len(all) > 0 {
		return all[0][0]
	}
	return 0
}

// portNames are ports that are known by their numbers and hardly ever the main one.
var portNames = []port{{"debug", []int{9229, 5005, 5678, 2345}}, {"livereload", []int{35729}}, {"hmr", []int{24678}}, {"https", []int{443}}}

func nameOfPort(number int) string {
	for _, p := range portNames {
		if slices.Contains(p.known, number) {
			return p.name
		}
	}
	return strconv.Itoa(number)
}
