//go:build !portable

package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/lhrun/lhrun/ports"
)

// kernel checks what process trees are known and ended by.
func (d doctor) kernel() {
	var name unix.Utsname
	_ = unix.Uname(&name)
	release := "Linux " + unix.ByteSliceToString(name.Release[:])
	if err := ports.CheckProc(); err != nil {
		d.fail("kernel", "lhrun up does not run services like this", "%v", err)
		return
	}
	var lacks []string
	if fd, err := unix.PidfdOpen(os.Getpid(), 0); err == nil {
		_ = unix.Close(fd)
	} else {
		lacks = append(lacks, "pidfd_open (Linux 5.3)")
	}
	if _, err := os.ReadFile("/proc/self/task/" + strconv.Itoa(os.Getpid()) + "/children"); err != nil {
		lacks = append(lacks, "/proc/PID/task/TID/children (CONFIG_PROC_CHILDREN)")
	}
	if _, err := os.Stat("/proc/1/stat"); err != nil {
		lacks = append(lacks, "a view of other users' processes (hidepid): who has a port is told only of your own")
	}
	if lacks == nil {
		d.ok("kernel", "%s", release)
	} else {
		d.warn("kernel", "lhrun does without, by slower or less exact means", "%s lacks %s", release, strings.Join(lacks, "; "))
	}
}

func (d doctor) processLimit() {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &lim); err == nil {
		d.limit("processes of this user", uint64(lim.Cur), fewProcs, "raise the limit: ulimit -u")
	}
}

// Editors and bundlers watch files as well.
const (
	fewWatches   = 65536
	fewInstances = 128
)

func (d doctor) systemLimits() {
	for _, l := range []struct {
		name string
		want uint64
	}{{"fs.inotify.max_user_watches", fewWatches}, {"fs.inotify.max_user_instances", fewInstances}} {
		data, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(l.name, ".", "/"))
		have, errParse := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
		if err == nil && errParse == nil {
			d.limit(l.name, have, l.want, fmt.Sprintf("sysctl -w %s=%d", l.name, 8*l.want))
		}
	}
}
