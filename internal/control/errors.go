package control

import (
	"errors"
	"fmt"
)

// ErrNotRunning says that nobody serves the socket, so the project does not run.
var ErrNotRunning = errors.New("the project does not run")

// ErrEnded ends a stream of events: the project is down. It is also returned by
// what is asked of a project that is on its way down.
var ErrEnded = errors.New("the project has ended")

// ErrLost is returned when the connection broke off, as when lhrun is killed.
var ErrLost = errors.New("connection lost")

// Mistake is an error of the one who asks, or of the project's file; nothing has
// changed. It stays one across the socket.
type Mistake struct{ Text string }

func (m *Mistake) Error() string { return m.Text }

func mistake(format string, args ...any) error {
	return &Mistake{fmt.Sprintf(format, args...)}
}

// PortError says that a port is taken on which the project's file is fixed; nothing has
// changed.
type PortError struct{ Text string }

func (e *PortError) Error() string { return e.Text }

// VersionError says that a lhrun of another protocol runs the project.
type VersionError struct {
	Ours, Theirs string
	// PID is of the other lhrun; 0 when it is not known.
	PID int
}

func (e *VersionError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("the project is run by lhrun %s, to which this lhrun %s cannot talk; "+
			"use that one, or end it and start the project again", e.Theirs, e.Ours)
	}
	return fmt.Sprintf("the project is run by lhrun %s, pid %d, to which this lhrun %s cannot talk; "+
		"use that one, or end it with \"kill %d\" and start the project again", e.Theirs, e.PID, e.Ours, e.PID)
}
