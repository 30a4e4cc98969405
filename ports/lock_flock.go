//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

// flocks holds a port by locking a file named after it. That spans one state
// directory, so one user; the files stay, only their locks mean something.
type flocks struct{ dir string }

func newFlocks(dir string) (locks, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(dir, err)
	}
	return flocks{dir}, nil
}

func (l flocks) path(port int) string { return filepath.Join(l.dir, strconv.Itoa(port)) }

func (l flocks) hold(port int, who identity) (hold, error) {
	f, err := files.Open(l.path(port), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	// holder takes the lock for a moment when it looks; try again.
	for range 10 {
		if err = files.TryLock(f); !errors.Is(err, files.ErrLocked) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	switch {
	case err == nil:
		err = writeIdentity(f, who)
	case errors.Is(err, files.ErrLocked):
		err = errHeld
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return heldFile{f}, nil
}

type heldFile struct{ *os.File }

func (h heldFile) transfer(who identity) error { return writeIdentity(h.File, who) }

func writeIdentity(f *os.File, id identity) error {
	text, err := json.Marshal(id)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(text, 0)
	}
	return err
}

func (l flocks) holder(port int) (who lessee, held bool) {
	f, err := files.Open(l.path(port), os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return lessee{}, false
	}
	if err != nil {
		return lessee{}, true
	}
	defer f.Close()
	if files.TryLock(f) == nil {
		return lessee{}, false
	}
	var id identity
	if json.NewDecoder(io.LimitReader(f, longestIdentity)).Decode(&id) != nil {
		return lessee{}, true
	}
	return id.lessee(process(id.PID)), true
}

func (l flocks) held() ([]int, error) {
	files, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list the leased ports: %w", err)
	}
	var out []int
	for _, file := range files {
		port, err := strconv.Atoi(file.Name())
		if err != nil {
			continue
		}
		if _, held := l.holder(port); held {
			out = append(out, port)
		}
	}
	return out, nil
}
