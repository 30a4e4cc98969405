package cli

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/term"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/supervisor"
)

// The weights of lhrun's own lines.
const (
	levelInfo  = hclog.Info
	levelWarn  = hclog.Warn
	levelError = hclog.Error
)

// screen is where up writes: the stream of all services and lhrun's own lines.
type screen interface {
	supervisor.Output
	Say(level hclog.Level, text string)
	// Live shows lines below the stream and reports whether it can; nil takes
	// them away.
	Live(lines []string) bool
	// Wipe takes away what the terminal has echoed of a pressed key.
	Wipe()
	// Failed closes when the output can't be written any more; Err says why.
	Failed() <-chan struct{}
	Err() error
	File() *os.File
	Close() error
}

func (g *globals) newScreen(o upOptions, names []string) screen {
	if o.logFormat == "json" {
		return newJSONScreen(g.Out)
	}
	terminal := isTerminal(g.Out)
	color := g.coloured(g.Out)
	return &textScreen{file: g.Out, terminal: terminal, color: color, Console: logs.NewConsole(g.Out, logs.ConsoleOptions{
		Color:    color,
		Time:     o.timestamps,
		Names:    append([]string{logs.Self}, names...),
		Terminal: terminal,
		Width:    func() int { return int(terminalSize(g.Out).Cols) },
	})}
}

// newBareScreen is for verbs that have only lines of their own to write: what goes
// wrong goes to the error output.
func (g *globals) newBareScreen() *bareScreen {
	terminal := isTerminal(g.Out)
	return &bareScreen{errs: g.Err, textScreen: textScreen{file: g.Out, terminal: terminal, Console: logs.NewConsole(g.Out, logs.ConsoleOptions{
		Bare:     true,
		Terminal: terminal,
		Width:    func() int { return int(terminalSize(g.Out).Cols) },
	})}}
}

func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

type bareScreen struct {
	textScreen
	errs *os.File
	// mute writes nothing to the output, which is for JSON.
	mute bool
}

func (s *bareScreen) Say(level hclog.Level, text string) {
	switch {
	case level >= levelError:
		s.Live(nil)
		fmt.Fprintln(s.errs, "lhrun:", text)
	case !s.mute:
		s.textScreen.Say(level, text)
	}
}

func (s *bareScreen) Live(lines []string) bool { return !s.mute && s.textScreen.Live(lines) }

type textScreen struct {
	*logs.Console
	file     *os.File
	terminal bool
	color    bool
}

func (s *textScreen) Say(level hclog.Level, text string) {
	switch {
	case !s.color:
	case level >= levelError:
		text = "\x1b[31m" + text + "\x1b[0m"
	case level >= levelWarn:
		text = "\x1b[33m" + text + "\x1b[0m"
	}
	_ = s.Lines(logs.Self, time.Now(), []byte(text+"\n")) // Failed tells of errors.
}

func (s *textScreen) Live(lines []string) bool {
	if s.terminal {
		s.Console.Live(lines)
	}
	return s.terminal
}

func (s *textScreen) File() *os.File { return s.file }

// jsonScreen writes one object a line: the services' by the log path, lhrun's own
// by hclog, so both have the same fields.
type jsonScreen struct {
	*logs.JSON
	own  hclog.Logger
	file *os.File
}

func newJSONScreen(f *os.File) *jsonScreen {
	w := &lockedFile{file: f}
	return &jsonScreen{file: f, JSON: logs.NewJSON(w), own: hclog.New(&hclog.LoggerOptions{
		Name: logs.Self, Output: w, JSONFormat: true,
	})}
}

func (s *jsonScreen) Say(level hclog.Level, text string) { s.own.Log(level, text) }
func (s *jsonScreen) Live([]string) bool                 { return false }
func (s *jsonScreen) Wipe()                              {}
func (s *jsonScreen) File() *os.File                     { return s.file }

// lockedFile keeps the lines of two writers apart.
type lockedFile struct {
	mu   sync.Mutex
	file *os.File
}

func (f *lockedFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Write(p)
}
