//go:build unix

package config

import (
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// stranger names the owner of the file at path, or of the link there, when that is
// neither this user nor root; "" otherwise.
func stranger(path string) string {
	for _, look := range []func(string) (fs.FileInfo, error){os.Lstat, os.Stat} {
		info, err := look(path)
		if err != nil {
			continue // Reading it will say why.
		}
		uid := int(info.Sys().(*syscall.Stat_t).Uid)
		if uid != 0 && uid != os.Geteuid() {
			return userName(uid)
		}
	}
	return ""
}

func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
