package config

import (
	"net"
	"net/url"

	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/supervisor"
)

// external reads true, or the URL of what is only probed.
func (c *checker) external(n *node, s *Service) {
	switch {
	case n == nil:
	case isString(n):
		if s.ExternalURL = c.text(n); s.ExternalURL.Raw == "" {
			return
		}
		s.External, s.Port = true, Port{None: true, Pos: n.pos()}
		if s.URL.Raw == "" {
			s.URL = s.ExternalURL
		}
	default:
		s.External = c.boolean(n, false)
	}
}

// processKeys say how a process of lhrun's is started, watched and ended.
var processKeys = []string{"command", "working_dir", "restart", "stop", "tty", "watch", "listen", "keep", "tls"}

// checkExternal refuses what an external service cannot have. What is only a default for
// all services is not refused.
func (c *checker) checkExternal(f *fields, own *node, s *Service) {
	if !s.External {
		return
	}
	s.Command, s.WorkingDir, s.TTY, s.Watch, s.ListenFD, s.Keep, s.TLS = Command{}, Text{}, false, nil, false, nil, false
	for _, key := range processKeys {
		if n := own.parts[key]; n != nil {
			c.bad(n.keyPos(), "", "service %q is external: lhrun starts no process that %q could be for", s.Name, key)
		}
	}
	at := f.n.parts["external"].pos()
	switch port := own.parts["port"]; {
	case s.Task:
		c.bad(at, "", "task %q cannot be external: it has to run to its end", s.Name)
	case s.ExternalURL.Raw != "" && port != nil:
		c.bad(port.keyPos(), "", "service %q has a port and a URL: external = true goes with the port", s.Name)
	case s.ExternalURL.Raw == "" && s.Port.None:
		c.bad(at, `port = 5432, or external = "http://127.0.0.1:8080"`, "service %q is external and has no port", s.Name)
	}
	for key, kind := range map[string]supervisor.ProbeKind{"ready": s.Ready.Kind, "health": s.Health.Kind} {
		if kind == supervisor.ProbeLog || kind == supervisor.ProbeNotify {
			c.bad(f.n.parts[key].keyPos(), "http, tcp, grpc and exec will do", "service %q is external: %q cannot find out about it", s.Name, kind)
		}
	}
}

// externalProbe is what finds an external service ready where the file does not say: an
// http request for a URL of http, a connection for any other.
func (r *resolver) externalProbe(s *Service) supervisor.Probe {
	t := s.ExternalURL
	raw := r.expand(t, s)
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		r.bad(t.Pos, `such as "http://127.0.0.1:8080/healthz" or "postgres://127.0.0.1:5432"`, "%q is no URL", mask.URLs(raw))
		return supervisor.Probe{}
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		return supervisor.Probe{Kind: supervisor.ProbeHTTP, Target: raw}
	}
	if u.Port() == "" {
		r.bad(t.Pos, "", "%q names no port to connect to", mask.URLs(raw))
	}
	return supervisor.Probe{Kind: supervisor.ProbeTCP, Target: net.JoinHostPort(u.Hostname(), u.Port())}
}
