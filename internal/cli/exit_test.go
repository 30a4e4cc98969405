package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/ports"
)

func TestExitCodes(t *testing.T) {
	mistakes := config.Mistakes{{Pos: config.Pos{File: "lhrun.toml", Line: 2, Col: 1}, Msg: "unknown key"}}
	shop := ports.Checkout{Project: "shop", Instance: "main"}
	busy := &ports.BusyError{Port: 8080}
	for _, tt := range []struct {
		name string
		err  error
		code int
		text string
	}{
		{"fine", nil, 0, ""},
		{"usage", usageError("unknown verb %q", "x"), 2, "lhrun: unknown verb \"x\"\n"},
		{"mistakes keep their form", fmt.Errorf("cannot load: %w", mistakes), 2, "lhrun.toml:2:1: unknown key\n"},
		{"a port is taken", fmt.Errorf("cannot start: %w", busy), 3, "lhrun: cannot start: " + busy.Error() + "\n"},
		{"mistakes and a taken port", &run.TwofoldError{Mistakes: mistakes, Ports: busy}, 2, "lhrun.toml:2:1: unknown key\nlhrun: " + busy.Error() + "\n"},
		{"a verb's own code", exitError{7, errors.New("so it is")}, 7, "lhrun: so it is\n"},
		{"a code goes before what it wraps", exitError{4, busy}, 4, "lhrun: " + busy.Error() + "\n"},
		{"a code without a word", exitError{code: 5}, 5, ""},
		{"the run ended as it was asked", control.ErrNotRunning, 5, "lhrun: the project does not run\n"},
		{"the run is on its way down", fmt.Errorf("cannot start: %w", control.ErrEnded), 5, "lhrun: cannot start: the project has ended\n"},
		{"a mistake that the host found", &run.UsageError{Err: errors.New("unknown service")}, 2, "lhrun: unknown service\n"},
		{"it does not run", &run.NotRunningError{Checkout: shop, Start: "lhrun up"}, 5, "lhrun: shop (main) does not run; start it with \"lhrun up\"\n"},
		{"it does not answer", &run.UnresponsiveError{Checkout: shop}, 1, "lhrun: " + (&run.UnresponsiveError{Checkout: shop}).Error() + "\n"},
		{"nor in time", &run.UnresponsiveError{Checkout: shop, Within: time.Second}, 4, "lhrun: " + (&run.UnresponsiveError{Checkout: shop, Within: time.Second}).Error() + "\n"},
		{"no such command", &run.CommandError{Name: "x", Err: fs.ErrNotExist}, 127, "lhrun: cannot run \"x\": there is no such command\n"},
		{"a command that is not allowed", &run.CommandError{Name: "x", Err: fs.ErrPermission}, 126, "lhrun: cannot run \"x\": permission denied\n"},
		{"a directory that is not there", &run.DirError{Err: fs.ErrNotExist}, 126, "lhrun: file does not exist\n"},
		{"interrupted", context.Canceled, 130, "lhrun: interrupted\n"},
		{"anything else", errors.New("disk full"), 1, "lhrun: disk full\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			report(&out, tt.err)
			if code := exitCode(tt.err); code != tt.code || out.String() != tt.text {
				t.Errorf("code %d and %q, want %d and %q", code, out.String(), tt.code, tt.text)
			}
		})
	}
}
