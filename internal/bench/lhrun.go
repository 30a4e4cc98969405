package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const lhrunName = "lhrun"

func newLhrun(k *kit) *contender {
	return &contender{name: lhrunName, path: k.lhrun, ordered: true, patient: true, isReady: saysAllReady,
		command: func(s *stage, services []service) ([]string, error) {
			dir, err := k.writeLhrun(services)
			return []string{k.lhrun, "-C", dir, "up"}, err
		}}
}

// writeLhrun writes a file in which everything is as lhrun has it by default, in a
// directory that stays, as a checkout does: only the first run chooses ports.
func (k *kit) writeLhrun(services []service) (dir string, err error) {
	dir = filepath.Join(k.dir, fmt.Sprint("checkout", len(services)))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "name = \"bench-%d\"\n", len(services))
	for _, svc := range services {
		fmt.Fprintf(&b, "\n[services.%s]\ncommand = '%s %s $PORT %s'\n", svc.name, k.service, svc.name, svc.args)
		if len(svc.after) > 0 {
			fmt.Fprintf(&b, "depends_on = [\"%s\"]\n", strings.Join(svc.after, `", "`))
		}
	}
	return dir, os.WriteFile(filepath.Join(dir, "lhrun.toml"), []byte(b.String()), 0o644)
}

func saysAllReady(line string) bool { return strings.HasPrefix(line, "lhrun | all ready in") }

// saysReady returns the service that a line of lhrun says is ready.
func saysReady(line string) (service string, ok bool) {
	_, text, ok := strings.Cut(line, " | ")
	if !ok || !strings.HasPrefix(line, "lhrun") {
		return "", false
	}
	service, _, ok = strings.Cut(text, " is ready after ")
	return service, ok
}

// storedLogs are the files in which lhrun keeps what a service has written.
func (k *kit) storedLogs(service string) ([]string, error) {
	return filepath.Glob(filepath.Join(k.home, "state", "lhrun", "projects", "*", "*", "logs", service+".*log"))
}
