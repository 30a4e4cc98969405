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

// pagerOf returns the shell command that pages, "" for none.
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

// throughPager reports whether the pager ran. A user who quits it early has seen
// enough.
func (g *globals) throughPager(pager, text string) bool {
	cmd := exec.Command("sh", "-c", pager)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), g.Out, g.Err
	cmd.Env = pagerEnv(cmd.Environ())
	// Only the pager answers Ctrl-C: it has the terminal until it ends.
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

// pagerEnv adds git's defaults, unless the user has options of their own: less ends
// at once where the text fits on the screen, keeps colours and clears nothing.
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
