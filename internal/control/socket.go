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
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

// SocketPath is where the first socket of an instance is: in the first of
// files.RuntimeDirs, under a short name where the path would be too long. Two state
// directories that share a runtime directory get different sockets.
func SocketPath(project, instance string) (string, error) {
	paths, err := socketPaths(project, instance)
	if err != nil {
		return "", err
	}
	return paths[0], nil
}

// ServedPaths are where a run serves an instance: at SocketPath and in the state
// directory. The runtime directory ends with its user's last login, and the run may not.
func ServedPaths(project, instance string) ([]string, error) {
	paths, err := socketPaths(project, instance)
	return paths[:min(2, len(paths))], err
}

// socketPaths are the places where the socket of an instance can be, SocketPath first.
func socketPaths(project, instance string) (paths []string, err error) {
	state, err := files.StateDir()
	if err != nil {
		return nil, err
	}
	dirs, err := files.RuntimeDirs()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(state + "\x00" + project + "\x00" + instance))
	hash := hex.EncodeToString(sum[:8])
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

// ownDir makes dir, 0700, where it is missing, and refuses one that is not this
// user's alone.
func ownDir(dir string) error {
	if err := checkDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := files.PrivateDir(dir); err != nil {
		return err
	}
	return checkDir(dir) // Root could have been given another user's meanwhile.
}

// checkDir refuses what another user could have put there.
func checkDir(dir string) error {
	info, err := files.CheckDir(dir)
	if err != nil {
		return err
	}
	return files.CheckOwner(dir, info)
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
	return info, files.CheckOwner(path, info)
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

// nobodyListens tells a socket that is left over from one that is served.
func nobodyListens(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}
