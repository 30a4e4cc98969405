package config

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lhrun/lhrun/supervisor"
)

// defaultMaxBackoff is the supervisor's.
const defaultMaxBackoff = 30 * time.Second

func (c *checker) restart(n *node, s *Service) supervisor.Restart {
	policy := supervisor.RestartOnFailure
	if s.Task {
		policy = supervisor.RestartNo
	}
	if n == nil {
		return supervisor.Restart{Policy: policy}
	}
	if !n.isTable {
		return supervisor.Restart{Policy: c.policy(n, policy)}
	}
	f := c.table(n, "")
	r := supervisor.Restart{
		Policy:     c.policy(f.get("policy"), policy),
		Backoff:    c.duration(f.get("backoff")),
		MaxBackoff: c.duration(f.get("max_backoff")),
	}
	if at := f.get("max_restarts"); at != nil {
		r.MaxRestarts = c.integer(at, -1, 1<<30)
		if at.scalar == int64(0) {
			r.Policy = supervisor.RestartNo
		}
	}
	f.end("restart")
	switch {
	case r.MaxBackoff == 0 && r.Backoff > 0:
		r.MaxBackoff = max(r.Backoff, defaultMaxBackoff)
	case r.Backoff > r.MaxBackoff:
		c.bad(f.n.parts["backoff"].pos(), "", "backoff %s is longer than max_backoff %s", r.Backoff, r.MaxBackoff)
	}
	return r
}

func (c *checker) policy(n *node, absent supervisor.RestartPolicy) supervisor.RestartPolicy {
	if n == nil {
		return absent
	}
	if on, isBool := n.scalar.(bool); isBool {
		word := map[bool]string{true: `"always"`, false: `"no"`}[on]
		c.wrong(n, `"no", "on-failure" or "always"`, "write "+word)
		return absent
	}
	return supervisor.RestartPolicy(c.oneOf(n, "no", "on-failure", "always"))
}

func (c *checker) stop(n *node) Stop {
	f := c.table(n, `stop = { signal = "INT", timeout = "5s" }`)
	defer f.end("stop")
	return Stop{
		Signal:  c.signal(f.get("signal")),
		Timeout: c.duration(f.get("timeout")),
		Command: c.command(f.get("command")),
		Leader:  c.oneOf(f.get("to"), "group", "leader") == "leader",
	}
}

// keep reads the names of programs, without their paths.
func (c *checker) keep(n *node) []string {
	names := c.list(n)
	for _, t := range names {
		if strings.Contains(t.Raw, "/") {
			c.bad(t.Pos, didYouMean(strconv.Quote(path.Base(t.Raw))), "%q is no name of a program: it has a path", t.Raw)
		}
	}
	return raws(names)
}

// watch reads patterns, or a table of them and of what to do.
func (c *checker) watch(n *node) *Watch {
	if n == nil {
		return nil
	}
	if !n.isTable {
		return &Watch{Paths: c.patterns(n)}
	}
	f := c.table(n, "")
	defer f.end("watch")
	w := &Watch{
		Paths:    c.patterns(f.get("paths")),
		Ignore:   c.patterns(f.get("ignore")),
		Debounce: c.duration(f.get("debounce")),
		Signal:   c.signal(f.get("signal")),
	}
	if f.n.parts["paths"] == nil {
		c.bad(n.keyPos(), `watch = { paths = ["src/**"] }`, "watch has no paths")
	}
	return w
}

func (c *checker) patterns(n *node) []string {
	texts := c.list(n)
	for _, t := range texts {
		if !doublestar.ValidatePattern(t.Raw) {
			c.bad(t.Pos, `patterns are like "src/**/*.go" or "*.{css,html}"`, "%q is not a pattern", t.Raw)
		}
	}
	return raws(texts)
}

func (c *checker) listen(n *node, s *Service) bool {
	fd := c.oneOf(n, "fd") == "fd"
	if fd && s.Name != "" && s.Port.None && len(s.Ports) == 0 {
		c.bad(n.pos(), "", "service %q has no port to hand over", s.Name)
	}
	return fd
}
