//go:build !linux && !darwin && !freebsd

package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// errNoTrees is why nothing starts here.
var errNoTrees = fmt.Errorf("cannot start processes on %s: process trees are not known there: %w",
	runtime.GOOS, errors.ErrUnsupported)

// Table starts nothing on this system.
type Table struct{}

// NewTable returns an empty Table.
func NewTable() *Table { return &Table{} }

// RunID is "": nothing is marked.
func (*Table) RunID() string { return "" }

// Start returns an error that wraps errors.ErrUnsupported.
func (*Table) Start(Spec) (*Process, error) { return nil, errNoTrees }

// Run returns an error that wraps errors.ErrUnsupported.
func (*Table) Run(context.Context, Spec) (Exit, []byte, error) { return Exit{}, nil, errNoTrees }

// Close does nothing.
func (*Table) Close() {}

// Process is never made on this system.
type Process struct{}

// The methods of a Process; see those of Linux.
func (*Process) PID() int                                                 { return 0 }
func (*Process) ID() ID                                                   { return ID{} }
func (*Process) Mark() uint64                                             { return 0 }
func (*Process) Pipe() string                                             { return "" }
func (*Process) Members() []ID                                            { return nil }
func (*Process) Output() *os.File                                         { return nil }
func (*Process) Done() <-chan struct{}                                    { return nil }
func (*Process) Exit() Exit                                               { return Exit{} }
func (*Process) Suspended() int                                           { return 0 }
func (*Process) Tree() []int                                              { return nil }
func (*Process) Signal(syscall.Signal) error                              { return errNoTrees }
func (*Process) End(syscall.Signal, time.Duration, <-chan struct{}) error { return errNoTrees }
func (*Process) EndWith(Ending) ([]string, error)                         { return nil, errNoTrees }
func (*Process) Ending([]string) []ID                                     { return nil }
func (*Process) Resize(Size)                                              {}

// BecomeSubreaper does nothing.
func BecomeSubreaper() error { return nil }

// Alive is always false.
func Alive(ID) bool { return false }

// Identify is always false.
func Identify(int) (ID, bool) { return ID{}, false }

// Above is true of this process alone.
func Above(pid int) bool { return pid == os.Getpid() }

// SignalForeign returns an error that wraps errors.ErrUnsupported.
func SignalForeign(ID, syscall.Signal) error { return errNoTrees }

// ForeignTree has no members on this system.
type ForeignTree struct{ ID }

// The methods of a ForeignTree; see those of Linux.
func (ForeignTree) Members() []ID                                            { return nil }
func (ForeignTree) End(syscall.Signal, time.Duration, <-chan struct{}) error { return errNoTrees }

// EndForeign returns an error that wraps errors.ErrUnsupported.
func EndForeign(ID, time.Duration) error { return errNoTrees }

// Lineage is always nil.
func Lineage(int) []int { return nil }

// Self names this process by its pid alone.
func Self() ID { return ID{PID: os.Getpid()} }

// Command is always "".
func Command(int) string { return "" }

// Leftovers finds nothing.
func Leftovers(Record) []Left { return nil }

// EndLeftovers ends nothing.
func EndLeftovers(Record, time.Duration) (ended, still []Left) { return nil, nil }

// GuardedSide is never made on this system.
type GuardedSide struct{}

// Guarded is always false.
func Guarded() (*GuardedSide, bool) { return nil, false }

// The methods of a GuardedSide; see those of Linux.
func (*GuardedSide) Lost() <-chan struct{}     { return nil }
func (*GuardedSide) Signals() <-chan os.Signal { return nil }
func (*GuardedSide) Arrivals() <-chan Arrival  { return nil }
func (*GuardedSide) Guard() ID                 { return ID{} }
func (*GuardedSide) Run() string               { return "" }

// Detach returns an error that wraps errors.ErrUnsupported.
func (*GuardedSide) Detach(_, _ []string, _, _, _ *os.File) (*os.Process, error) {
	return nil, errNoTrees
}

// Guard returns an error that wraps errors.ErrUnsupported.
func Guard(GuardOptions) (Exit, error) { return Exit{}, errNoTrees }

// DieOf does nothing.
func DieOf(syscall.Signal) {}

// Detach returns an error that wraps errors.ErrUnsupported.
func Detach(_, _ []string, _, _, _ *os.File) (*os.Process, error) {
	return nil, errNoTrees
}

// Redirect returns an error that wraps errors.ErrUnsupported.
func Redirect(*os.File) error { return errNoTrees }

func signalName(sig syscall.Signal) string { return sig.String() }

// ReserveDescriptors does nothing.
func ReserveDescriptors(int) {}

// MissedSignal is not known here.
func MissedSignal(int, syscall.Signal) bool { return false }
