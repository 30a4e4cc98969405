//go:build !portable

package proc

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// stat is one process as the kernel showed it at one moment.
type stat = statLine

// dead reports whether s only waits to be reaped. A process whose first thread has ended
// looks like it, but has more threads.
func (s stat) dead() bool {
	return s.state == 'X' || s.state == 'x' || s.state == 'Z' && s.threads <= 1
}

// exiting reports whether s is in the midst of its exit: its memory and its files, by
// which it might be known, are gone, but its children are still its own.
func (s stat) exiting() bool {
	const flag = 0x4 // PF_EXITING
	return s.flags&flag != 0 && s.threads <= 1 && !s.dead()
}

// suspended reports whether a signal, or a debugger, has stopped s.
func (s stat) suspended() bool { return s.state == 'T' || s.state == 't' }

// kernel reports whether s is a thread of the kernel's own, which has no environment.
func (s stat) kernel() bool {
	const kernelThread = 0x200000 // PF_KTHREAD
	return s.flags&kernelThread != 0
}

// readStat reports false for a process that is not there.
func readStat(pid int) (stat, bool) {
	var buf [1024]byte
	b, ok := slurp("/proc/"+strconv.Itoa(pid)+"/stat", buf[:])
	if !ok {
		return stat{}, false
	}
	return parseStat(b)
}

// slurp reads a small file of /proc into buf, which is all that it needs: these
// files give a consistent text in one read.
func slurp(path string, buf []byte) ([]byte, bool) {
	var n int
	var readErr error
	err := withFile(path, 0, func(fd int) { n, readErr = unix.Read(fd, buf) })
	return buf[:max(n, 0)], err == nil && readErr == nil && n > 0
}

// listAll returns every process of the machine that this user may see.
func listAll() []stat {
	var all []stat
	for _, name := range names("/proc") {
		if pid, err := strconv.Atoi(name); err == nil {
			if s, ok := readStat(pid); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

// eachNewest calls f with every process that skip does not name, those that began
// last first. Each is read when its turn comes; there is false for one that has
// gone since the list was made.
func eachNewest(skip func(pid int) bool, f func(pid int, s stat, there bool)) {
	var pids []int
	for _, name := range names("/proc") {
		if pid, err := strconv.Atoi(name); err == nil && !skip(pid) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	for _, pid := range slices.Backward(pids) {
		s, ok := readStat(pid)
		f(pid, s, ok)
	}
}

// names lists a directory. Package os would try to poll it, at five calls more.
func names(dir string) (list []string) {
	_ = withFile(dir, unix.O_DIRECTORY, func(fd int) {
		var buf [8192]byte
		for {
			n, err := unix.ReadDirent(fd, buf[:])
			if n <= 0 || err != nil {
				return
			}
			_, _, list = unix.ParseDirent(buf[:n], -1, list)
		}
	})
	return list
}

// hasChildLists reports whether the kernel lists the children of each thread.
var hasChildLists = sync.OnceValue(func() bool {
	return unix.Access("/proc/thread-self/children", unix.R_OK) == nil
})

// listChildren returns the children of s, zombies included and those that skip
// names left out. They are children of the thread that started or adopted them.
func listChildren(s stat, skip func(pid int) bool) []stat {
	threads := []string{strconv.Itoa(s.PID)}
	if s.threads != 1 {
		threads = names("/proc/" + threads[0] + "/task/")
	}
	return childrenOf(s, threads, skip)
}

func childrenOf(s stat, threads []string, skip func(pid int) bool) []stat {
	var children []stat
	dir := "/proc/" + strconv.Itoa(s.PID) + "/task/"
	for _, thread := range threads {
		for _, pid := range readChildren(dir + thread + "/children") {
			if skip(pid) {
				continue
			}
			// The list may be older than the process that has this pid now.
			if child, ok := readStat(pid); ok && child.ppid == s.PID {
				children = append(children, child)
			}
		}
	}
	return children
}

// listAdopted returns the children of this program's threads, nil for all of them,
// without those that skip names.
func listAdopted(threads []int, skip func(pid int) bool) []stat {
	self := stat{ID: ID{PID: os.Getpid()}}
	if threads == nil {
		return listChildren(self, skip)
	}
	var names []string
	for _, thread := range threads {
		names = append(names, strconv.Itoa(thread))
	}
	return childrenOf(self, names, skip)
}

func readChildren(path string) []int {
	var text []byte
	_ = withFile(path, 0, func(fd int) {
		var buf [4096]byte
		for {
			n, err := unix.Read(fd, buf[:])
			if n <= 0 || err != nil {
				return
			}
			text = append(text, buf[:n]...)
		}
	})
	var pids []int
	for field := range bytes.FieldsSeq(text) {
		if pid, err := strconv.Atoi(string(field)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// readMark looks for run's mark in the environment that pid began with. A program
// that writes its title over its environment has lost it, and in the midst of an
// exec there is none for some microseconds.
func readMark(pid int, run string) (n uint64, ok bool) {
	n, ok, _ = lookForMark(pid, run)
	return n, ok
}

// lookForMark also reports whether the environment is empty even after several looks.
func lookForMark(pid int, run string) (n uint64, ok, empty bool) {
	for range 4 {
		if n, ok, empty = scanEnviron(pid, run); !empty {
			break
		}
		time.Sleep(50 * time.Microsecond)
	}
	return n, ok, empty
}

func scanEnviron(pid int, run string) (n uint64, ok, empty bool) {
	_ = withFile("/proc/"+strconv.Itoa(pid)+"/environ", 0, func(fd int) { n, ok, empty = readEnviron(fd, run) })
	return n, ok, empty
}

func readEnviron(fd int, run string) (n uint64, ok, empty bool) {
	environ := make([]byte, 0, 8192)
	for {
		if len(environ) == cap(environ) {
			// Ours is the first variable, unless somebody sorted them.
			if n, ok := findMark(environ[:bytes.LastIndexByte(environ, 0)+1], run); ok {
				return n, true, false
			}
			environ = append(make([]byte, 0, 4*cap(environ)), environ...)
		}
		got, err := unix.Read(fd, environ[len(environ):cap(environ)])
		if got <= 0 || err != nil {
			n, ok := findMark(environ, run)
			return n, ok, len(environ) == 0
		}
		environ = environ[:len(environ)+got]
	}
}

// linksWritten names what pid has open for writing, as in /proc/PID/fd.
func linksWritten(pid int) map[string]bool {
	links := map[string]bool{}
	dir := "/proc/" + strconv.Itoa(pid) + "/fd/"
	for _, fd := range names(dir) {
		to, err := os.Readlink(dir + fd)
		if err != nil {
			continue
		}
		if info, err := os.Lstat(dir + fd); err == nil && info.Mode()&0o200 != 0 {
			links[to] = true
		}
	}
	return links
}

// pidfdsHeld returns the processes that code of this program holds a pidfd of, as
// package os does of what it started until it has waited for it. It reports false where
// the kernel has no pidfds, so that nothing is known.
func pidfdsHeld() (map[int]bool, bool) {
	own, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return nil, false
	}
	defer unix.Close(own)
	held := map[int]bool{}
	for _, fd := range names("/proc/self/fd") {
		to, err := os.Readlink("/proc/self/fd/" + fd)
		if err != nil || !strings.Contains(to, "pidfd") {
			continue
		}
		info, _ := os.ReadFile("/proc/self/fdinfo/" + fd)
		if _, after, ok := bytes.Cut(info, []byte("\nPid:")); ok {
			line, _, _ := bytes.Cut(after, []byte("\n"))
			if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil {
				held[pid] = true
			}
		}
	}
	return held, true
}

// programNames are the names that a process may be known by: of the file that it runs,
// of its first argument, and what it calls itself.
func programNames(pid int) []string {
	dir := "/proc/" + strconv.Itoa(pid)
	comm, err := os.ReadFile(dir + "/comm")
	if err != nil {
		return nil
	}
	line, _ := os.ReadFile(dir + "/cmdline")
	first, _, _ := bytes.Cut(line, []byte{0})
	exe, _ := os.Readlink(dir + "/exe")
	return baseNames(string(bytes.TrimSuffix(comm, []byte("\n"))), string(first), strings.TrimSuffix(exe, " (deleted)"))
}

// Command returns the command line of a process, or its name in brackets where it has
// none; "" when there is no such process.
func Command(pid int) string {
	dir := "/proc/" + strconv.Itoa(pid)
	line, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return ""
	}
	if line = bytes.TrimRight(line, "\x00 "); len(line) > 0 {
		return string(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
	}
	name, err := os.ReadFile(dir + "/comm")
	if err != nil {
		return ""
	}
	return "[" + string(bytes.TrimSpace(name)) + "]"
}
