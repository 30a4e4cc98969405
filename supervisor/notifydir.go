package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/probe"
)

// notifyDir chooses where notify sockets are: in a directory beside the control sockets,
// named by numbers, since a service's name may be too long for a socket.
type notifyDir struct {
	mu    sync.Mutex
	last  int
	swept map[string]bool
	// temp is used where no path beside the control sockets is short enough.
	temp string
}

// path returns one that no live socket has, and makes the directory where it is missing.
func (d *notifyDir) path() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirs, err := files.RuntimeDirs()
	if err != nil {
		dirs = nil // There is the temporary directory.
	}
	for _, dir := range dirs {
		dir = filepath.Join(dir, "notify")
		if len(d.at(dir)) > probe.MaxSocketPath || ownPrivateDir(dir) != nil {
			continue
		}
		d.sweep(dir)
		return d.next(dir), nil
	}
	if _, err := os.Lstat(d.temp); err != nil {
		if d.temp, err = os.MkdirTemp("", "lhrun-"); err != nil {
			return "", err
		}
	}
	return d.next(d.temp), nil
}

// ownPrivateDir makes dir, and refuses another user's.
func ownPrivateDir(dir string) error {
	if err := files.PrivateDir(dir); err != nil {
		return err
	}
	info, err := files.CheckDir(dir)
	if err != nil {
		return err
	}
	return files.CheckOwner(dir, info)
}

func (d *notifyDir) at(dir string) string {
	return filepath.Join(dir, fmt.Sprintf("%d.%d", os.Getpid(), d.last+1))
}

// next passes over sockets of a process that has this one's number elsewhere.
func (d *notifyDir) next(dir string) string {
	path := d.at(dir)
	for d.last++; isServed(path); d.last++ {
		path = d.at(dir)
	}
	return path
}

// sweep removes, once in a run, what runs that were killed have left in dir.
func (d *notifyDir) sweep(dir string) {
	if d.swept[dir] {
		return
	}
	if d.swept == nil {
		d.swept = map[string]bool{}
	}
	d.swept[dir] = true
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.Type() == fs.ModeSocket && !isServed(path) {
			_ = os.Remove(path)
		}
	}
}

// isServed reports whether somebody may receive what is sent to path.
func isServed(path string) bool {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		_ = conn.Close()
	}
	return err == nil || !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist)
}

// close removes what is this run's alone; its sockets are closed by then.
func (d *notifyDir) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.temp != "" {
		_ = os.RemoveAll(d.temp)
	}
}
