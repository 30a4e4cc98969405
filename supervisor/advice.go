package supervisor

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/ports"
)

// advice says what to do about a service that is slow to get ready, as far as that can
// be guessed.
func (a *attempt) advice() string {
	if a.unit.terminal.asks() {
		return fmt.Sprintf("; it may have asked something: lhrun attach %s", a.svc.Name)
	}
	if a.svc.Task {
		return ""
	}
	silent := ""
	if !a.svc.TTY && !a.svc.External && a.unit.stream.IsSilent() {
		silent = "; it has written nothing yet; many programs buffer a pipe: tty = true"
	}
	if container := a.svc.containerAdvice(ports.Holder{}); container != "" {
		return container
	}
	nowhere := a.svc.gate() != 0 && len(a.listens.open) == 0 && a.listens.holder == ""
	if nowhere && a.listens.otherAddr == "" {
		return "; listen on $PORT, or set port = false if it serves nothing" + silent
	}
	return silent
}

// containerAdvice says what to do about a container whose port is not the service's own
// to listen on, known by the service's command or by the holder of its port.
func (s *Service) containerAdvice(holder ports.Holder) string {
	if !runsContainer(s.Command) && !isPortForwarder(holder.Command) {
		return ""
	}
	return "; a container's port is no process's of this service: set external = true, or start the container in a task (docker compose up -d)"
}

// runsContainer reports whether argv, or the shell command in it, has a container tool
// run something.
func runsContainer(argv []string) bool {
	words := strings.Fields(strings.Join(argv, " "))
	for i, word := range words {
		tool := slices.Contains([]string{"docker", "podman", "nerdctl"}, filepath.Base(word))
		if tool && slices.ContainsFunc(words[i+1:], func(w string) bool {
			return slices.Contains([]string{"run", "start", "compose"}, w)
		}) {
			return true
		}
		if base := filepath.Base(word); base == "docker-compose" || base == "podman-compose" {
			return true
		}
	}
	return false
}

// isPortForwarder reports whether a process of this command line forwards ports into
// containers.
func isPortForwarder(command string) bool {
	program, _, _ := strings.Cut(command, " ")
	names := []string{"docker-proxy", "rootlessport", "com.docker.backend", "gvproxy", "pasta", "slirp4netns", "rootlesskit"}
	return slices.Contains(names, filepath.Base(program))
}
