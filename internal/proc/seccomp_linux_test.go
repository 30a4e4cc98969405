//go:build !portable

package proc

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

const filteredKey = "PROC_TEST_FILTERED"

// refuse has the kernel answer a system call of this process with errno from now on.
func refuse(call uint32, errno syscall.Errno) error {
	const nr = 0 // Where struct seccomp_data has the number of the call.
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: nr},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, err := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if err != 0 {
		return err
	}
	return nil
}

// A container's filter may refuse what this kernel has.
func TestSignalsArriveWhereAFilterRefusesPidfds(t *testing.T) {
	if os.Getenv(filteredKey) != "" {
		signalFiltered(t, os.Getenv(filteredKey))
		return
	}
	for _, call := range []uint32{unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_PIDFD_OPEN} {
		for _, errno := range []syscall.Errno{unix.EPERM, unix.ENOSYS} {
			cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
			cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", fmt.Sprintf("%s=%d %d", filteredKey, call, errno))
			out, err := cmd.CombinedOutput()
			switch {
			case strings.Contains(string(out), "--- SKIP"):
				t.Skip("this kernel takes no filter")
			case err != nil:
				t.Errorf("call %d, %v: %v\n%s", call, errno, err, out)
			}
		}
	}
}

func signalFiltered(t *testing.T, filtered string) {
	var call uint32
	var errno syscall.Errno
	if _, err := fmt.Sscan(filtered, &call, &errno); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s, _ := readStat(cmd.Process.Pid)
	id := s.ID
	if err := refuse(call, errno); err != nil {
		_ = cmd.Process.Kill()
		t.Skip(err)
	}
	if err := signalExact(id, syscall.SIGKILL); err != nil {
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
		t.Error(err)
	}
	_ = cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("it ended by %v", cmd.ProcessState)
	}
	if err := signalExact(id, syscall.SIGKILL); err != os.ErrProcessDone {
		t.Errorf("once it is gone: %v", err)
	}
}
