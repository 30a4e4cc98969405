package cli

import (
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/supervisor"
)

// detachedKey is the variable that tells a lhrun that it is the one in the background. Its
// value is detachedUp or, where "lhrun run" has begun it, the mark of what that starts.
const (
	detachedKey = "LHRUN_AWAY"
	detachedUp  = "up"
)

// detachedScreen is the screen of a run in the background. What services write is
// kept on disk anyway; lhrun's own lines go to a file, and to the lhrun that began
// the run until that one can reach it.
type detachedScreen struct {
	own    hclog.Logger
	file   *os.File
	failed chan struct{}

	mu      sync.Mutex
	waiting *json.Encoder
}

func newDetachedScreen(path string, waiting *os.File) (*detachedScreen, error) {
	f, err := files.OpenHealed(path, os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	return &detachedScreen{
		own: hclog.New(&hclog.LoggerOptions{Name: logs.Self, Output: &boundedFile{f}}), file: f,
		failed: make(chan struct{}), waiting: json.NewEncoder(waiting),
	}, nil
}

func (s *detachedScreen) Say(level hclog.Level, text string) {
	s.own.Log(level, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		_ = s.waiting.Encode(message{Level: level, Text: text}) // Whoever waited may be gone.
	}
}

func (s *detachedScreen) Lines(string, time.Time, []byte) error   { return nil }
func (s *detachedScreen) Preview(string, time.Time, []byte) error { return nil }
func (s *detachedScreen) Live([]string) bool                      { return false }
func (s *detachedScreen) Wipe()                                   {}
func (s *detachedScreen) Failed() <-chan struct{}                 { return s.failed }
func (s *detachedScreen) OnFull(func(error))                      {}
func (s *detachedScreen) Err() error                              { return nil }
func (s *detachedScreen) Size() supervisor.Size                   { return supervisor.Size{} }
func (s *detachedScreen) Close() error                            { return s.file.Close() }

func (s *detachedScreen) Quote(service string, lines []string, _ int) {
	for _, line := range lines {
		s.Say(hclog.Error, "  "+service+": "+line)
	}
}

// handOver tells the lhrun that began this run where to reach it. From then on
// nothing but this process's input holds on to that one's files. The channel closes
// when that one sees the run, or is gone; one that uses a one-off run takes leave before,
// which the channel tells.
func (s *detachedScreen) handOver(h *handshake) (seen <-chan bool, err error) {
	ended := make(chan bool, 1)
	go func() {
		defer close(ended)
		if n, _ := os.Stdin.Read(make([]byte, 1)); n > 0 {
			ended <- true
		}
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.waiting.Encode(message{Handshake: h})
	s.waiting = nil
	return ended, proc.Redirect(s.file)
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
