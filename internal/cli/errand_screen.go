package cli

import (
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/logs"
)

// errandScreen is where run writes: standard error, as standard output is the
// command's. Services are only heard with stream; what is no trouble is only told
// then, or once it is loud.
type errandScreen struct {
	textScreen
	stream, loud bool
}

func (e *errand) openScreen(names []string) screen {
	terminal := isTerminal(e.Err)
	e.screen = &errandScreen{stream: e.verbose, textScreen: textScreen{file: e.Err, terminal: terminal, Console: logs.NewConsole(e.Err, logs.ConsoleOptions{
		Bare:     !e.verbose,
		Color:    e.coloured(e.Err),
		Names:    append([]string{logs.Self}, names...),
		Terminal: terminal,
		Width:    func() int { return int(terminalSize(e.Err).Cols) },
	})}}
	return e.screen
}

func (s *errandScreen) Lines(service string, at time.Time, block []byte) error {
	if !s.stream {
		return nil
	}
	return s.Console.Lines(service, at, block)
}

func (s *errandScreen) Preview(service string, at time.Time, text []byte) error {
	if !s.stream {
		return nil
	}
	return s.Console.Preview(service, at, text)
}

func (s *errandScreen) Say(level hclog.Level, text string) {
	if level < levelWarn && !s.stream && !s.loud {
		return
	}
	if !s.stream && !strings.HasPrefix(text, " ") {
		text = logs.Self + ": " + text
	}
	_ = s.Console.Lines(logs.Self, time.Now(), []byte(text+"\n")) // There is nowhere else to tell of an error.
}

// Failed is never: the command goes on without lhrun's own lines.
func (s *errandScreen) Failed() <-chan struct{} { return nil }

func (s *errandScreen) File() *os.File { return s.file }
