package ports

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// store keeps the book in a file. Readers need no lock, because the file is only
// ever replaced whole or continued, and a line that is not whole yet does not count;
// whoever changes it holds the lock from reading to writing.
type store struct {
	dir  string
	warn func(string)
	pad  *pad
}

// pad is memory for the books that are changed, one after the other: half of what a
// first start takes is the kernel's work for new pages.
type pad struct {
	mu    sync.Mutex
	text  []byte
	taken numbers
}

const (
	bookFile   = "ports.json"
	brokenFile = "ports.json.broken"
	lockFile   = "ports.lock"
	// largestBook is in bytes; some hundred thousand ports fit.
	largestBook = 16 << 20
	// lockPatience outlasts any crowd; only a stopped process keeps the lock longer.
	lockPatience = 20 * time.Second
)

// damage is a file that is no registry. A registry that cannot be read just now,
// say for want of descriptors, is none.
type damage struct{ error }

// open makes the directory and proves that it can be written.
func (s store) open() error {
	err := os.MkdirAll(s.dir, 0o700)
	if err == nil {
		var f *os.File
		if f, err = openPlain(s.path(lockFile), os.O_RDWR|os.O_CREATE); err == nil {
			return f.Close()
		}
	}
	return unwritable(s.dir, err)
}

func unwritable(dir string, why error) error {
	return fmt.Errorf("cannot keep ports in %q: %w (set XDG_STATE_HOME to a directory that can be written)", dir, why)
}

func (s store) path(name string) string { return filepath.Join(s.dir, name) }

// read returns the book as it is, for looking only.
func (s store) read() (*book, error) {
	b, err := s.load(&pad{})
	if errors.As(err, &damage{}) {
		if err = s.change(func(*book) (bool, error) { return false, nil }); err == nil {
			b, err = s.load(&pad{})
		}
	}
	return b, err
}

// change runs f on the book under the lock and writes the book when f says that
// it changed something, even if f fails as well. The book ends with f.
func (s store) change(f func(*book) (changed bool, err error)) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	s.pad.mu.Lock()
	defer s.pad.mu.Unlock()
	b, err := s.load(s.pad)
	if why := (damage{}); errors.As(err, &why) {
		b, err = s.heal(why)
	}
	if err != nil {
		return err
	}
	changed, err := f(b)
	if changed {
		err = errors.Join(err, s.save(b))
	}
	return err
}

// load makes a book of the file, in p.
func (s store) load(p *pad) (_ *book, err error) {
	p.text, err = s.bytes(p.text)
	if errors.Is(err, fs.ErrNotExist) {
		return &book{rewrite: true}, nil
	}
	if errors.Is(err, errNotPlain) || errors.Is(err, errTooLarge) {
		return nil, damage{err}
	}
	var b *book
	if err == nil {
		b, err = parseBook(p.text, &p.taken)
		if err != nil && !errors.Is(err, errNewer) {
			return nil, damage{err}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot use the port registry %q: %w", s.path(bookFile), err)
	}
	return b, nil
}

var (
	errNotPlain = errors.New("it is not a regular file")
	errTooLarge = fmt.Errorf("it is larger than %d MiB", largestBook>>20)
)

// bytes returns what is in the file, in the memory of buf where that is enough.
func (s store) bytes(buf []byte) ([]byte, error) {
	f, err := openPlain(s.path(bookFile), os.O_RDONLY)
	if err != nil {
		return buf, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return buf, err
	}
	if info.Size() > largestBook {
		return buf, errTooLarge
	}
	size := int(info.Size()) // Nobody changes a file that is there.
	if cap(buf) < size {
		buf = make([]byte, size+size/8)
	}
	n, err := io.ReadFull(f, buf[:size])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return buf[:n], err
}

// heal puts a damaged file aside. Every key then finds its port again by its
// hash, except those that had to look further.
func (s store) heal(why error) (*book, error) {
	if err := os.Rename(s.path(bookFile), s.path(brokenFile)); err != nil {
		return nil, fmt.Errorf("cannot put the damaged port registry aside: %w", err)
	}
	if s.warn != nil {
		s.warn(fmt.Sprintf("the port registry could not be read (%v): kept as %q, ports are chosen anew", why, s.path(brokenFile)))
	}
	return &book{rewrite: true}, nil
}

// save continues the file, or replaces it. It does not sync: what a power cut can
// lose is one new number, which comes from the same hash again, and a sync would cost
// every first start tens of milliseconds under the lock.
//
// A rename over another file has ext4 start to write at once and wait for what it
// writes of the old one, 1 ms and more under the lock that everybody waits for; a
// line more costs a hundredth of that.
func (s store) save(b *book) (err error) {
	path := s.path(bookFile)
	if b.rewrite {
		err = s.replace(path, b.encode)
	} else {
		err = write(path, os.O_APPEND, b.continued)
	}
	if err != nil {
		return fmt.Errorf("cannot write the port registry: %w", err)
	}
	return nil
}

func (s store) replace(path string, content func(io.Writer) error) error {
	fresh := path + ".new"
	err := write(fresh, os.O_CREATE|os.O_EXCL, content)
	if errors.Is(err, fs.ErrExist) { // Somebody was killed here.
		os.Remove(fresh)
		err = write(fresh, os.O_CREATE|os.O_EXCL, content)
	}
	if err == nil {
		err = os.Rename(fresh, path)
	}
	return err
}

func write(path string, flags int, content func(io.Writer) error) error {
	f, err := openPlain(path, os.O_WRONLY|flags)
	if err != nil {
		return err
	}
	return errors.Join(content(f), f.Close())
}

func (s store) lock() (unlock func(), err error) {
	f, err := openPlain(s.path(lockFile), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the port registry: %w", err)
	}
	if err := waitLock(f, lockPatience); err != nil {
		return nil, fmt.Errorf("cannot lock the port registry %q: %w", s.path(lockFile), err)
	}
	return func() { f.Close() }, nil
}
