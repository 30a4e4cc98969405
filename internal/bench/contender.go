package main

import (
	"os"
	"os/exec"
	"syscall"
)

// contender is a program that runs services, or the bare limit.
type contender struct {
	name string
	path string
	// command writes what the program reads and returns its command line; nil is
	// the limit's.
	command func(s *stage, services []service) ([]string, error)
	// ordered says that it starts a service when those before it are ready.
	ordered bool
	// isReady knows the line by which it says that all are ready; nil where it
	// says, or knows, no such thing.
	isReady func(line string) bool
	signal  syscall.Signal // that ends it; 0 is SIGINT
	// patient says that it must end by itself.
	patient bool
}

func (c *contender) stopBy() os.Signal {
	if c.signal == 0 {
		return syscall.SIGINT
	}
	return c.signal
}

// contenders are the limit, lhrun and the peers that are installed; missing names
// the others.
func contenders(k *kit) (here []*contender, missing []string) {
	here = []*contender{{name: limitName, ordered: true}, newLhrun(k)}
	for _, c := range peers() {
		path, err := exec.LookPath(c.name)
		if err != nil {
			missing = append(missing, c.name)
			continue
		}
		c.path = path
		command := c.command
		c.command = func(s *stage, services []service) ([]string, error) {
			args, err := command(s, services)
			return append([]string{path}, args...), err
		}
		here = append(here, c)
	}
	return here, missing
}

// peers' commands are without the program's path.
func peers() []*contender {
	return []*contender{
		{name: "hivemind", command: procfile("Procfile")},
		{name: "overmind", command: procfile("start", "-N", "-s", "sock", "-f", "Procfile"), patient: true},
		{name: "goreman", command: procfile("-f", "Procfile", "-rpc-server=false", "start")},
		{name: "foreman", command: procfile("start", "-f", "Procfile")},
		{name: "honcho", command: procfile("-f", "Procfile", "start")},
		{name: "process-compose", command: processCompose, ordered: true},
		{name: "concurrently", command: concurrently},
		{name: "pitchfork", command: pitchfork, ordered: true},
	}
}
