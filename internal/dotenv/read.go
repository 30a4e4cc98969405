package dotenv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// maxFile bounds what is read of one file: beyond it, somebody named a wrong one.
const maxFile = 16 << 20

// pipePatience is how long a pipe in a file's place is waited for. Password managers
// put one where .env is, and write into it when somebody reads; one that nobody writes
// into would be waited for without an end.
const pipePatience = 5 * time.Second

// Read returns what is in the file at path, at most 16 MiB. Errors name no path;
// one of a missing file is fs.ErrNotExist.
func Read(path string) ([]byte, error) { return readWithin(path, pipePatience) }

func readWithin(path string, patience time.Duration) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, cause(err)
	}
	var from io.Reader = f
	if info.Mode()&os.ModeNamedPipe != 0 {
		from = &pipe{File: f, patience: patience, limit: time.Now().Add(patience)}
	}
	data, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("it is a pipe into which nobody wrote for %s", patience)
	case err != nil:
		return nil, cause(err)
	case len(data) > maxFile:
		return nil, fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	return data, nil
}

// pipe ends with what its first writer has written, and gives up at limit without one.
type pipe struct {
	*os.File
	patience time.Duration
	limit    time.Time
	begun    bool
}

func (p *pipe) Read(b []byte) (int, error) {
	for ; ; time.Sleep(5 * time.Millisecond) {
		if err := p.SetReadDeadline(p.limit); err != nil {
			return 0, err
		}
		n, err := p.File.Read(b)
		switch {
		case n > 0:
			p.begun, p.limit = true, time.Now().Add(p.patience)
			return n, err
		case p.begun || !errors.Is(err, io.EOF):
			return n, err
		case time.Now().After(p.limit):
			return 0, os.ErrDeadlineExceeded
		}
	}
}
