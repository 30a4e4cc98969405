package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/lhrun/lhrun/internal/view"
)

// page shows text through the user's pager where the output is a terminal, as git
// does, and writes it otherwise.
func (g *globals) page(text string) error {
	if view.IsTerminal(g.Out) {
		if pager := pagerOf(os.LookupEnv); pager != "" && g.throughPager(pager, text) {
			return nil
		}
	}
	_, err := io.WriteString(g.Out, text)
	return err
}

// pagerOf is the shell command that pages; "" says that nothing does.
func pagerOf(lookup func(string) (string, bool)) string {
	pager, set := lookup("PAGER")
	pager = strings.TrimSpace(pager)
	switch {
	case set && pager == "cat":
		return ""
	case set:
		return pager
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}

// throughPager reports whether the pager could be run: a text that it was quit
// before the end of has been shown.
func (g *globals) throughPager(pager, text string) bool {
	cmd := exec.Command("sh", "-c", pager)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), g.Out, g.Err
	cmd.Env = pagerEnv(cmd.Environ())
	// Ctrl-C is the pager's to answer: the terminal is in its hands until it ends.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	err := cmd.Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	if ended {
		code := exit.ExitCode()
		return code != exitNotFound && code != exitCannotExec
	}
	return err == nil
}

// pagerEnv makes less end at once where a text fits on the screen, keep colours,
// and leave the text there, unless the user has options of their own.
func pagerEnv(env []string) []string {
	defaults := map[string]string{"LESS": "FRX", "LV": "-c"}
	for _, pair := range env {
		key, _, _ := strings.Cut(pair, "=")
		delete(defaults, key)
	}
	for key, value := range defaults {
		env = append(env, key+"="+value)
	}
	return env
}
