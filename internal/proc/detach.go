//go:build linux || darwin || freebsd

package proc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Detach starts this program again in a session of its own: no terminal's signals reach
// it. args have the program's name first. It has none of this one's files, only in, out
// and errs.
func Detach(args, env []string, in, out, errs *os.File) (*os.Process, error) {
	keepFilesFromChildren()
	path, err := OwnPath()
	if err != nil {
		return nil, fmt.Errorf("cannot find this program: %w", err)
	}
	p, err := os.StartProcess(path, args, &os.ProcAttr{
		Env: env, Files: []*os.File{in, out, errs}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot start %s again: %w", path, err)
	}
	return p, nil
}

// Detach is Detach for what the guard is not to end, when this program ends, with all that
// it starts. It has not got the mark of this program's run.
func (g *GuardedSide) Detach(args, env []string, in, out, errs *os.File) (*os.Process, error) {
	p, err := Detach(args, unmarked(env, g.run), in, out, errs)
	if err != nil {
		return nil, err
	}
	<-g.ready
	if s, ok := readStat(p.Pid); ok { // It is not reaped, so the pid is its own.
		g.line.SetWriteDeadline(time.Now().Add(time.Second)) // The guard may be stopped.
		fmt.Fprintf(g.line, "%d %d\n", s.PID, s.Start)
	}
	return p, nil
}

// lastWordsPatience is for the end of a connection whose other end is dead. A child of that
// one may have it for a moment, between fork and exec.
const lastWordsPatience = time.Second

// awaitSpared returns whom the child has spared, which has died.
func (g *guard) awaitSpared() []ID {
	select {
	case spared := <-g.spared:
		return spared
	case <-time.After(lastWordsPatience):
		return nil
	}
}

// readSpared returns whom GuardedSide.Detach has started, when line ends.
func readSpared(line io.Reader) (spared []ID) {
	for words := bufio.NewScanner(line); words.Scan(); {
		var id ID
		text := strings.TrimLeft(words.Text(), "\x01") // It was ready late.
		if _, err := fmt.Sscanf(text, "%d %d", &id.PID, &id.Start); err == nil {
			spared = append(spared, id)
		}
	}
	return spared
}

// Redirect makes f the standard output and error output of this program.
func Redirect(f *os.File) error {
	for _, fd := range []int{1, 2} {
		if err := unix.Dup2(int(f.Fd()), fd); err != nil {
			return fmt.Errorf("cannot write to %s: %w", f.Name(), err)
		}
	}
	return nil
}
