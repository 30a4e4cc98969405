package supervisor

import (
	"io"
	"os"
	"time"
)

// keptPause is how long the output of an instance is read on whose kept programs may
// hold it open for good.
const keptPause = 50 * time.Millisecond

// readRestOfKept is readRest for an instance that may have left programs that write to
// out. What they write from now on is thrown away: an out that nobody reads, or that is
// closed, would stop or end them.
func (s *Supervisor) readRestOfKept(a *attempt, out *os.File) {
	waitBriefly(a.copied, keptPause)
	_ = out.SetReadDeadline(time.Now())
	waitBriefly(a.copied, time.Second)
	go func() {
		defer out.Close()
		<-a.copied
		ended := make(chan struct{})
		go func() {
			select {
			case <-s.done:
				_ = out.Close()
			case <-ended:
			}
		}()
		_ = out.SetReadDeadline(time.Time{})
		_, _ = io.Copy(io.Discard, out)
		close(ended)
	}()
}
