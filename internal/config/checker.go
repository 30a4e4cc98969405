package config

// checker reads nodes into typed values and collects what is wrong with them. A
// reader of a value that is wrong returns the zero value: its mistake is noted,
// and reading goes on.
type checker struct {
	collector
	sources []*source
	dir     string
	// conditions are where those of dependencies stand.
	conditions map[Pos]Pos
	// serviceKeyNames are known in [services.NAME].
	serviceKeyNames []string
}

func (c *checker) finish() Mistakes { return c.inOrder(c.sources) }

// wrong reports that n is of another kind than expected.
func (c *checker) wrong(n *node, expected, hint string) {
	c.bad(n.pos(), hint, "expected %s, found %s", expected, n.kind())
}
