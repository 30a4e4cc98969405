package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
)

// The exit codes, besides 0.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitPortTaken   = 3
	exitNotInTime   = 4
	exitNotRunning  = 5
	exitCannotExec  = 126
	exitNotFound    = 127
	exitInterrupted = 130
)

// exitError carries the exit code of a verb that ended otherwise than well. A
// nil err ends lhrun without a word.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// signalError is the end of a verb by a signal, of which lhrun then dies: a shell's loop
// ends with a command that a signal has ended, and goes on after an exit code. A nil err
// ends lhrun without a word.
type signalError struct {
	sig os.Signal
	err error
}

func (e signalError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("ended by the signal %q", e.sig)
	}
	return e.err.Error()
}

func (e signalError) Unwrap() error { return e.err }

// signalCode is the exit code of a process that sig has ended, as shells tell it.
func signalCode(sig os.Signal) int {
	if n, ok := sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitInterrupted
}

// end ends this process with code, by a signal where that is the code of one.
func end(code int) {
	if code > 128 {
		proc.DieOf(syscall.Signal(code - 128))
	}
	os.Exit(code)
}

// usageError is a command line that cannot be carried out as it was given.
func usageError(format string, args ...any) error {
	return exitError{exitUsage, fmt.Errorf(format, args...)}
}

// exitCode is the one place that turns an error into lhrun's exit code.
func exitCode(err error) int {
	var exit exitError
	var signalled signalError
	var mistakes config.Mistakes
	var busy *ports.BusyError
	var taken *control.PortError
	var usage *run.UsageError
	var absent *run.NotRunningError
	var mute *run.UnresponsiveError
	var command *run.CommandError
	var dir *run.DirError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &signalled):
		return signalCode(signalled.sig)
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &mistakes), errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &absent):
		return exitNotRunning
	case errors.As(err, &mute) && mute.Within > 0:
		return exitNotInTime
	case errors.As(err, &command) && errors.Is(err, fs.ErrNotExist):
		return exitNotFound
	case errors.As(err, &command), errors.As(err, &dir):
		return exitCannotExec
	case errors.As(err, &busy), errors.As(err, &taken):
		return exitPortTaken
	case errors.Is(err, control.ErrNotRunning), errors.Is(err, control.ErrEnded):
		return exitNotRunning
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitFailed
	}
}

// report tells the user what went wrong: mistakes of a file in their own form,
// everything else as one line.
func report(w io.Writer, err error) {
	var exit exitError
	var signalled signalError
	var mistakes config.Mistakes
	var busy *ports.BusyError
	var twofold *run.TwofoldError
	switch {
	case err == nil:
	case errors.As(err, &twofold):
		report(w, twofold.Mistakes)
		report(w, twofold.Ports)
	case errors.As(err, &signalled) && signalled.err == nil:
	case errors.As(err, &exit) && exit.err == nil:
	case errors.As(err, &busy) && busy.Service != "" && busy.Holder.Project == "" && isEndable(busy.Holder):
		fmt.Fprintf(w, "lhrun: %v; %q ends that\n", err, freeCommand(busy.Request))
	case errors.As(err, &mistakes):
		fmt.Fprintln(w, strings.TrimRight(mistakes.Error(), "\n"))
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "lhrun: interrupted")
	default:
		fmt.Fprintln(w, "lhrun:", strings.TrimRight(err.Error(), "\n"))
	}
}

// asUsage makes a mistake that the running project tells of one of the command line.
func asUsage(err error) error {
	if mistake, ok := errors.AsType[*control.Mistake](err); ok {
		return exitError{exitUsage, mistake}
	}
	return err
}

// failure is what --json prints in place of facts where a verb has none.
type failure struct {
	Error failureFact `json:"error"`
}

// failureFact is an error with lhrun's exit code. Mistakes are those of files.
type failureFact struct {
	Code     int           `json:"code"`
	Message  string        `json:"message"`
	Mistakes []mistakeFact `json:"mistakes,omitempty"`
}

// mistakeFact is one mistake in a file; Line and Col are 0 where the whole file is meant.
type mistakeFact struct {
	File       string `json:"file"`
	Line       int    `json:"line"`
	Col        int    `json:"col"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

// printJSON prints the facts of a verb.
func (g *globals) printJSON(facts any) error {
	g.printed = true
	return view.PrintJSON(g.Out, facts)
}

// reportJSON prints err where --json has printed nothing else. The end by a signal is no
// fact to tell of.
func (g *globals) reportJSON(cmd *cobra.Command, args []string, err error) {
	if _, signalled := errors.AsType[signalError](err); err == nil || signalled || g.printed || !asksJSON(cmd, args) {
		return
	}
	_ = g.printJSON(failure{failureOf(err)}) // It is reported in words as well.
}

// asksJSON goes by the words, as the flags behind a wrong one were not read.
func asksJSON(cmd *cobra.Command, args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return cmd.Flags().Lookup("json") != nil && slices.Contains(args, "--json")
}

func failureOf(err error) failureFact {
	f := failureFact{Code: exitCode(err)}
	mistakes, _ := errors.AsType[config.Mistakes](err)
	for _, m := range mistakes {
		f.Mistakes = append(f.Mistakes, mistakeFact{m.Pos.File, m.Pos.Line, m.Pos.Col, m.Msg, m.Hint})
	}
	twofold, _ := errors.AsType[*run.TwofoldError](err)
	switch {
	case twofold != nil:
		f.Message = words.Plural(len(mistakes), "mistake") + "; " + inWords(twofold.Ports)
	case mistakes != nil:
		f.Message = words.Plural(len(mistakes), "mistake")
	default:
		f.Message = inWords(err)
	}
	return f
}

// inWords is err as it is reported, or its code where it is reported without a word.
func inWords(err error) string {
	var b strings.Builder
	report(&b, err)
	if b.Len() == 0 {
		return err.Error()
	}
	return strings.TrimSpace(strings.TrimPrefix(b.String(), "lhrun: "))
}
