package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// stage is one run's place: a directory, a hub and an environment by which all
// that is started in it can be found again.
type stage struct {
	*kit
	dir string
	hub *hub
	id  string
	// out is where the contender's output goes; nil is a pipe that is read.
	out *os.File
}

// service is one of the run's: what it does is in args, behind its name and port.
type service struct {
	name  string
	args  string
	after []string
}

func (k *kit) newStage() (*stage, error) {
	k.stages++
	s := &stage{kit: k, id: fmt.Sprintf("%d.%d", os.Getpid(), k.stages)}
	s.dir = filepath.Join(k.dir, fmt.Sprint("run", k.stages))
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return nil, err
	}
	var err error
	s.hub, err = openHub(filepath.Join(s.dir, "hub"))
	return s, err
}

// close ends whatever is left of the run and takes its directory away.
func (s *stage) close() {
	s.hub.close()
	sweep(s.id)
	if s.out != nil {
		s.out.Close()
	}
	os.RemoveAll(s.dir)
}

// environ keeps every contender away from the user's own files and sessions.
func (s *stage) environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		key, _, _ := strings.Cut(kv, "=")
		switch {
		case key == "HOME", key == "PORT", key == "TMUX", key == "NO_COLOR":
		case strings.HasPrefix(key, "XDG_"), strings.HasPrefix(key, "PC_"), strings.HasPrefix(key, "OVERMIND_"):
		default:
			env = append(env, kv)
		}
	}
	return append(env, "NO_COLOR=1", "HOME="+s.kit.home, "XDG_STATE_HOME="+filepath.Join(s.kit.home, "state"),
		"XDG_RUNTIME_DIR="+filepath.Join(s.kit.home, "run"), "BENCH_HUB="+s.hub.path, stageKey+s.id)
}

// stageKey begins the variable that all processes of a run carry.
const stageKey = "BENCH_ID="

// write makes a file in the stage's directory.
func (s *stage) write(name string, content []byte) (path string, err error) {
	path = filepath.Join(s.dir, name)
	return path, os.WriteFile(path, content, 0o644)
}

// toFile sends the contender's output to a file instead of a pipe.
func (s *stage) toFile() (err error) {
	s.out, err = os.OpenFile(filepath.Join(s.dir, "output"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	return err
}

// lines are the shell commands of services, on ports that are free now: only
// lhrun finds ports of its own.
func (s *stage) lines(services []service) ([]string, error) {
	out := make([]string, len(services))
	port := 30000
	for i, svc := range services {
		for ; !isFree(port); port++ {
			if port > 32700 {
				return nil, fmt.Errorf("cannot find %d free ports from 30000 on", len(services))
			}
		}
		out[i] = fmt.Sprintf("%s %s %d %s", s.service, svc.name, port, svc.args)
		port++
	}
	return out, nil
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}
