package proc

import (
	"bytes"
	"os"
	"strconv"
	"sync"
)

// statLine is what a line of /proc/PID/stat says.
type statLine struct {
	ID
	ppid, pgrp, session int
	flags, threads      int
	state               byte
}

// parseStat reads a line of /proc/PID/stat. The name in it may hold anything,
// brackets, spaces and line ends included, so fields count from the last bracket.
func parseStat(b []byte) (statLine, bool) {
	pid, _, ok := bytes.Cut(b, []byte(" ("))
	end := bytes.LastIndexByte(b, ')')
	if !ok || end < 0 {
		return statLine{}, false
	}
	fields := bytes.Fields(b[end+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return statLine{}, false
	}
	s := statLine{state: fields[0][0]}
	for _, f := range []struct {
		text []byte
		to   *int
	}{{pid, &s.PID}, {fields[1], &s.ppid}, {fields[2], &s.pgrp}, {fields[3], &s.session}, {fields[6], &s.flags}, {fields[17], &s.threads}} {
		n, err := strconv.Atoi(string(f.text))
		if err != nil {
			return statLine{}, false
		}
		*f.to = n
	}
	ticks, err := strconv.ParseUint(string(fields[19]), 10, 64)
	s.Start = ticks&(1<<40-1) | bootMark()<<40
	return s, err == nil && s.PID > 0
}

// bootMark tells the same pid and ticks of two boots apart, in 13 bits: with the
// ticks that is 53, what a JSON number holds everywhere.
var bootMark = sync.OnceValue(func() uint64 {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	hash := uint64(14695981039346656037)
	for _, c := range id {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	return hash >> 51
})
