//go:build !portable

package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestOutOfDescriptorsATreeIsSeenAndEnded(t *testing.T) {
	for _, service := range []string{"setsid", "daemon marked", "daemon unmarked"} {
		if got := start(t, newTable(t), "few 3 "+service).line("few"); got != "2 true true <nil>" {
			t.Errorf("%s: seen, known to live, ended: %s", service, got)
		}
	}
}

func TestALookThatFailedIsNoProofThatNothingLives(t *testing.T) {
	got := start(t, newTable(t), "few 0 daemon marked").line("few")
	if !strings.Contains(got, "cannot tell whether all of pid") {
		t.Error(got)
	}
}

// playFew ends a tree when its program may open no further descriptor.
func playFew(args []string) {
	limit, _ := strconv.ParseUint(args[0], 10, 64)
	BecomeSubreaper()
	table := NewTable()
	p, err := table.Start(roleSpec(strings.Join(args[1:], " ")))
	if err != nil {
		fmt.Println("few", err)
		return
	}
	var pid int
	if _, err := fmt.Fscanf(p.Output(), "ready %d\n", &pid); err != nil {
		fmt.Println("few", err)
		return
	}
	descendant, _ := readStat(pid)
	time.Sleep(50 * time.Millisecond) // A middle process of a double fork leaves.
	var rlimit unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_NOFILE, &rlimit)
	unix.Prlimit(os.Getpid(), unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: rlimit.Max}, nil)
	seen, lives := len(p.Tree()), Alive(descendant.ID)
	err = p.End(syscall.SIGTERM, 5*time.Second, nil)
	unix.Prlimit(os.Getpid(), unix.RLIMIT_NOFILE, &rlimit, nil)
	fmt.Println("few", seen, lives, !Alive(descendant.ID), err)
	table.Close()
}
