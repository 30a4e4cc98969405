//go:build linux || darwin || freebsd

package proc

import "testing"

// A program that opens the terminal gets an error at once, where it would be suspended
// if it belonged to the terminal's session.
func TestNoChildHasTheTerminalOfThisProgram(t *testing.T) {
	s := roleSpec("guard supervisor terminal")
	s.TTY = true
	g := startSpec(t, newTable(t), s)
	if got := g.line("terminal"); got != "true true" {
		t.Error("no terminal, own group:", got)
	}
}
