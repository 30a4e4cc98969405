package testmount

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// Small puts a file system of 1 MiB on dir until the test ends.
func Small(t testing.TB, dir string) {
	t.Helper()
	mount(t, "tmpfs", dir, 0, "size=1m")
	unmountAfter(t, dir)
}

// ReadOnly makes what Small has put on dir read-only. Nobody may have a file there open
// for writing.
func ReadOnly(t testing.TB, dir string) {
	t.Helper()
	mount(t, "tmpfs", dir, syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
}

// Exec becomes the program argv, which alone sees that nothing in dir can be written. Where
// mounting is not possible the exit code is Impossible.
func Exec(dir string, argv []string) {
	runtime.LockOSThread()
	flags := uintptr(syscall.MS_REMOUNT | syscall.MS_BIND | syscall.MS_RDONLY)
	err := syscall.Unshare(syscall.CLONE_NEWNS)
	for _, step := range []func() error{
		func() error { return syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") },
		func() error { return syscall.Mount(dir, dir, "", syscall.MS_BIND, "") },
		func() error { return syscall.Mount("", dir, "", flags, "") },
		func() error { return syscall.Exec(argv[0], argv, os.Environ()) },
	} {
		if err == nil {
			err = step()
		}
	}
	fmt.Fprintln(os.Stderr, "cannot make it read-only:", err)
	os.Exit(Impossible)
}

func mount(t testing.TB, source, dir string, flags uintptr, data string) {
	t.Helper()
	if err := syscall.Mount(source, dir, "tmpfs", flags, data); err != nil {
		t.Skipf("cannot mount %s: %v", dir, err)
	}
}

func unmountAfter(t testing.TB, dir string) {
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}
