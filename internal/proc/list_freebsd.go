package proc

import (
	"slices"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

func readStat(pid int) (stat, bool) {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return stat{}, false
	}
	return statOf(p)
}

func listAll() []stat {
	list, err := process.Processes()
	if err != nil {
		return nil
	}
	var all []stat
	for _, p := range list {
		if s, ok := statOf(p); ok {
			all = append(all, s)
		}
	}
	return all
}

func statOf(p *process.Process) (stat, bool) {
	s := stat{ID: ID{PID: int(p.Pid)}}
	ppid, err := p.Ppid()
	if err != nil {
		return stat{}, false
	}
	created, err := p.CreateTime()
	if err != nil {
		return stat{}, false
	}
	states, _ := p.Status()
	s.ppid = int(ppid)
	s.Start = startOf(time.UnixMilli(created))
	s.zombie = slices.Contains(states, process.Zombie)
	s.stopped = slices.Contains(states, process.Stop)
	s.pgrp, _ = unix.Getpgid(s.PID)
	s.session, _ = unix.Getsid(s.PID)
	return s, true
}

// readMark looks for run's mark in the variables that pid began with.
func readMark(pid int, run string) (uint64, bool) {
	environ, err := unix.SysctlRaw("kern.proc.env", pid)
	if err != nil {
		return 0, false
	}
	return findMark(environ, run)
}
