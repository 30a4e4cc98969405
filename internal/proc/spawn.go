//go:build linux || darwin || freebsd

package proc

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// spawn starts the leader and fills in what is known of it.
//
// It goes below os/exec, which sorts the environment on every start and would
// reap the leader as soon as it exits.
func (p *Process) spawn(path string, s Spec, env []string) error {
	file, argv, err := s.program(path)
	if err != nil {
		return explain(err, s, path)
	}
	in, out, err := p.streams(s)
	if err != nil {
		return fmt.Errorf("cannot start %q: %w", s.Argv[0], err)
	}
	files := []uintptr{in.Fd(), out.Fd(), out.Fd()}
	for _, f := range s.Files {
		fd := f.Fd()
		syscall.SetNonblock(int(fd), false)
		files = append(files, fd)
	}
	sys := &syscall.SysProcAttr{Setsid: true, Setctty: s.TTY}
	if s.Foreground && !s.TTY {
		sys = &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: int(in.Fd())}
	}
	pidfd := askPidfd(sys)
	pid, err := p.table.forker.fork(file, argv, &syscall.ProcAttr{Dir: s.Dir, Env: env, Files: files, Sys: sys})
	runtime.KeepAlive(s)
	if in != s.Stdin {
		in.Close()
	}
	if out != s.Output && out != in {
		out.Close()
	}
	if err != nil {
		p.closeFiles()
		return explain(err, s, path)
	}
	p.id = ID{PID: pid}
	if st, ok := readStat(pid); ok {
		p.id, p.session = st.ID, st.session
	}
	p.waiter = newWaiter(pid, pidfd)
	return nil
}

// streams opens the child's standard input and output, and p.output where there
// is one.
func (p *Process) streams(s Spec) (in, out *os.File, err error) {
	if s.TTY {
		return p.openTTY(s)
	}
	if in, err = p.openStdin(s); err != nil {
		return nil, nil, err
	}
	if out = s.Output; out != nil {
		return in, out, nil
	}
	if p.output, out, err = newPipe(); err != nil {
		if in != s.Stdin {
			in.Close()
		}
		return nil, nil, err
	}
	p.link = pipeLink(p.output)
	return in, out, nil
}

// openStdin returns s.Stdin, or opens what takes its place.
func (p *Process) openStdin(s Spec) (*os.File, error) {
	switch {
	case s.Stdin != nil:
		return s.Stdin, nil
	case s.OpenStdin:
		return p.table.idle.open(p)
	}
	return os.Open(os.DevNull)
}

// openTTY opens a pseudo-terminal: input, and output unless Spec.Output is set.
func (p *Process) openTTY(s Spec) (in, out *os.File, err error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("no pseudo-terminal: %w", err)
	}
	// pty leaves the master blocking, which would tie up a thread for each reader.
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	master.Close()
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		slave.Close()
		return nil, nil, err
	}
	p.output, p.link, p.tty = os.NewFile(uintptr(fd), "pty"), slave.Name(), true
	setSize(p.output, s.Size)
	if s.Output != nil {
		return slave, s.Output, nil
	}
	return slave, slave, nil
}
