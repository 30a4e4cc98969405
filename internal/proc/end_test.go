//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestEndLeavesNothing(t *testing.T) {
	for _, role := range []string{
		"sleep", "ignore-term", "flood", "stopped", "grandchild sleep", "grandchild ignore-term",
		"grandchild stopped", "holder", "setsid", "daemon marked", "daemon unmarked", "daemon silent",
		"daemon-and-leave marked", "chain first",
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			needs(t, role)
			table := newTable(t)
			p := start(t, table, role)
			p.line("ready")
			go func() { // floods go on
				for range p.lines {
				}
			}()
			if err := p.End(syscall.SIGTERM, 500*time.Millisecond, nil); err != nil {
				t.Error(err)
			}
			if left := marksOf(table); len(left) > 0 {
				t.Error("left:", left)
			}
			if s, ok := readStat(p.PID()); ok && s.ID == p.ID() {
				t.Error("the leader is not reaped")
			}
		})
	}
}

// marksOf finds what runs with the mark of table, anywhere on the machine.
func marksOf(table *Table) []Left {
	return Leftovers(Record{Run: table.RunID()})
}

// A shell is a faster forker than the test binary.
func TestEndOutrunsAChainThatKeepsForking(t *testing.T) {
	needs(t, "chain")
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("needs setsid(1)")
	}
	script := filepath.Join(t.TempDir(), "chain")
	text := "#!/bin/sh\n[ \"$1\" ] && echo ready\nsetsid \"$0\" >/dev/null 2>&1 &\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	table := newTable(t)
	p := startSpec(t, table, Spec{Argv: []string{script, "first"}, Env: os.Environ()})
	p.line("ready")
	p.waitDone()
	if err := p.End(syscall.SIGTERM, 100*time.Millisecond, nil); err != nil {
		t.Error(err)
	}
	if left := marksOf(table); len(left) > 0 {
		t.Error("left:", left)
	}
}

func TestEndKillsAtTheTimeoutAndNotBefore(t *testing.T) {
	table := newTable(t)
	p := start(t, table, "ignore-term")
	p.line("ready")
	began := time.Now()
	p.End(syscall.SIGTERM, 300*time.Millisecond, nil)
	if took := time.Since(began); took < 300*time.Millisecond || p.Exit().Signal != syscall.SIGKILL {
		t.Errorf("%v after %v", p.Exit(), took)
	}
	p = start(t, table, "slow-term")
	p.line("ready")
	p.End(syscall.SIGTERM, patience, nil)
	if p.Exit().Code != 9 {
		t.Error("one that needs its time:", p.Exit())
	}
}

func TestEndKillsEarlyWhenAsked(t *testing.T) {
	p := start(t, newTable(t), "grandchild ignore-term")
	id := p.id("ready")
	kill := make(chan struct{})
	ended := make(chan error)
	go func() { ended <- p.End(syscall.SIGTERM, time.Hour, kill) }()
	select {
	case <-ended:
		t.Fatal("ended by itself")
	case <-time.After(100 * time.Millisecond):
	}
	close(kill)
	select {
	case err := <-ended:
		if err != nil || Alive(id) {
			t.Error("it lives:", err)
		}
	case <-time.After(patience):
		t.Fatal("not killed")
	}
}

func TestEndWaitsForTheTreeNotOnlyTheLeader(t *testing.T) {
	p := start(t, newTable(t), "grandchild slow-term")
	id := p.id("ready")
	if err := p.End(syscall.SIGTERM, patience, nil); err != nil || Alive(id) {
		t.Error("the grandchild lives:", err)
	}
	if p.Exit().Signal != syscall.SIGTERM {
		t.Error(p.Exit())
	}
}

func TestEndTwiceAtOnceIsFine(t *testing.T) {
	p := start(t, newTable(t), "ignore-term")
	p.line("ready")
	ended := make(chan error, 2)
	go func() { ended <- p.End(syscall.SIGTERM, time.Hour, nil) }()
	go func() { ended <- p.End(syscall.SIGKILL, 0, nil) }()
	for range 2 {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("one of them hangs")
		}
	}
}

// The last of the tables that end takes strays to be nobody's, and others begin
// meanwhile.
func TestATableThatEndsTakesNothingFromOneThatBegins(t *testing.T) {
	stop := make(chan struct{})
	var ending sync.WaitGroup
	ending.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				NewTable().Close()
			}
		}
	})
	for range 50 {
		table := NewTable()
		p := startSpec(t, table, Spec{Argv: []string{"sh", "-c", "sleep 0.01; echo ready; exec sleep 60"}, Env: os.Environ()})
		p.line("ready")
		if err := p.End(syscall.SIGKILL, 0, nil); err != nil {
			t.Error(err)
		}
		table.Close()
	}
	close(stop)
	ending.Wait()
}

// A process that comes while the others are asked is asked as well, rather than killed
// when their time is over.
func TestEndAsksThoseThatComeMeanwhile(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("setsid is missing: ", err)
	}
	table := newTable(t)
	const command = `i=0; while [ $i -lt 200 ]; do setsid sleep 1000 & i=$((i+1)); done; exec sleep 1000`
	for i := range 40 {
		p := startSpec(t, table, Spec{Argv: []string{"sh", "-c", command}, Env: os.Environ()})
		after := time.Duration(i+10) * 500 * time.Microsecond
		time.Sleep(after)
		began := time.Now()
		if err := p.End(syscall.SIGTERM, 20*time.Second, nil); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("after %v it took %v", after, took)
		}
	}
}
