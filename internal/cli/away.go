package cli

import (
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/ports"
)

// awayKey is the variable that tells a lhrun that it is the one in the background.
const awayKey = "LHRUN_AWAY"

// word is what a run in the background tells the lhrun that began it, one JSON
// object a line: lines to show, and last where to meet.
type word struct {
	Level hclog.Level `json:"level,omitempty"`
	Text  string      `json:"text,omitempty"`
	Meet  *meeting    `json:"meet,omitempty"`
}

// meeting says where a run is reached, and what is wanted of it.
type meeting struct {
	Checkout ports.Checkout `json:"checkout"`
	Wanted   []string       `json:"wanted"`
	// Joins is: another lhrun had begun it.
	Joins bool `json:"joins,omitempty"`

	// met tells the run that it was met; nil where it does not wait for that.
	met func()
	// interrupted is: the run has been sent a signal to end before it could be met.
	interrupted bool
}

// awayScreen is the screen of a run in the background. What services write is kept
// on disk anyway; lhrun's own lines go to a file, and to waiting until it goes.
type awayScreen struct {
	own    hclog.Logger
	file   *os.File
	failed chan struct{}

	mu      sync.Mutex
	waiting *json.Encoder
}

func newAwayScreen(path string, waiting *os.File) (*awayScreen, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &awayScreen{
		own: hclog.New(&hclog.LoggerOptions{Name: logs.Self, Output: &boundedFile{f}}), file: f,
		failed: make(chan struct{}), waiting: json.NewEncoder(waiting),
	}, nil
}

func (s *awayScreen) Say(level hclog.Level, text string) {
	s.own.Log(level, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		_ = s.waiting.Encode(word{Level: level, Text: text}) // Whoever waited may be gone.
	}
}

func (s *awayScreen) Lines(string, time.Time, []byte) error   { return nil }
func (s *awayScreen) Preview(string, time.Time, []byte) error { return nil }
func (s *awayScreen) Live([]string) bool                      { return false }
func (s *awayScreen) Wipe()                                   {}
func (s *awayScreen) Failed() <-chan struct{}                 { return s.failed }
func (s *awayScreen) Err() error                              { return nil }
func (s *awayScreen) File() *os.File                          { return s.file }
func (s *awayScreen) Close() error                            { return s.file.Close() }

// handOver tells the lhrun that began this run, if there is one, where to meet it.
// From then on nothing but its input holds on to that one's files.
func (ses *session) handOver() error {
	s, ok := ses.screen.(*awayScreen)
	if !ok {
		return nil
	}
	met := make(chan struct{})
	ses.met = met
	go func() {
		defer close(met)
		_, _ = os.Stdin.Read(make([]byte, 1)) // Nothing ever comes but its end.
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.waiting.Encode(word{Meet: &meeting{Checkout: ses.checkout, Wanted: ses.wanted}})
	s.waiting = nil
	return proc.Redirect(s.file)
}

// awaitMet gives whoever began this run in the background the time to see its end.
func (ses *session) awaitMet() {
	if ses.met != nil {
		select {
		case <-ses.met:
		case <-time.After(meetPatience):
		}
	}
}

// maxOwnLog bounds the file of lhrun's own lines, in bytes.
const maxOwnLog = 1 << 20

// boundedFile begins anew when it is full.
type boundedFile struct{ file *os.File }

func (b *boundedFile) Write(p []byte) (int, error) {
	if info, err := b.file.Stat(); err == nil && info.Size() > maxOwnLog {
		_ = b.file.Truncate(0)
	}
	return b.file.Write(p)
}
