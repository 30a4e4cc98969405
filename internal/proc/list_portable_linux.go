//go:build portable

package proc

import (
	"os"
	"strconv"
)

// What follows is the table of processes that the kernel has elsewhere: no more than
// kernel_other.go asks of it.

func readStat(pid int) (stat, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, false
	}
	line, ok := parseStat(b)
	return stat{
		ID: line.ID, ppid: line.ppid, pgrp: line.pgrp, session: line.session,
		zombie:  line.state == 'X' || line.state == 'Z' && line.threads <= 1,
		stopped: line.state == 'T' || line.state == 't',
	}, ok
}

func listAll() []stat {
	entries, _ := os.ReadDir("/proc")
	var all []stat
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if s, ok := readStat(pid); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

// readMark looks for run's mark in the variables that pid began with.
func readMark(pid int, run string) (uint64, bool) {
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return 0, false
	}
	return findMark(environ, run)
}
