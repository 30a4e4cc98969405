package ports

import (
	"bytes"
	"strings"
)

// readIdentity tells which service a process was started for, from the
// variables that every service gets. They outlive the lhrun that set them, so
// what a crash left running is named too.
func readIdentity(pid int) (id identity) {
	for pair := range bytes.SplitSeq(environ(pid), []byte{0}) {
		rest, ok := bytes.CutPrefix(pair, []byte("LHRUN_"))
		if !ok {
			continue
		}
		key, value, _ := strings.Cut(string(rest), "=")
		switch key {
		case "PROJECT":
			id.Project = printable(value)
		case "INSTANCE":
			id.Instance = printable(value)
		case "SERVICE":
			id.Service = printable(value)
		case "DIR":
			id.Dir = value
		}
	}
	return id
}
