package ports

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

// store keeps the registry file. Readers need no lock, because the file is replaced
// whole, or continued by lines that count once they are whole; whoever changes it holds
// the lock from reading to writing.
type store struct {
	dir  string
	warn func(string)
	seen *seen
}

const (
	registryName = "ports.json"
	brokenName   = "ports.json.broken"
	lockName     = "ports.lock"
	// largestFile is in bytes; some hundred thousand ports fit.
	largestFile = 16 << 20
	// lockPatience outlasts any crowd; only a stopped process keeps the lock longer.
	lockPatience = 20 * time.Second
)

// damage is a file that is no registry. A registry that cannot be read just now, say
// for want of descriptors, is not damaged.
type damage struct{ error }

// open makes the directory and proves that it can be used. One that this user may only
// read will do until something changes.
func (s store) open() error {
	err := os.MkdirAll(s.dir, 0o700)
	if err == nil {
		var f *os.File
		if f, err = files.OpenHealed(s.path(lockName), os.O_RDWR|os.O_CREATE); err == nil {
			return f.Close()
		}
	}
	if files.IsReadOnly(err) {
		return nil
	}
	return unwritable(s.dir, err)
}

func unwritable(dir string, why error) error {
	return fmt.Errorf("cannot keep ports in %q: %w (set XDG_STATE_HOME to a directory that can be written)", dir, why)
}

// look is change for who only wants to know: where this user may not write, the change
// is lost with f.
func (s store) look(edit func(*registryFile) (changed bool, err error)) error {
	err := s.change(edit)
	if !files.IsReadOnly(err) {
		return err
	}
	f, err := s.load()
	if err == nil {
		_, err = edit(f)
	}
	return err
}

func (s store) path(name string) string { return filepath.Join(s.dir, name) }

// read returns the registry as it is. Readers share it, so that nobody may change it.
func (s store) read() (*registryFile, error) {
	f, err := s.parsed(s.seen.parse)
	if errors.As(err, &damage{}) {
		if err = s.change(func(*registryFile) (bool, error) { return false, nil }); err == nil {
			f, err = s.load()
		}
	}
	return f, err
}

// change calls edit with the registry under the lock and writes the registry when edit
// says that it changed something, even if edit fails as well.
func (s store) change(edit func(*registryFile) (changed bool, err error)) error {
	lock, waited, err := s.lock()
	if err != nil {
		if files.IsReadOnly(err) {
			return unwritable(s.dir, err)
		}
		return fmt.Errorf("cannot lock the port registry %q: %w", s.path(lockName), err)
	}
	defer lock.Close()
	f, err := s.load()
	if why := (damage{}); errors.As(err, &why) {
		f, err = s.heal(why)
	}
	if err != nil {
		return err
	}
	changed, err := edit(f)
	if changed {
		err = errors.Join(err, s.save(f, waited || s.crowded(f)))
	}
	return err
}

// lock also reports whether another process had the lock.
func (s store) lock() (lock *os.File, waited bool, err error) {
	lock, err = files.Lock(s.path(lockName), 0)
	if errors.Is(err, fs.ErrNotExist) { // The directory was removed, or could not be made.
		if err = os.MkdirAll(s.dir, 0o700); err == nil {
			lock, err = files.Lock(s.path(lockName), 0)
		}
	}
	if !errors.Is(err, files.ErrLocked) {
		return lock, false, err
	}
	lock, err = files.Lock(s.path(lockName), lockPatience)
	return lock, true, err
}

// load returns a registry of the caller's own.
func (s store) load() (*registryFile, error) { return s.parsed(parseRegistry) }

func (s store) parsed(parse func(data []byte) (*registryFile, error)) (*registryFile, error) {
	var f *registryFile
	data, err := files.Read(s.path(registryName), largestFile)
	switch {
	case err == nil:
		if f, err = parse(data); err != nil && !errors.Is(err, errNewer) {
			return nil, damage{err}
		}
	case errors.Is(err, fs.ErrNotExist):
		return &registryFile{rewrite: true}, nil
	case errors.Is(err, files.ErrNotRegular), errors.As(err, new(files.TooLargeError)):
		return nil, damage{files.Cause(err)}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot use the port registry %q: %w", s.path(registryName), err)
	}
	return f, nil
}

// heal puts a damaged file aside. Every key then finds its port again by its hash,
// except those that had to look further.
func (s store) heal(why error) (*registryFile, error) {
	if err := os.Rename(s.path(registryName), s.path(brokenName)); err != nil {
		return nil, fmt.Errorf("cannot put the damaged port registry aside: %w", err)
	}
	if s.warn != nil {
		s.warn(fmt.Sprintf("the port registry could not be read (%v): kept as %q, ports are chosen anew", why, s.path(brokenName)))
	}
	return &registryFile{rewrite: true}, nil
}

// save writes f: as one document, or in a crowd of processes that start at once as lines
// behind it. All of the crowd wait while a file is replaced, for milliseconds on ext4:
// with that, "20 new leases, 50 lhrun at once" of the figures misses its goal. The first
// change after the crowd makes the file one document again.
//
// save does not sync: a power cut can lose a new number, which comes from the same hash
// again, and a sync would cost every first start tens of milliseconds under the lock.
func (s store) save(f *registryFile, crowd bool) (err error) {
	if crowd && !f.rewrite {
		err = s.append(f)
	} else {
		err = s.replace(f)
	}
	if err != nil {
		return fmt.Errorf("cannot write the port registry: %w", err)
	}
	return nil
}

// crowded reports whether f was continued just now.
func (s store) crowded(f *registryFile) bool {
	info, err := os.Lstat(s.path(registryName))
	return err == nil && f.lines > 0 && time.Since(info.ModTime()) < time.Second
}

func (s store) replace(f *registryFile) error {
	data, err := f.encode()
	if err != nil {
		return err
	}
	return files.Replace(s.path(registryName), data)
}

// append writes in one piece, because readers have no lock.
func (s store) append(f *registryFile) error {
	lines, err := f.changes()
	if err != nil {
		return err
	}
	to, err := files.Open(s.path(registryName), os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return err
	}
	_, err = to.Write(lines)
	return errors.Join(err, to.Close())
}
