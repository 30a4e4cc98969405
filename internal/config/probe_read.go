package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lhrun/lhrun/supervisor"
)

const probeHint = `one of http, tcp, exec, log, notify or grpc, such as { http = "/healthz" }`

// ready reads a readiness probe. With no kind it is the default one, which may
// still have a timeout.
func (c *checker) ready(n *node, s *Service) Probe {
	if n != nil && s.Task && s.Name != "" {
		c.bad(n.keyPos(), "a task is done when it exits 0", "task %q cannot have ready", s.Name)
	}
	f := c.table(n, shorthandHint("ready", n))
	defer f.end("ready")
	try := f.get("try")
	p := c.probe(f, s)
	if p.Try = c.patience(try); try != nil {
		switch p.Kind {
		case supervisor.ProbeHTTP, supervisor.ProbeTCP, supervisor.ProbeExec, supervisor.ProbeGRPC:
		default:
			c.bad(try.keyPos(), "", "try is for http, tcp, exec and grpc probes only")
		}
	}
	return p
}

// health reads a health probe, which needs a kind.
func (c *checker) health(n *node, s *Service) Health {
	if n == nil {
		return Health{}
	}
	if s.Task && s.Name != "" {
		c.bad(n.keyPos(), "a task is done when it exits 0", "task %q cannot have health", s.Name)
	}
	f := c.table(n, shorthandHint("health", n))
	defer f.end("health")
	h := Health{Probe: c.probe(f, s), Retries: 3}
	if at := f.get("retries"); at != nil {
		h.Retries = c.integer(at, 1, 1<<30)
	}
	h.NoRestart = c.oneOf(f.get("on_failure"), "restart", "none") == "none"
	if f.isTable && !hasKind(f.n) {
		c.bad(n.keyPos(), probeHint, "health does not say what to try")
	}
	return h
}

// shorthandHint guesses what a probe that is no table was meant to be.
func shorthandHint(key string, n *node) string {
	if n == nil {
		return ""
	}
	s, _ := n.scalar.(string)
	switch {
	case strings.HasPrefix(s, "/"), strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"):
		return fmt.Sprintf("%s = { http = %q }", key, s)
	case s == "tcp" || s == "notify" || s == "grpc":
		return fmt.Sprintf("%s = { %s = true }", key, s)
	}
	return probeHint
}

var probeKinds = [...]supervisor.ProbeKind{
	supervisor.ProbeHTTP, supervisor.ProbeTCP, supervisor.ProbeExec,
	supervisor.ProbeLog, supervisor.ProbeNotify, supervisor.ProbeGRPC,
}

func hasKind(n *node) bool {
	for _, kind := range probeKinds {
		if n.parts[string(kind)] != nil {
			return true
		}
	}
	return false
}

// probe reads what readiness and health have in common. A probe of two kinds is
// read as the first.
func (c *checker) probe(f *fields, s *Service) Probe {
	for _, kind := range probeKinds {
		f.get(string(kind))
	}
	var p Probe
	var first *node
	for _, name := range f.n.names {
		n, read := f.n.parts[name], Probe{Kind: supervisor.ProbeKind(name)}
		if !slices.Contains(probeKinds[:], read.Kind) {
			continue
		}
		c.probeKind(&read, n, s)
		if first == nil {
			first, p = n, read
			continue
		}
		c.bad(n.keyPos(), c.twoKindsHint(first, n), "two probe kinds at once: %s and %s", p.Kind, name)
	}
	p.Timeout = c.patience(f.get("timeout"))
	p.Interval = c.patience(f.get("interval"))
	if at := f.get("status"); at != nil {
		p.Status = c.integer(at, 100, 599)
		if p.Kind != supervisor.ProbeHTTP {
			c.bad(at.keyPos(), "", "status is for http probes only")
		}
	}
	return p
}

func (c *checker) twoKindsHint(a, b *node) string {
	if a.src != b.src {
		return fmt.Sprintf("tables of %s are merged key by key into those of %s", b.src.name, a.src.name)
	}
	return "take one out"
}

// probeKind reads the value of the kind that p has already.
func (c *checker) probeKind(p *Probe, n *node, s *Service) {
	switch p.Kind {
	case supervisor.ProbeHTTP:
		p.Target = c.httpTarget(n, s)
	case supervisor.ProbeTCP:
		p.Target = c.tcpTarget(n, s)
	case supervisor.ProbeExec:
		p.Exec = c.command(n)
	case supervisor.ProbeLog:
		p.Target = c.pattern(n)
	case supervisor.ProbeNotify:
		c.onlyTrue(n, "true")
	case supervisor.ProbeGRPC:
		c.ownPort(n, s)
		if isString(n) {
			p.Target = c.text(n)
		} else {
			c.onlyTrue(n, "true or the name of a gRPC service")
		}
	}
}

func (c *checker) onlyTrue(n *node, expected string) {
	if n.scalar == false {
		c.bad(n.pos(), "leave it out", "expected %s, found false", expected)
	} else if n.scalar != true {
		c.wrong(n, expected, "")
	}
}

// ownPort notes a probe of the own port of a service that has none.
func (c *checker) ownPort(n *node, s *Service) {
	if s.Port.None && !s.Task && s.Name != "" {
		c.bad(n.pos(), "", "service %q has port = false: there is nothing to probe", s.Name)
	}
}

func (c *checker) httpTarget(n *node, s *Service) Text {
	if n.scalar == true {
		c.wrong(n, "a path or a URL", `write "/"`)
		return Text{}
	}
	t := c.text(n)
	switch {
	case t.Raw == "", strings.HasPrefix(t.Raw, "{{"):
	case strings.HasPrefix(t.Raw, "/"):
		c.ownPort(n, s)
	case strings.HasPrefix(t.Raw, "http://"), strings.HasPrefix(t.Raw, "https://"):
		u, err := url.Parse(t.Raw)
		if !strings.Contains(t.Raw, "{{") && (err != nil || u.Host == "") {
			c.bad(t.Pos, "", "%q is not a URL", t.Raw)
		}
	default:
		c.bad(t.Pos, didYouMean(strconv.Quote("/"+t.Raw)), "%q is neither a path nor a URL", t.Raw)
	}
	return t
}

func (c *checker) tcpTarget(n *node, s *Service) Text {
	if !isString(n) {
		c.ownPort(n, s)
		c.onlyTrue(n, `true or "host:port"`)
		return Text{}
	}
	t := c.text(n)
	if t.Raw != "" && !strings.Contains(t.Raw, "{{") {
		if err := checkHostPort(t.Raw); err != nil {
			c.bad(t.Pos, `such as "127.0.0.1:5432"`, "%v", err)
		}
	}
	return t
}

// pattern reads a regular expression; what templates in it become matters not.
func (c *checker) pattern(n *node) Text {
	t := c.text(n)
	literal := strings.ReplaceAll(t.Raw, "{{{{", "{")
	if _, err := regexp.Compile(templateText().ReplaceAllString(literal, "0")); err != nil {
		msg := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		c.bad(t.Pos, "", "not a regular expression: %s", msg)
	}
	return t
}

var templateText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\{[^{}]*\}\}`) })
