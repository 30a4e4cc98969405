//go:build unix

package dotenv

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives f the owner of like where that is allowed: root in a container
// must not take a user's file away from them.
func keepOwner(f *os.File, like fs.FileInfo) {
	if stat, ok := like.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(stat.Uid), int(stat.Gid))
	}
}
