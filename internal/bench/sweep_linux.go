package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sweep kills what carries a run's mark, until nothing does.
func sweep(id string) {
	for range 100 {
		pids := marked(id)
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// marked are the living processes that carry a run's mark, this one excepted.
func marked(id string) (pids []int) {
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		environ, err := os.ReadFile(path)
		if err != nil || !slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(kv []byte) bool {
			return string(kv) == stageKey+id
		}) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// own are the contender's processes: all of the run but the services and shells.
func (s *stage) own() (pids []int) {
	for _, pid := range marked(s.id) {
		exe, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
		if exe != s.service && filepath.Base(exe) != "dash" && filepath.Base(exe) != "bash" {
			pids = append(pids, pid)
		}
	}
	return pids
}

const measuresProcesses = true

// cpu is how long pids have run so far.
func cpu(pids []int) (total time.Duration) {
	for _, pid := range pids {
		paths, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/schedstat")
		for _, path := range paths {
			text, _ := os.ReadFile(path)
			if f := strings.Fields(string(text)); len(f) > 0 {
				n, _ := strconv.ParseInt(f[0], 10, 64)
				total += time.Duration(n)
			}
		}
	}
	return total
}

// memory is what pids occupy, in MB of 10^6 bytes; what several processes share
// counts once.
func memory(pids []int) float64 {
	kib := 0
	for _, pid := range pids {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
				n, _ := strconv.Atoi(f[1])
				kib += n
			}
		}
	}
	return float64(kib) * 1024 / 1e6
}
