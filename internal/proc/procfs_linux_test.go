//go:build !portable

package proc

import (
	"os"
	"strings"
	"testing"
)

func TestStatLineIsReadWhateverTheName(t *testing.T) {
	const rest = " S 2 3 4 0 -1 0 0 0 0 0 0 0 0 0 20 0 9 0 777 0"
	for _, name := range []string{"sh", "a b", "a) R 1 1 1", "((", "\n", ""} {
		s, ok := parseStat([]byte("12 (" + name + ")" + rest))
		if !ok || s.PID != 12 || s.ppid != 2 || s.pgrp != 3 || s.session != 4 || s.threads != 9 || s.Start&(1<<40-1) != 777 {
			t.Errorf("%q: %+v %v", name, s, ok)
		}
	}
	for _, text := range []string{"", "12", "12 (x", "12 (x)", "x (x)" + rest, "12 (x) S 2 3", "0 (x)" + rest} {
		if s, ok := parseStat([]byte(text)); ok {
			t.Errorf("%q: %+v", text, s)
		}
	}
}

func TestOneWhoseFirstThreadEndedIsAlive(t *testing.T) {
	if (stat{state: 'Z', threads: 3}).dead() || !(stat{state: 'Z', threads: 1}).dead() {
		t.Error("told by the state alone")
	}
}

func FuzzParseStat(f *testing.F) {
	own, _ := os.ReadFile("/proc/self/stat")
	f.Add(own)
	f.Add([]byte("12 (a) b) S 2 3 4 0 -1 0 0 0 0 0 0 0 0 0 20 0 9 0 777 0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := parseStat(b); ok && (s.PID <= 0 || s.Start >= 1<<53) {
			t.Errorf("%+v", s)
		}
	})
}

func TestMarkIsFoundInALargeEnvironment(t *testing.T) {
	table := newTable(t)
	s := roleSpec("sleep")
	for range 1500 {
		s.Env = append(s.Env, strings.Repeat("K", 8)+"="+strings.Repeat("v", 60))
	}
	p := startSpec(t, table, s)
	p.line("ready")
	if n, ok := readMark(p.PID(), table.RunID()); !ok || n != p.Mark() {
		t.Error(n, ok)
	}
	if _, ok := readMark(p.PID(), "other"); ok {
		t.Error("found what is not there")
	}
}

func isStopped(pid int) bool {
	s, ok := readStat(pid)
	return ok && s.state == 'T'
}
