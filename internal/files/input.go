package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// maxInput bounds what is read of one file: beyond it, somebody named a wrong one.
const maxInput = 16 << 20

// patience bounds the wait for a pipe in a file's place. Password managers put one
// where .env is: they have it open by the time somebody reads, and may ask their user
// before they write.
type patience struct{ open, write time.Duration }

var pipePatience = patience{open: time.Second, write: 5 * time.Second}

// ReadInput returns what is in a file of the user's own, such as lhrun.toml or .env: at
// most 16 MiB, behind a link or out of a pipe too. Errors name no path, because the
// message around them does; the one of a missing file is fs.ErrNotExist.
func ReadInput(path string) ([]byte, error) { return readWithin(path, pipePatience) }

func readWithin(path string, patience patience) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, Cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, Cause(err)
	}
	var from io.Reader = f
	if info.Mode()&os.ModeNamedPipe != 0 {
		from = &pipe{File: f, patience: patience, opened: time.Now()}
	}
	data, err := readAll(from, info.Size(), maxInput)
	switch {
	case errors.Is(err, errNoWriter):
		return nil, fmt.Errorf("it is a pipe that nobody opened for writing within %s", patience.open)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("it is a pipe into which nobody wrote for %s", patience.write)
	}
	return data, Cause(err)
}

// errNoWriter is the end of the wait for somebody who has the pipe open.
var errNoWriter = errors.New("no writer")

// pipe ends with what its first writer has written, and gives up without one.
type pipe struct {
	*os.File
	patience patience
	opened   time.Time
	begun    bool
}

func (p *pipe) Read(b []byte) (int, error) {
	for ; ; time.Sleep(5 * time.Millisecond) {
		if err := p.SetReadDeadline(time.Now().Add(p.patience.write)); err != nil {
			return 0, err
		}
		n, err := p.File.Read(b)
		switch {
		case n > 0:
			p.begun = true
			return n, err
		case p.begun || !errors.Is(err, io.EOF):
			return n, err
		case time.Since(p.opened) > p.patience.open:
			return 0, errNoWriter
		}
	}
}

// Cause takes the operation and the paths off an error of package os, for a message that
// names the file already.
func Cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}
