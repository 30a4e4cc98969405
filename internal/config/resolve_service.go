package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/supervisor"
)

// service fills s in, with env as its own environment.
func (r *resolver) service(s *Service, env []string) supervisor.Service {
	out := supervisor.Service{
		Name:        s.Name,
		Description: s.Description,
		Task:        s.Task,
		Command:     r.argv(s.Command, s),
		Dir:         r.dir(s),
		Env:         env,
		Ready:       r.probe(s.Ready, s),
		Restart:     s.Restart,
		Stop: supervisor.Stop{
			Signal:  s.Stop.Signal,
			Timeout: s.Stop.Timeout,
			Command: r.argv(s.Stop.Command, s),
			Leader:  s.Stop.Leader,
			Keep:    s.Keep,
		},
		TTY:       s.TTY,
		NullStdin: s.NullStdin,
		Listen:    s.ListenFD,
	}
	if out.External = s.External; s.ExternalURL.Raw != "" && out.Ready.Kind == supervisor.ProbeDefault {
		p := r.externalProbe(s)
		p.Timeout, p.Interval = s.Ready.Timeout, s.Ready.Interval
		out.Ready = p
	}
	r.place(s, &out)
	for _, d := range s.DependsOn {
		out.DependsOn = append(out.DependsOn, r.dependency(d))
	}
	if s.Health.Kind != supervisor.ProbeDefault {
		out.Health = supervisor.Health{
			Probe:     r.probe(s.Health.Probe, s),
			Enabled:   true,
			Retries:   s.Health.Retries,
			NoRestart: s.Health.NoRestart,
		}
	}
	return out
}

// place says where s listens.
func (r *resolver) place(s *Service, out *supervisor.Service) {
	if !s.Port.None {
		out.Port = r.run.Port(s.Name, "")
	}
	for _, port := range s.Ports {
		if out.Ports == nil {
			out.Ports = make(map[string]int, len(s.Ports))
		}
		out.Ports[port.Name] = r.run.Port(s.Name, port.Name)
	}
	if !s.Port.None || len(s.Ports) > 0 {
		out.Host = loopback
	}
	if s.hasURL() {
		out.URL = r.url(s)
	}
	out.Names, out.Origin = r.names[s.Name], r.origin(s)
}

func (r *resolver) dependency(d Dependency) supervisor.Dependency {
	out := supervisor.Dependency{Name: d.Name, Condition: d.Condition, Restart: d.Restart}
	if out.Condition == "" {
		out.Condition = supervisor.IsReady
		if needed := r.project.service(d.Name); needed != nil && needed.Task {
			out.Condition = supervisor.Completed
		}
	}
	return out
}

// argv is what to execute: a string goes to the shell.
func (r *resolver) argv(c Command, self *Service) []string {
	if len(c.Args) == 0 {
		return nil
	}
	var argv []string
	if c.Shell {
		argv = append(argv, r.project.Shell...)
	}
	for _, arg := range c.Args {
		argv = append(argv, r.expand(arg, self))
	}
	return argv
}

// dir is absolute. Load has seen to it that it exists, unless a template names it.
func (r *resolver) dir(s *Service) string {
	c := &checker{dir: r.project.Dir}
	dir := c.abs(r.expand(s.WorkingDir, s))
	if strings.Contains(s.WorkingDir.Raw, "{{") && !isDir(dir) {
		r.bad(s.WorkingDir.Pos, c.nearFile(dir), "the working_dir %q does not exist", dir)
	}
	return dir
}

func (r *resolver) probe(p Probe, s *Service) supervisor.Probe {
	out := supervisor.Probe{Kind: p.Kind, Status: p.Status, Timeout: p.Timeout, Interval: p.Interval, Try: p.Try}
	switch p.Kind {
	case supervisor.ProbeHTTP:
		out.Target, out.Own = r.httpTarget(p.Target, s)
	case supervisor.ProbeTCP:
		out.Target, out.Own = r.tcpTarget(p.Target, s)
	case supervisor.ProbeGRPC:
		out.Target, out.Own = r.ownAddress(p.Target, s), true
		out.Service = r.expand(p.Target, s)
	case supervisor.ProbeExec:
		out.Exec = r.argv(p.Exec, s)
	case supervisor.ProbeLog:
		out.Target = r.pattern(p.Target, s)
	}
	if s.TLS && out.Own {
		out.Roots = r.ownRoots(out, s)
	}
	return out
}

// ownRoots is the file that a probe of the own port of s, which has tls, verifies by.
func (r *resolver) ownRoots(p supervisor.Probe, s *Service) string {
	if p.Kind == supervisor.ProbeGRPC || strings.HasPrefix(strings.ToLower(p.Target), "https://") {
		return r.run.TLS(s.Name).CA
	}
	return ""
}

// ownAddress is where s listens, or a mistake at t.
func (r *resolver) ownAddress(t Text, s *Service) string {
	if s.Port.None {
		r.bad(t.Pos, "", "service %q has no port to probe", s.Name)
	}
	return net.JoinHostPort(loopback, r.port(s, ""))
}

func (r *resolver) httpTarget(t Text, s *Service) (target string, own bool) {
	raw := r.expand(t, s)
	if strings.HasPrefix(raw, "/") {
		return r.scheme(s) + "://" + r.ownAddress(t, s) + raw, true
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		r.bad(t.Pos, "", "%q is neither a path nor a URL", mask.URLs(raw))
		return raw, false
	}
	return raw, r.isOwn(s, u.Hostname(), u.Port())
}

// scheme is how to ask the service itself: by https where its url says so.
func (r *resolver) scheme(s *Service) string {
	if s.hasURL() && strings.HasPrefix(strings.ToLower(r.url(s)), "https://") {
		return "https"
	}
	return "http"
}

func (r *resolver) tcpTarget(t Text, s *Service) (target string, own bool) {
	if t.Raw == "" {
		return r.ownAddress(t, s), true
	}
	raw := r.expand(t, s)
	if err := checkHostPort(raw); err != nil {
		r.bad(t.Pos, `such as "127.0.0.1:5432"`, "%s", mask.URLs(err.Error()))
		return raw, false
	}
	host, port, _ := net.SplitHostPort(raw)
	if host == "" {
		host = loopback
	}
	return net.JoinHostPort(host, port), r.isOwn(s, host, port)
}

// isOwn reports whether host:port is one of the ports of s.
func (r *resolver) isOwn(s *Service, host, port string) bool {
	ip := net.ParseIP(host)
	if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return false
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return false
	}
	if !s.Port.None && r.run.Port(s.Name, "") == number {
		return true
	}
	for _, further := range s.Ports {
		if r.run.Port(s.Name, further.Name) == number {
			return true
		}
	}
	return false
}

// pattern is a regular expression. What templates bring into it stands for
// itself: the dots of a url match dots.
func (r *resolver) pattern(t Text, s *Service) string {
	raw := r.expandWith(t, s, regexp.QuoteMeta)
	if _, err := regexp.Compile(raw); err != nil {
		r.bad(t.Pos, "", "not a regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return raw
}
