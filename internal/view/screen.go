package view

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/supervisor"
)

// Screen is where a run is shown: the stream of all services and lhrun's own lines.
type Screen interface {
	supervisor.Output
	// Say writes one of lhrun's own lines.
	Say(level hclog.Level, text string)
	// Quote writes lines of a service again, below what lhrun has said of it, unless they
	// stand just above. behind is how many lines the service has written after the first.
	Quote(service string, lines []string, behind int)
	// Live shows lines below the stream and reports whether it can; nil removes
	// them.
	Live(lines []string) bool
	// Wipe removes what the terminal has echoed of a pressed key.
	Wipe()
	// Failed closes when the output cannot be written any more; Err says why.
	Failed() <-chan struct{}
	Err() error
	// OnFull has f called each time that the disk behind the output begins to take
	// nothing. The screen goes on, and tells what is missing when there is room.
	OnFull(f func(error))
	// Size returns the room for what services write on the terminal, without the names
	// before it; the zero Size where there is no terminal.
	Size() supervisor.Size
	Close() error
}

// StreamOptions says how a stream of lines looks.
type StreamOptions struct {
	JSON bool
	// Timestamps puts the time before each line.
	Timestamps bool
	// Names are the services whose lines are expected.
	Names []string
}

// Stream returns the screen of up: the lines of all services on the output.
func (t Terminal) Stream(o StreamOptions) Screen {
	if o.JSON {
		return newJSONScreen(t.Out)
	}
	console := consoleOptions(t.Out)
	console.Color, console.Time = t.Colored(t.Out), o.Timestamps
	console.Names = append([]string{logs.Self}, o.Names...)
	return newTextScreen(t.Out, console)
}

// Bare returns the screen of a verb that has only lines of its own to write.
// Errors go to the error output. A mute screen writes nothing else, for a verb
// whose output is JSON.
func (t Terminal) Bare(mute bool) Screen {
	console := consoleOptions(t.Out)
	console.Bare = true
	return &bareScreen{textScreen: newTextScreen(t.Out, console), errs: t.Err, mute: mute}
}

// OneOff returns the screen of a one-off run. It writes to the error output, as
// the standard output belongs to the command. It shows what services write only
// if stream is set.
func (t Terminal) OneOff(stream bool, names []string) *OneOffScreen {
	console := consoleOptions(t.Err)
	console.Bare, console.Color = !stream, t.Colored(t.Err)
	console.Names = append([]string{logs.Self}, names...)
	return &OneOffScreen{textScreen: newTextScreen(t.Err, console), stream: stream}
}

// leastColumns is how narrow a terminal a service is told at the least: programs fail on
// less.
const leastColumns = 20

// textScreen writes to a terminal or a pipe.
type textScreen struct {
	*logs.Console
	file     *os.File
	terminal bool
	color    bool
}

func consoleOptions(f *os.File) logs.ConsoleOptions {
	return logs.ConsoleOptions{Terminal: IsTerminal(f), Width: func() int { return int(sizeOf(f).Cols) }}
}

func newTextScreen(f *os.File, o logs.ConsoleOptions) *textScreen {
	return &textScreen{file: f, terminal: o.Terminal, color: o.Color, Console: logs.NewConsole(f, o)}
}

func (s *textScreen) Say(level hclog.Level, text string) {
	switch {
	case !s.color:
	case level >= hclog.Error:
		text = "\x1b[31m" + text + "\x1b[0m"
	case level >= hclog.Warn:
		text = "\x1b[33m" + text + "\x1b[0m"
	}
	_ = s.Lines(logs.Self, time.Now(), []byte(text+"\n")) // Failed tells of errors.
}

// nearby is how many lines above are in sight still.
const nearby = 20

// inSight reports whether the stream shows the quoted lines of a service just above.
func (s *textScreen) inSight(service string, behind int) bool {
	since, shown := s.Since(service)
	return shown && since+behind <= nearby
}

func (s *textScreen) Quote(service string, lines []string, behind int) {
	if !s.inSight(service, behind) {
		quote(service, lines, func(text string) { s.Say(hclog.Error, text) })
	}
}

// quote lays lines of a service out below what is said of it.
func quote(service string, lines []string, say func(text string)) {
	for _, line := range lines {
		say("  " + service + ": " + line)
	}
}

func (s *textScreen) Live(lines []string) bool {
	if s.terminal {
		s.Console.Live(lines)
	}
	return s.terminal
}

func (s *textScreen) Size() supervisor.Size {
	size := sizeOf(s.file)
	if size.Cols > 0 {
		size.Cols = uint16(max(int(size.Cols)-s.Indent(), leastColumns))
	}
	return size
}

type bareScreen struct {
	*textScreen
	errs *os.File
	mute bool
}

func (s *bareScreen) Say(level hclog.Level, text string) {
	switch {
	case level >= hclog.Error:
		s.Live(nil)
		fmt.Fprintln(s.errs, "lhrun:", text)
	case !s.mute:
		s.textScreen.Say(level, text)
	}
}

func (s *bareScreen) Quote(service string, lines []string, _ int) {
	quote(service, lines, func(text string) { s.Say(hclog.Error, text) })
}

func (s *bareScreen) Live(lines []string) bool { return !s.mute && s.textScreen.Live(lines) }

// OneOffScreen is the screen of a one-off run.
type OneOffScreen struct {
	*textScreen
	stream, loud bool
}

// Loud makes the screen tell everything from now on, not only of trouble.
func (s *OneOffScreen) Loud() { s.loud = true }

func (s *OneOffScreen) Lines(service string, at time.Time, block []byte) error {
	if !s.stream {
		return nil
	}
	return s.Console.Lines(service, at, block)
}

func (s *OneOffScreen) Preview(service string, at time.Time, text []byte) error {
	if !s.stream {
		return nil
	}
	return s.Console.Preview(service, at, text)
}

func (s *OneOffScreen) Say(level hclog.Level, text string) {
	if level < hclog.Warn && !s.stream && !s.loud {
		return
	}
	if !s.stream {
		text = logs.Self + ": " + text
	}
	s.write(text)
}

func (s *OneOffScreen) Quote(service string, lines []string, behind int) {
	if !s.inSight(service, behind) {
		quote(service, lines, s.write)
	}
}

func (s *OneOffScreen) write(text string) {
	_ = s.Console.Lines(logs.Self, time.Now(), []byte(text+"\n")) // There is nowhere else to tell of an error.
}

// Failed never closes: the command goes on without lhrun's own lines.
func (s *OneOffScreen) Failed() <-chan struct{} { return nil }

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
func (s *jsonScreen) Size() supervisor.Size              { return sizeOf(s.file) }

func (s *jsonScreen) Quote(service string, lines []string, _ int) {
	quote(service, lines, func(text string) { s.Say(hclog.Error, text) })
}

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
