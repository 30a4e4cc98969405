package view

import (
	"fmt"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// AttachedTo says what one is attached to who begins to be.
func AttachedTo(s control.Service) string {
	if s.PID == 0 {
		return fmt.Sprintf("attached; %s; Ctrl-] leaves", Describe(s))
	}
	return fmt.Sprintf("attached to %s; Ctrl-] leaves", s.Name)
}

// AttachedNews says what somebody should know who is attached to s, which was before; ran
// says that it has run meanwhile. It is "" for nothing.
func AttachedNews(s, before control.Service, ran bool) string {
	switch {
	case s.PID != 0 && s.PID != before.PID && ran: // What is typed arrives from now on.
		return s.Name + " restarts"
	case s.PID != 0 && s.PID != before.PID:
		return s.Name + " starts"
	case s.State != before.State && InState(s, supervisor.StateBackoff):
		return fmt.Sprintf("%s %s, and starts again%s", s.Name, s.Reason, nextTry(s))
	}
	return ""
}
