package view

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// logsOf reads lines as control.Project does.
func logsOf(lines map[string][]string) LogReader {
	return func(_ context.Context, q control.LogQuery, each func(control.LogLine) error) error {
		if !q.Until.IsZero() {
			return nil // All of them are of the last attempt.
		}
		for _, service := range q.Services {
			for _, text := range lines[service] {
				if err := each(control.LogLine{Service: service, Text: text}); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func explainIn(t *testing.T, snap control.Snapshot, name string, lines map[string][]string) Explanation {
	t.Helper()
	s, ok := ServiceNamed(snap, name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	e, err := Explain(t.Context(), snap, s, logsOf(lines))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func whyOf(t *testing.T, name string) Explanation {
	t.Helper()
	e := explainIn(t, shop(), name, map[string][]string{
		"migrate": {"connecting to postgres://app:hunter2@127.0.0.1/shop", "no such table: \x1b[31musers\x1b[0m"},
		"queue":   {"loading"},
		"mail":    {"using key sk-live-1234"},
		"db":      {"never shown"},
	})
	e.Now = noon
	return e
}

// mask knows the secrets of the shop.
var mask = strings.NewReplacer("hunter2", "***", "sk-live-1234", "***").Replace

// The whole chain of reasons in plain words, with UPDATE=1 written anew.
func TestWhyTellsTheWholeChain(t *testing.T) {
	for _, s := range shop().Services {
		t.Run(s.Name, func(t *testing.T) {
			var b strings.Builder
			if err := whyOf(t, s.Name).Write(&b, mask); err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(b.String(), noon.Format("2006-01-02"), "2026-01-02")
			same(t, filepath.Join("testdata", "why", s.Name+".txt"), text)
			if strings.Contains(text, "hunter2") || strings.Contains(text, "sk-live") {
				t.Errorf("shows a secret:\n%s", text)
			}
		})
	}
}

// The fields that why --json adds to those of ps --json.
func TestWhyJSONShape(t *testing.T) {
	e := whyOf(t, "web")
	text, err := json.Marshal(e.Facts(mask))
	if err != nil {
		t.Fatal(err)
	}
	type fact struct {
		Name, State, Why string
		Because          []fact
		LastLines        []string `json:"last_lines"`
	}
	var got fact
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "web" || got.State != "failed" || got.Why != "web has failed, 3s ago, because of api" || got.LastLines != nil {
		t.Errorf("%+v", got)
	}
	root := got.Because[0].Because[0]
	if root.Name != "migrate" || root.Because == nil || len(root.LastLines) != 2 || strings.Contains(root.LastLines[0], "hunter2") {
		t.Errorf("%+v", root)
	}
}

// A failure whose cause has been put right since does not blame itself.
func TestWhyOfAFailureWhoseCauseIsFineAgain(t *testing.T) {
	snap := shop()
	for i := range snap.Services {
		if snap.Services[i].Name == "migrate" {
			snap.Services[i].State, snap.Services[i].Reason = "completed", ""
		}
	}
	e := explainIn(t, snap, "api", nil)
	if roots := e.roots(); len(roots) != 1 || roots[0].Name != "migrate" || e.advice() != "once that is put right: lhrun start api" {
		t.Errorf("roots %v, advice %q", roots, e.advice())
	}
}

// A circle, which no project has, ends.
func TestWhyEndsInACircle(t *testing.T) {
	snap := control.Snapshot{Services: []control.Service{
		{Name: "a", State: "waiting", WaitsFor: []string{"b"}}, {Name: "b", State: "waiting", WaitsFor: []string{"a", "a"}},
	}}
	if got := causeOf(snap, snap.Services[0]); len(got.because) != 1 || len(got.because[0].because) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWhyNamesTheFirstOfManyDependencies(t *testing.T) {
	var names []string
	for i := range 2000 {
		names = append(names, fmt.Sprint("s", i))
	}
	c := &cause{Service: control.Service{Name: "api", State: "waiting", WaitsFor: names}}
	if got := c.waiting(); !strings.HasPrefix(got, "api waits for s0, s1, ") || !strings.HasSuffix(got, ", …") || len(got) > 100 {
		t.Errorf("got %.200q", got)
	}
}

// What attempts before the last one wrote is not taken for what that one did.
func TestWhyShowsTheLinesOfTheLastAttempt(t *testing.T) {
	start := noon.Add(-2 * time.Second)
	lines := []control.LogLine{
		{Service: "mail", At: start.Add(-time.Second), Text: "Error: of the attempt before"},
		{Service: "mail", At: start.Add(time.Millisecond), Text: "of the last one"},
	}
	for name, last := range map[string]int{"of the last one": 2, "Error: of the attempt before": 1} {
		read := func(_ context.Context, q control.LogQuery, each func(control.LogLine) error) error {
			for _, l := range lines[:last] {
				if !l.At.Before(q.Since) && (q.Until.IsZero() || !l.At.After(q.Until)) {
					_ = each(l)
				}
			}
			return nil
		}
		snap := shop()
		s, _ := ServiceNamed(snap, "mail")
		s.StartedAt = &control.Time{Time: start}
		e, err := Explain(t.Context(), snap, s, read)
		if err != nil {
			t.Fatal(err)
		}
		got := e.last["mail"]
		if len(got.lines) != 1 || got.lines[0] != name || got.earlier != (last == 1) {
			t.Errorf("%q: %+v", name, got)
		}
		var b strings.Builder
		if err := e.Write(&b, mask); err != nil || strings.Contains(b.String(), "before that it wrote last") != (last == 1) {
			t.Errorf("%v, %s", err, &b)
		}
	}
}
