package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// contradictionBound is for how long a state may differ from what the machine
// shows: the two are never looked at in the same instant.
const contradictionBound = 15 * time.Second

// watch looks at what must hold at every moment.
func (w *world) watch(stop <-chan struct{}) {
	since := map[string]time.Duration{} // of each contradiction
	awake := newAwakeClock()
	for {
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
		w.did("look at everything")
		w.checkLedger()
		w.checkRegistry()
		now := map[string]bool{}
		for _, p := range w.projects {
			w.checkDotenv(p)
			for _, c := range w.contradictions(p) {
				now[c] = true
			}
		}
		for c := range since {
			if !now[c] {
				delete(since, c)
			}
		}
		at := awake.now()
		for c := range now {
			if began, known := since[c]; !known {
				since[c] = at
			} else if at-began > contradictionBound {
				w.fault("for %s: %s", contradictionBound, c)
				since[c] = at
			}
		}
	}
}

// checkLedger takes what the services found: a lock that another incarnation, or
// another service on the same port, still had.
func (w *world) checkLedger() {
	found, _ := filepath.Glob(filepath.Join(w.ledger, "violations", "*"))
	for _, path := range found {
		text, _ := os.ReadFile(path)
		w.fault("two at once: %s", text)
		_ = os.Remove(path)
	}
}

// checkRegistry wants a whole document. A kill may cut the last of the lines behind it
// short, which then does not count.
func (w *world) checkRegistry() {
	data, err := os.ReadFile(filepath.Join(w.home.dir, "state/lhrun/ports.json"))
	if err != nil {
		return
	}
	from := json.NewDecoder(bytes.NewReader(data))
	var value json.RawMessage
	for n := 0; err == nil; n++ {
		if err = from.Decode(&value); err == nil || err == io.EOF || n > 0 && err == io.ErrUnexpectedEOF {
			continue
		}
		w.fault("the registry is half-written: %v at byte %d of %d, value %d", err, from.InputOffset(), len(data), n+1)
	}
}

// checkDotenv wants what the user wrote, and a block that is whole or not there.
func (w *world) checkDotenv(p *chaosProject) {
	data, err := os.ReadFile(filepath.Join(p.dir, ".env"))
	text := string(data)
	begin, end := strings.Count(text, "# >>> lhrun >>>"), strings.Count(text, "# <<< lhrun <<<")
	if err != nil || !strings.HasPrefix(text, "MINE=1\n# the end of mine\n") || begin != end || begin > 1 ||
		!strings.HasSuffix(text, "\n") {
		w.fault("%s: .env is half-written: %q %v", p.name, text, err)
	}
}

// contradictions are where the states differ from the table of processes.
func (w *world) contradictions(p *chaosProject) (found []string) {
	snap, ok := w.snapshot(p)
	if !ok {
		return nil
	}
	live := map[string][]int{}
	for _, pid := range processes(p.dir) {
		if service := variable(pid, "LHRUN_SERVICE"); service != "" {
			live[service] = append(live[service], pid)
		}
	}
	for _, s := range snap.Services {
		pids := live[s.Name]
		switch {
		case s.PID != 0 && !slices.Contains(pids, s.PID):
			found = append(found, fmt.Sprintf("%s: %s is %s with pid %d, which is not there", p.name, s.Name, s.State, s.PID))
		case s.PID == 0 && len(pids) > 0 && isOver(s):
			found = append(found, fmt.Sprintf("%s: %s is %s, but pids %v are there", p.name, s.Name, s.State, pids))
		}
		delete(live, s.Name)
	}
	for service, pids := range live {
		found = append(found, fmt.Sprintf("%s: there is no service %s, but pids %v are its", p.name, service, pids))
	}
	return found
}

func isOver(s control.Service) bool {
	return slices.Contains([]string{"stopped", "failed", "completed", "waiting", "backoff"}, string(s.State))
}

func variable(pid int, name string) string {
	env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	for pair := range bytes.SplitSeq(env, []byte{0}) {
		if value, ok := bytes.CutPrefix(pair, []byte(name+"=")); ok {
			return string(value)
		}
	}
	return ""
}
