package front

import (
	"context"
	"errors"
	"net/http"
	"syscall"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

const (
	// mostRepeats is how often a request is repeated that has been passed on.
	mostRepeats = 3
	// oneRead is how many bytes servers read at once, at least. The kernel resets a
	// connection that is closed before all has been read: of more than that, part may have
	// been, and done.
	oneRead = 4 << 10
)

// mayTryAgain reports whether r, of which a try at s has failed with err, may be tried once
// more. What has been passed on may be repeated if that does no more than once, or if the
// service has certainly read nothing of it: its process has ended with the connection
// still in its queue.
func (u *upstream) mayTryAgain(r *http.Request, s control.Service, body *replay, err error, repeats *int) bool {
	if errors.Is(err, errNobody) || errors.Is(err, errNoRoom) {
		return true
	}
	if *repeats++; *repeats > mostRepeats {
		return false
	}
	return mayRepeat(r) || isReset(err) && sizeOf(r)+body.size() <= oneRead && u.hasEnded(r.Context(), s)
}

// isReset reports whether the kernel has thrown away what had not been read.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// mayRepeat reports whether r does the same twice as once.
func mayRepeat(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return r.Header.Get("Upgrade") == ""
	}
	return false
}

// hasEnded reports whether the process of s, as it was when a try began, has ended, or is
// about to: it does not listen any more.
func (u *upstream) hasEnded(ctx context.Context, s control.Service) bool {
	now, known := view.ServiceNamed(u.tracker.now().snap, u.service)
	if !known || now.State != supervisor.StateReady || !sameStart(now, s) {
		return true
	}
	c, err := u.dial(ctx, "tcp", "")
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, errNobody)
}

func sameStart(a, b control.Service) bool {
	if a.StartedAt == nil || b.StartedAt == nil {
		return a.StartedAt == b.StartedAt
	}
	return a.StartedAt.Equal(b.StartedAt.Time)
}

// sizeOf is about what the head of r takes.
func sizeOf(r *http.Request) (bytes int64) {
	bytes = int64(len(r.Method) + len(r.URL.RequestURI()) + len(r.Host))
	for name, values := range r.Header {
		for _, value := range values {
			bytes += int64(len(name) + len(value) + len(": \r\n"))
		}
	}
	return bytes
}

// size is how much of the body has been passed on.
func (r *replay) size() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken
}
