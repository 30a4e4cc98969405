// Package files keeps what lhrun writes for itself: private files that no other user
// can read, and that neither a link, a pipe nor a crash in their place can turn into
// something else.
//
// Everything lies in two directories. The state directory, $XDG_STATE_HOME/lhrun, holds
//
//	ports.json                     package ports: which checkout has which ports,
//	ports.json.broken              a damaged one, put aside,
//	ports.lock                     held while ports.json changes
//	leases/PORT                    package ports: locked while a port is leased, not on Linux
//	trust/                         package trust: this user's CA
//	trust.lock                     held while that changes
//	projects/PROJECT/INSTANCE/     one checkout (InstanceDir):
//	  lock                         held while the checkout runs
//	  run.json                     what the next run ends if this one is killed
//	  last.json                    how the services of the last run ended
//	  journal.jsonl                package journal: what happened, run after run
//	  lhrun.log                    what a run in the background says
//	  logs/                        package logs: what services wrote
//	  tls/SERVICE/                 certificates of services with `tls = true`
//
// and the runtime directory, $XDG_RUNTIME_DIR/lhrun, the sockets of package control. They
// lie in the state directory where there is no runtime directory.
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// private is the mode of every file that lhrun writes for itself.
const private fs.FileMode = 0o600

// ErrNotRegular means that a link, a directory, a pipe, a socket or a device is where
// a file was expected.
var ErrNotRegular = errors.New("not a regular file")

// IsReadOnly reports whether err says that this user may not write in a place.
func IsReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// TooLargeError means that a file holds more than Most bytes.
type TooLargeError struct{ Most int64 }

func (e TooLargeError) Error() string { return fmt.Sprintf("it is larger than %d MiB", e.Most>>20) }

// Read returns what is in the private file at path. It fails with a
// TooLargeError for more than most bytes, and otherwise as Open does.
func Read(path string, most int64) ([]byte, error) {
	f, err := Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return readAll(f, info.Size(), most)
}

// readAll reads at most so many bytes of r, which should hold size.
func readAll(r io.Reader, size, most int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(size, most)) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(r, most+1))
	if err == nil && int64(b.Len()) > most {
		return nil, TooLargeError{most}
	}
	return b.Bytes(), err
}
