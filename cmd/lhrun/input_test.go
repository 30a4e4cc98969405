package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// readers end with their input, as esbuild --watch and many others do.
const readers = `
dotenv = false
[services.reader]
command = "cat; echo over; exec sleep 1000"
port = false
[services.null]
command = "cat; echo over; exec sleep 1000"
port = false
stdin = "null"
`

func TestTheInputOfAServiceStaysOpen(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", readers)
	r := h.up(dir)
	r.wait(`^null +\| over`)
	time.Sleep(300 * time.Millisecond)
	if got := r.texts("reader"); len(got) > 0 {
		t.Errorf("the reader goes on: %q", got)
	}
	r.stop()
}

func TestTheInputStaysOpenInTheBackgroundAndWithAProcfile(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", readers)
	if out, errs, code := h.output(dir, "up", "-d"); code != 0 {
		t.Fatalf("code %d\n%s%s", code, out, errs)
	}
	eventually(t, "the other has ended its input", func() bool {
		out, _, _ := h.output(dir, "logs")
		return strings.Contains(out, "over")
	})
	if out, _, _ := h.output(dir, "logs", "reader"); strings.Contains(out, "over") {
		t.Errorf("in the background the input has ended:\n%s", out)
	}
	h.output(dir, "down")

	r := h.up(h.checkout("Procfile", "reader: cat\nother: echo started; exec sleep 1000\n"))
	r.wait("other +| started")
	time.Sleep(300 * time.Millisecond)
	r.stop() // Else it has ended with the reader.
}

func TestAServiceThatEndsWellAtOnceIsRemarkedOn(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.short]
command = "echo done"
port = false
[services.long]
command = "sleep 1000"
port = false
`)
	r := h.up(dir)
	r.wait("exited with code 0.* though it is a service")
	out, _, _ := h.output(dir, "ps")
	if !strings.Contains(out, "though it is a service") {
		t.Errorf("ps does not tell:\n%s", out)
	}
	r.signal(syscall.SIGINT)
	r.code()
}

func TestAStoppedProcessShowsInPsAndWhy(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.halted]\ncommand = \"echo up; kill -STOP $$; exec sleep 1000\"\nport = false\n")
	r := h.up(dir)
	r.wait("halted +. up")
	for _, verb := range [][]string{{"ps"}, {"why", "halted"}} {

		eventually(t, verb[0]+" tells that it is stopped", func() bool {
			out, _, _ := h.output(dir, verb...)
			return strings.Contains(out, "is stopped by a signal") && strings.Contains(out, "kill -CONT")
		})
	}
	r.stop()
}
