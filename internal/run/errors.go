package run

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/ports"
)

// UsageError is a mistake of whoever asked: a name that does not exist, a file
// that is not there.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

func usageError(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// TwofoldError says that files have mistakes and that ports cannot be leased either.
type TwofoldError struct {
	Mistakes config.Mistakes
	Ports    error
}

func (e *TwofoldError) Error() string   { return e.Mistakes.Error() + "\n\n" + e.Ports.Error() }
func (e *TwofoldError) Unwrap() []error { return []error{e.Mistakes, e.Ports} }

// RunningError says that another lhrun has the checkout.
type RunningError struct {
	Checkout ports.Checkout
	// PID is 0 where the holder is not known.
	PID int
	// Run is which run of the checkout has it; "" where that is not known.
	Run string
	// DirID is the number of the directory in which it began.
	DirID string
	// Wanted are the services that were to be started.
	Wanted []string
}

func (e *RunningError) Error() string {
	by := ""
	if e.PID != 0 {
		by = fmt.Sprintf(", pid %d", e.PID)
	}
	return fmt.Sprintf("%s already runs in %s%s", title(e.Checkout), e.Checkout.Dir, by)
}

// DisplacedError says that a run goes on whose directory was deleted, and another one has
// its path by now.
type DisplacedError struct{ RunningError }

func (e *DisplacedError) Error() string {
	return fmt.Sprintf("%s still runs, pid %d, in a directory that was deleted; \"lhrun down\" ends it", title(e.Checkout), e.PID)
}

// RenamedError says that the file has got another name since its run began, which goes on.
type RenamedError struct {
	Checkout ports.Checkout
	PID      int
	// Name is the file's name now.
	Name string
}

func (e *RenamedError) Error() string {
	return fmt.Sprintf("this directory runs as %s, pid %d, and its name is %s now: \"lhrun down\" ends that run, and then it can start under its new name",
		title(e.Checkout), e.PID, e.Name)
}

// NotRunningError says that nobody serves the checkout.
type NotRunningError struct {
	Checkout ports.Checkout
	// Start is the command that would start it.
	Start string
	// Phase is "just starting" or "just ending" where a run is there that does not
	// serve yet, or not any more.
	Phase string
	// Within is how long somebody has waited for it to come up.
	Within time.Duration
}

func (e *NotRunningError) Error() string {
	is := "does not run"
	if e.Phase != "" {
		is = "is " + e.Phase
	}
	switch {
	case e.Within > 0:
		return fmt.Sprintf("%s %s, and did not come up within %s", title(e.Checkout), is, e.Within)
	case e.Phase != "":
		return fmt.Sprintf("%s %s: try again in a moment", title(e.Checkout), is)
	}
	return fmt.Sprintf("%s %s; start it with %q", title(e.Checkout), is, e.Start)
}

// UnresponsiveError says that a run is there and does not answer.
type UnresponsiveError struct {
	Checkout ports.Checkout
	// PIDs are the processes of lhrun that are alive.
	PIDs []string
	// Within is how long somebody has waited for an answer, where a user has set
	// that time.
	Within time.Duration
}

func (e *UnresponsiveError) Error() string {
	all := strings.Join(e.PIDs, " ")
	text := fmt.Sprintf("%s runs and does not answer; if it is suspended, `kill -CONT %s` lets it go on, "+
		"else `kill -9 %s` and then `lhrun down` end it", title(e.Checkout), all, all)
	if e.Within > 0 {
		text = fmt.Sprintf("not within %s: %s", e.Within, text)
	}
	return text
}

// CommandError says why a command cannot be run. It wraps fs.ErrNotExist where
// there is no such command.
type CommandError struct {
	Name string
	Err  error
}

func (e *CommandError) Error() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return fmt.Sprintf("cannot run %q: there is no such command", e.Name)
	}
	err := e.Err
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("cannot run %q: %v", e.Name, err)
}

func (e *CommandError) Unwrap() error { return e.Err }

// DirError says why the directory of a command cannot be entered.
type DirError struct{ Err error }

func (e *DirError) Error() string { return e.Err.Error() }
func (e *DirError) Unwrap() error { return e.Err }

// title names a checkout for people: "shop (main)".
func title(c ports.Checkout) string { return fmt.Sprintf("%s (%s)", c.Project, c.Instance) }
