package ports

import (
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Holder is whoever has a port. Every field may be unknown (zero): the system
// shows the processes of another user by their user alone.
type Holder struct {
	PID     int
	Command string
	// Program is what Command runs, without its path and its arguments.
	Program string
	// User is a user name, or a number where it has no name.
	User string
	// Project, Instance, Service and Dir are set when it belongs to an lhrun.
	Project, Instance, Service, Dir string
	// Silent means that it does not listen on the port: it has only bound it, or has a
	// connection whose own end it is.
	Silent bool
	// TimeWait is set instead of all others where nobody has the port any more: it is
	// free once the system forgets closed connections, after this time.
	TimeWait time.Duration
}

// String is one phrase for people, such as
//
//	pid 812 (python3 -m http.server 3000), user ann
//	lhrun project "shop" (instance feature-x, service api), pid 99
func (h Holder) String() string {
	switch {
	case h.TimeWait != 0:
		return "closed connections (TIME_WAIT) for another " + seconds(h.TimeWait)
	case h.Silent && h.PID == 0 && h.User == "":
		return "a process that does not listen on it"
	case h.Silent:
		h.Silent = false
		return h.String() + ", which does not listen on it"
	case h.Project != "":
		return h.project()
	case h.PID != 0:
		return h.process()
	case h.User != "":
		return fmt.Sprintf("a process of user %s (its pid is hidden from you)", h.User)
	}
	return "a process that is hidden from you"
}

// seconds rounds up, so that it never says that the wait is over.
func seconds(d time.Duration) string { return fmt.Sprintf("%d s", (d+time.Second-1)/time.Second) }

func (h Holder) project() string {
	var about []string
	if h.Instance != "" {
		about = append(about, "instance "+h.Instance)
	}
	if h.Service != "" {
		about = append(about, "service "+h.Service)
	}
	s := fmt.Sprintf("lhrun project %q", h.Project)
	if len(about) > 0 {
		s += " (" + strings.Join(about, ", ") + ")"
	}
	if h.PID != 0 {
		s += fmt.Sprintf(", pid %d", h.PID)
	}
	return s
}

func (h Holder) process() string {
	s := fmt.Sprintf("pid %d", h.PID)
	if h.Command != "" {
		s += " (" + h.Command + ")"
	}
	if h.User != "" {
		s += ", user " + h.User
	}
	return s
}

// programOf is the name of the program in a command line. Programs that write their own
// put what they do behind a space or a colon: "nginx: worker process".
func programOf(cmdline string) string {
	first, _, _ := strings.Cut(cmdline, "\x00")
	first, _, _ = strings.Cut(first, " ")
	return printable(strings.TrimSuffix(strings.TrimPrefix(path.Base(first), "-"), ":"))
}

// longestCommand is in characters; more than that hides the rest of the message.
const longestCommand = 80

// printable makes a command line of a stranger fit for a terminal: one line, no
// escapes, not endless.
func printable(command string) string {
	if !utf8.ValidString(command) {
		command = strings.ToValidUTF8(command, "?")
	}
	command = strings.Map(func(c rune) rune {
		switch {
		case c == 0 || unicode.IsSpace(c):
			return ' '
		case !unicode.IsPrint(c):
			return '?'
		}
		return c
	}, command)
	command = strings.TrimSpace(command)
	if utf8.RuneCountInString(command) > longestCommand {
		command = string([]rune(command)[:longestCommand-1]) + "…"
	}
	return command
}
