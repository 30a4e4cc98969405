package config

import (
	"fmt"
	"net"
	"strconv"

	"github.com/lhrun/lhrun/internal/words"
)

const maxPort = 65535

// mainPort reads a service's own port: "auto", a number, or false.
func (c *checker) mainPort(n *node, s *Service) Port {
	if n == nil {
		return Port{None: s.Task, Pos: s.Pos}
	}
	p := Port{Pos: n.pos()}
	switch {
	case n.scalar == false:
		p.None = true
	case n.scalar != "auto":
		p.Number = c.portNumber(n, `"auto", a number or false`)
	}
	return p
}

func (c *checker) namedPorts(n *node) []Port {
	f := c.table(n, `ports = { debug = "auto" }`)
	var named []Port
	for _, name := range f.n.names {
		part := f.n.parts[name]
		p := Port{Name: name, Pos: part.pos()}
		if !words.IsName(name) {
			c.bad(part.keyPos(), nameHint(name), "%q cannot be the name of a port: it takes letters, digits, - and _, and no - or _ first", name)
		}
		if part.scalar != "auto" {
			p.Number = c.portNumber(part, `"auto" or a number`)
		}
		named = append(named, p)
	}
	return named
}

func (c *checker) portNumber(n *node, expected string) int {
	i, ok := n.scalar.(int64)
	if s, isString := n.scalar.(string); isString {
		hint := meantHint(s, []string{"auto"})
		if number, err := strconv.Atoi(s); err == nil {
			hint = fmt.Sprintf("a number has no quotes: %d", number)
		}
		c.bad(n.pos(), hint, "%q is not %s", s, expected)
		return 0
	}
	if !ok {
		c.wrong(n, expected, "")
		return 0
	}
	if i < 1 || i > maxPort {
		c.bad(n.pos(), "", "port %d is not between 1 and %d", i, maxPort)
		return 0
	}
	return int(i)
}

// checkHostPort finds what is wrong with a "host:port" without templates.
func checkHostPort(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q is not host:port", s)
	}
	if number, err := strconv.Atoi(port); err != nil || number < 1 || number > maxPort {
		return fmt.Errorf("port %q is not between 1 and %d", port, maxPort)
	}
	return nil
}
