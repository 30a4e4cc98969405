package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// SocketPath is where the socket of an instance is: in $XDG_RUNTIME_DIR/lhrun, where
// that is a directory of this user, as it is not after su, else in the state
// directory; under a short name where the path would be too long. Two state
// directories that share a runtime directory get different sockets.
func SocketPath(project, instance string) (string, error) {
	paths, err := socketPaths(project, instance)
	if err != nil {
		return "", err
	}
	return paths[0], nil
}

// socketPaths are the places where the socket of an instance can be, SocketPath
// first: cron, ssh and editors often have another environment than the shell that
// has started the project.
func socketPaths(project, instance string) (paths []string, err error) {
	state, err := ports.StateDir()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(state + "\x00" + project + "\x00" + instance))
	hash := hex.EncodeToString(sum[:8])
	dirs := []string{state}
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(runtime) && isOwn(runtime) {
		dirs = []string{filepath.Join(runtime, "lhrun"), state}
	}
	if usual := fmt.Sprintf("/run/user/%d", os.Geteuid()); isOwn(usual) {
		dirs = append(dirs, filepath.Join(usual, "lhrun"))
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, project+"."+instance+"."+hash[:8]+".sock")
		if len(path) > maxSocketPath {
			path = filepath.Join(dir, hash+".sock")
		}
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func isOwn(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir() && checkOwner(dir, info) == nil
}

// ownDir makes dir, 0700, where it is missing, and refuses one that is not this
// user's alone.
func ownDir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := checkDir(dir)
	if err == nil && info.Mode().Perm() != 0o700 {
		err = os.Chmod(dir, 0o700)
	}
	return err
}

// checkDir refuses what another user could have put there.
func checkDir(dir string) (fs.FileInfo, error) {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a symbolic link, which is not followed: remove it", dir)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a directory: remove it", dir)
	}
	return info, checkOwner(dir, info)
}

// checkSocket reports fs.ErrNotExist where there is nothing.
func checkSocket(path string) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a symbolic link, which is not followed: remove it", path)
	case info.Mode()&fs.ModeSocket == 0:
		return nil, fmt.Errorf("%s is not a socket: remove it", path)
	}
	return info, checkOwner(path, info)
}

// listen makes the socket at path, in the place of a stale one.
func listen(path string) (*net.UnixListener, error) {
	if err := ownDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	short, release, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer release()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // It would remove another's, and by a short path.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// removeStale takes away a socket at which nobody listens any more.
func removeStale(path string) error {
	if _, err := checkSocket(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	short, release, err := shorten(path)
	if err != nil {
		return err
	}
	defer release()
	conn, err := net.DialTimeout("unix", short, time.Second)
	switch {
	case err == nil:
		_ = conn.Close()
		return fmt.Errorf("another lhrun listens on %s", path)
	case !nobodyListens(err):
		return err
	}
	return os.Remove(path)
}
