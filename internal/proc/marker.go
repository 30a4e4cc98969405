package proc

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
)

// markKey is the variable by which a process is recognised after its parents
// have gone. A value is RUN-N; a run inside another run appends to the outer one's
// with a comma, so that both recognise it.
const (
	markName = "LHRUN_RUN"
	markKey  = markName + "="
)

func newRunID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// marked returns env with the mark of process n, first so that it is found soon.
func marked(env []string, run string, n uint64) []string {
	value := run + "-" + strconv.FormatUint(n, 10)
	out := make([]string, 1, len(env)+1)
	for _, pair := range env {
		if outer, ok := strings.CutPrefix(pair, markKey); ok {
			value = outer + "," + value
			continue
		}
		out = append(out, pair)
	}
	out[0] = markKey + value
	return out
}

// lastMark returns the run of the innermost mark in a value of the variable.
func lastMark(value string) (run string) {
	run, _, _ = strings.Cut(value[strings.LastIndexByte(value, ',')+1:], "-")
	return run
}

// unmarked returns env without the innermost mark, if that is run's.
func unmarked(env []string, run string) []string {
	out := make([]string, 0, len(env))
	for _, pair := range env {
		value, is := strings.CutPrefix(pair, markKey)
		if !is || lastMark(value) != run {
			out = append(out, pair)
		} else if at := strings.LastIndexByte(value, ','); at >= 0 {
			out = append(out, markKey+value[:at])
		}
	}
	return out
}

// findMark looks for run's mark in NUL-separated variables.
func findMark(environ []byte, run string) (uint64, bool) {
	for pair := range bytes.SplitSeq(environ, []byte{0}) {
		value, ok := bytes.CutPrefix(pair, []byte(markKey))
		if !ok {
			continue
		}
		for mark := range strings.SplitSeq(string(value), ",") {
			id, n, _ := strings.Cut(mark, "-")
			if number, err := strconv.ParseUint(n, 10, 64); err == nil && id == run {
				return number, true
			}
		}
	}
	return 0, false
}
