//go:build unix

package files

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// CheckOwner refuses what another user owns; path is for the error. Root's is refused
// too: what root made here was made for root.
func CheckOwner(path string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d, not to you (user %d)", path, st.Uid, os.Geteuid())
	}
	return nil
}

// DirID names the directory at path: another one that takes its place has another name
// for as long as somebody has the first one open. It is "" where there is none.
func DirID(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}

// keepOwner gives f the owner of like where that is allowed: root in a container must
// not take a user's file away from them.
func keepOwner(f *os.File, like fs.FileInfo) {
	if st, ok := like.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
}
