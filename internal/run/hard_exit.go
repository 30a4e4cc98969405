package run

import "time"

// HardExit kills everything and ends this process once nothing is left, whether or
// not somebody reads what lhrun has to say. The store has what nobody has seen.
func (s *Session) HardExit(code int) {
	s.sup.Kill()
	for limit := time.Now().Add(5 * time.Second); len(s.sup.Handles(true)) > 0 && time.Now().Before(limit); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(600 * time.Millisecond) // for the end in order, and its last words
	s.keepRest()
	s.chronicle.end(true)
	s.exit(code)
}

func (s *Session) exit(code int) {
	if s.options.Exit != nil {
		s.options.Exit(code)
	}
}

// keepPatience is for a disk that takes nothing any more.
const keepPatience = 5 * time.Second

// keepRest keeps what services wrote and nobody has read, before an end that does not
// wait for the reader of lhrun's own output.
func (s *Session) keepRest() {
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		s.sup.KeepRest()
	}()
	select {
	case <-kept:
	case <-time.After(keepPatience):
	}
}
