package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/control"
)

func whyOf(t *testing.T, name string) explanation {
	t.Helper()
	p := newFakeProject(shop())
	p.lines["migrate"] = []string{"connecting to postgres://app:hunter2@127.0.0.1/shop", "no such table: \x1b[31musers\x1b[0m"}
	p.lines["queue"] = []string{"loading"}
	p.lines["mail"] = []string{"using key sk-live-1234"}
	p.lines["db"] = []string{"never shown"}
	e, err := explain(t.Context(), p.snap, name, p.Logs)
	if err != nil {
		t.Fatal(err)
	}
	e.now = noon
	return e
}

// The whole chain of reasons in plain words, with UPDATE=1 written anew.
func TestWhyTellsTheWholeChain(t *testing.T) {
	for _, s := range shop().Services {
		t.Run(s.Name, func(t *testing.T) {
			var b strings.Builder
			if err := whyOf(t, s.Name).write(&b, newMasker([]string{"STRIPE_KEY=sk-live-1234"})); err != nil {
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

func TestWhyUnknownService(t *testing.T) {
	p := newFakeProject(shop())
	if _, err := explain(t.Context(), p.snap, "wbe", p.Logs); exitCode(err) != 2 {
		t.Error(err)
	}
}

// The fields that why --json adds to those of ps --json.
func TestWhyJSONShape(t *testing.T) {
	e := whyOf(t, "web")
	text, err := json.Marshal(e.facts(e.cause, newMasker()))
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
	p := newFakeProject(snap)
	e, err := explain(t.Context(), snap, "api", p.Logs)
	if err != nil {
		t.Fatal(err)
	}
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
