package config

import (
	"strconv"
	"strings"
	"syscall"

	"github.com/lhrun/lhrun/internal/words"
)

// signal reads a name, with SIG or without, in any case.
func (c *checker) signal(n *node) syscall.Signal {
	if n == nil {
		return 0
	}
	s, ok := n.scalar.(string)
	if !ok {
		c.wrong(n, `a signal's name such as "INT"`, "")
		return 0
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	sig := signalNumber("SIG" + name)
	if sig == 0 {
		c.bad(n.pos(), signalHint(s, name), "%q is not a signal", s)
	}
	return sig
}

func signalHint(written, name string) string {
	// Only those worth suggesting.
	known := []string{"TERM", "INT", "HUP", "QUIT", "KILL", "USR1", "USR2", "WINCH", "CONT", "STOP", "ALRM"}
	near := words.Suggest(name, known)
	if near == "" {
		return "signals have names such as " + choice([]string{"TERM", "INT", "HUP"})
	}
	if len(written) > len(name) {
		near = "SIG" + near
	}
	return didYouMean(strconv.Quote(near))
}
