//go:build unix

package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

func writable(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }

func ownedByMe(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

const (
	littleDisk = 1 << 30
	noDisk     = 50 << 20
)

// disk checks what is free where logs are kept.
func (d doctor) disk(check, dir string) {
	var st unix.Statfs_t
	for unix.Statfs(dir, &st) != nil {
		if dir == "/" {
			return
		}
		dir = filepath.Dir(dir)
	}
	free := uint64(st.Bavail) * uint64(st.Bsize)
	const hint = "make room: logs take up to 10 MiB for each service (logs.max_size)"
	switch {
	case free < noDisk:
		d.fail(check, hint, "%s are free under %s", size(free), dir)
	case free < littleDisk:
		d.warn(check, hint, "%s are free under %s", size(free), dir)
	default:
		d.ok(check, "%s are free under %s", size(free), dir)
	}
}

func size(bytes uint64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// A service takes some four descriptors of lhrun's.
const (
	fewFiles = 1024
	fewProcs = 512
)

// limits checks how many files and processes this user may have.
func (d doctor) limits() {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err == nil {
		d.limit("open files", uint64(lim.Max), fewFiles, "raise the hard limit: ulimit -Hn")
	}
	d.processLimit()
	d.systemLimits()
}

// limit checks one that should be at least so high.
func (d doctor) limit(name string, have, want uint64, hint string) {
	switch {
	case have > 1<<62:
		d.ok("limits", "%s: any number", name)
	case have < want:
		d.warn("limits", hint, "%s: only %d", name, have)
	default:
		d.ok("limits", "%s: %d", name, have)
	}
}
