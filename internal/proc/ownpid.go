//go:build linux || darwin || freebsd

package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// ownPIDName is argv[0] of this program while it sets a variable to its own pid and then
// becomes another program, which finds it there.
const ownPIDName = "lhrun-own-pid"

// Nobody knows a pid before the process exists. So this program is started first, sets
// the variable and becomes the other program, which keeps the pid. A shell could do it
// too, but dash drops every variable whose name it can't hold. init does it, so that it
// works in any program that imports this package.
func init() {
	if len(os.Args) > 3 && os.Args[0] == ownPIDName {
		becomeWithPID(os.Args[1], os.Args[2], os.Args[3:])
	}
}

func becomeWithPID(key, path string, argv []string) {
	env := []string{key + "=" + strconv.Itoa(os.Getpid())}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, key+"=") {
			env = append(env, pair)
		}
	}
	err := syscall.Exec(path, argv, env)
	fmt.Fprintf(os.Stderr, "cannot start %q: %v\n", argv[0], err)
	if errors.Is(err, fs.ErrNotExist) {
		os.Exit(127)
	}
	os.Exit(126)
}

// program returns what the kernel executes for s, whose command is at path.
func (s Spec) program(path string) (file string, argv []string, err error) {
	if s.PIDVar == "" {
		return path, s.Argv, nil
	}
	// What is wrong with path has to be known now: later it would only be an exit.
	if err := executable(within(s.Dir, path)); errors.Is(err, fs.ErrPermission) {
		return "", nil, syscall.EACCES
	} else if err != nil {
		return "", nil, reason(err)
	}
	self := "/proc/self/exe" // also after an update has replaced the file
	if runtime.GOOS != "linux" {
		if self, err = os.Executable(); err != nil {
			return "", nil, err
		}
	}
	return self, append([]string{ownPIDName, s.PIDVar, path}, s.Argv...), nil
}
