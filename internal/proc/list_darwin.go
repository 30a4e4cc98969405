package proc

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

func readStat(pid int) (stat, bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(info.Proc.P_pid) != pid {
		return stat{}, false
	}
	return statOf(info), true
}

func listAll() []stat {
	list, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	all := make([]stat, len(list))
	for i := range list {
		all[i] = statOf(&list[i])
	}
	return all
}

func statOf(info *unix.KinfoProc) stat {
	const stopped, zombie = 4, 5 // SSTOP, SZOMB
	start := info.Proc.P_starttime
	s := stat{
		ID:      ID{PID: int(info.Proc.P_pid), Start: startOf(time.Unix(start.Unix()))},
		ppid:    int(info.Eproc.Ppid),
		pgrp:    int(info.Eproc.Pgid),
		zombie:  info.Proc.P_stat == zombie,
		stopped: info.Proc.P_stat == stopped,
	}
	s.session, _ = unix.Getsid(s.PID)
	return s
}

// readMark looks for run's mark in the variables that pid began with. The kernel
// shows only this user's, and no system program's.
func readMark(pid int, run string) (uint64, bool) {
	// A count, the path, the arguments and the variables, ended by NUL.
	text, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil || len(text) < 4 || binary.LittleEndian.Uint32(text) == 0 {
		return 0, false
	}
	return findMark(text[4:], run)
}
