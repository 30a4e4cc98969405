package control

import (
	"context"
	"fmt"
	"net"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/supervisor"
)

// checkPeer refuses a connection with another user, root included: who is root can
// become the user, and whoever forgets that he is should be told. It returns the
// peer's pid, 0 where that is not known.
func checkPeer(conn *net.UnixConn) (pid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var uid int
	var perr error
	if err := raw.Control(func(fd uintptr) { uid, pid, perr = peerOf(int(fd)) }); err != nil {
		return 0, err
	}
	if perr != nil {
		return 0, fmt.Errorf("cannot tell who is at the other end: %w", perr)
	}
	if uid != os.Geteuid() {
		return 0, fmt.Errorf("the other end belongs to user %d, not to you (user %d)", uid, os.Geteuid())
	}
	return pid, nil
}

// Process is a process of this user as one who asks. Its command is told without its
// directory, and without what stands behind "--", which is another program's.
func Process(pid int) supervisor.By {
	program, args, _ := strings.Cut(proc.Command(pid), " ")
	args, _, more := strings.Cut(" "+args+" ", " -- ")
	command := strings.TrimSpace(path.Base(program) + args)
	if program == "" {
		command = ""
	}
	if more {
		command += " -- …"
	}
	return supervisor.By{Who: supervisor.ByProcess, PID: pid, Command: logs.OneLine(command)}
}

// asker is the key of the process that is at the other end of a connection.
type asker struct{}

// withAsker notes who is at the other end of conn for the requests that come by it. The
// command is read with the first of them, as the process may be gone by a later one.
func withAsker(ctx context.Context, conn net.Conn) context.Context {
	if a, ok := conn.(*admitted); ok && a.pid != 0 {
		return context.WithValue(ctx, asker{}, sync.OnceValue(func() supervisor.By { return Process(a.pid) }))
	}
	return ctx
}

// Asker is whoever asks by the request of ctx; the zero By is this process itself.
func Asker(ctx context.Context) supervisor.By {
	if who, ok := ctx.Value(asker{}).(func() supervisor.By); ok {
		return who()
	}
	return supervisor.By{}
}
