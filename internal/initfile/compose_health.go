package initfile

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

var probedURL = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`https?://[^\s'"|;&)]+`)
})

var dialled = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^nc (?:-[a-z]+ )*(?:localhost|127\.0\.0\.1|0\.0\.0\.0) ([0-9]+)(?: .*)?$`)
})

// health makes a readiness probe of a health check: what waits for service_healthy
// waits for that. How often and how long compose asks is not taken over, for lhrun
// asks as soon as it can.
func (c *compose) health(s *service, n *node) {
	if n == nil || n.get("disable").truth() {
		n.drop()
		return
	}
	test := n.get("test")
	if test != nil && test.isList && len(test.list) > 0 {
		switch test.list[0].text {
		case "NONE":
			test.drop()
			return
		case "CMD", "CMD-SHELL":
			shell := test.list[0].text == "CMD-SHELL"
			test.read = true
			test.list[0].read = true
			test = &node{isList: true, list: test.list[1:]}
			if shell && len(test.list) == 1 {
				test = test.list[0]
			}
		}
	}
	command, ok := c.argv(test)
	if !ok {
		return
	}
	c.probe(s, command)
}

// probe takes a command that asks the service itself.
func (c *compose) probe(s *service, command string) {
	command, _, _ = strings.Cut(command, "||")
	command = strings.TrimSpace(command)
	if s.quiet {
		s.ready = "{ exec = " + quote(command) + " }"
		return
	}
	words, _ := shellWords(command)
	switch {
	case strings.Contains(command, "curl") || strings.Contains(command, "wget"):
		u, err := url.Parse(probedURL().FindString(command))
		if err != nil || !isOwnHost(u.Hostname()) {
			break
		}
		s.ready = "{ http = " + quote(s.ownURL(u)) + " }"
		return
	case dialled().MatchString(command):
		if name, ok := s.portName(atoi(dialled().FindStringSubmatch(command)[1])); ok && name != "" {
			s.ready = "{ tcp = " + quote("{{host}}:{{ports."+name+"}}") + " }"
			return
		}
		s.ready = "{ tcp = true }"
		return
	case strings.Contains(command, "grpc_health_probe"):
		s.ready = "{ grpc = true }"
		return
	}
	if len(words) > 0 {
		command = joined(s.ownNumbers(words))
	}
	s.ready = "{ exec = " + quote(s.localAddresses(command)) + " }"
}

// ownURL is a url of the service itself: a path, or whole where it is on a further
// port.
func (s *service) ownURL(u *url.URL) string {
	if name, ok := s.portName(atoi(u.Port())); ok && name != "" {
		return "http://{{host}}:{{ports." + name + "}}" + u.RequestURI()
	}
	return u.RequestURI()
}

var loopbackPort = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:localhost|127\.0\.0\.1|0\.0\.0\.0):([0-9]+)`)
})

// localAddresses replaces addresses of the service itself in a command.
func (s *service) localAddresses(command string) string {
	return loopbackPort().ReplaceAllStringFunc(command, func(m string) string {
		if port, ok := s.shellPort(atoi(loopbackPort().FindStringSubmatch(m)[1])); ok {
			return "$HOST:" + port
		}
		return m
	})
}

func isOwnHost(host string) bool {
	switch host {
	case "localhost", "127.0.0.1", "0.0.0.0", "::1":
		return true
	}
	return false
}

// signalNames are the numbers that process-compose and Dockerfiles write.
var signalNames = glossary{{"1", "HUP"}, {"2", "INT"}, {"3", "QUIT"}, {"9", "KILL"}, {"10", "USR1"}, {"12", "USR2"}, {"15", "TERM"}}

// signals are those that a service may ask for instead of TERM.
var signals = []string{"HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "WINCH", "ABRT"}

// signalName is lhrun's word for a signal; "" for the default one and for what is
// none.
func signalName(s string) string {
	s = strings.TrimPrefix(strings.ToUpper(strings.Trim(s, `"'`)), "SIG")
	if name := signalNames.of(s); name != "" {
		s = name
	}
	if !slices.Contains(signals, s) {
		return ""
	}
	return s
}

// duration is a duration of compose in Go's words.
func (c *compose) duration(s *service, key, value string) string {
	if _, err := strconv.Atoi(value); err == nil {
		value += "s"
	}
	if d, err := time.ParseDuration(value); err != nil || d <= 0 {
		s.lose(key + ": " + value)
		return ""
	}
	return value
}
