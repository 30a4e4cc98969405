package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuantilesAreOfTheSamples(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	if m := median(values); m != 3 {
		t.Error(m)
	}
	if p := quantile(0.99)(values); p != 5 {
		t.Error(p)
	}
	if !math.IsNaN(median(nil)) {
		t.Error("nothing measured has no median")
	}
}

func TestRatioIsOfTheSameRounds(t *testing.T) {
	// A slow minute doubles both of the second round.
	if r := ratio([]float64{12, 24, 11}, []float64{10, 20, 10}, median); r != 1.2 {
		t.Error(r)
	}
}

// sampleRow was measured: lhrun at 1.2 times the limit.
func sampleRow(goal goal, ahead string) *row {
	r := &row{Name: "work", unit: millis, goal: goal, ahead: ahead}
	r.add(limitName, 10)
	r.add(lhrunName, 12)
	r.add("hivemind", 11)
	return r
}

func TestVerdict(t *testing.T) {
	tests := []struct {
		name  string
		goal  goal
		ahead string
		want  string
	}{
		{"ratio reached", atMostTimes(1.25), "", "yes"},
		{"ratio missed", atMostTimes(1.15), "", "no"},
		{"more reached", atMostMore(3, millis), "", "yes"},
		{"more missed", atMostMore(1, millis), "", "no"},
		{"absolute reached", atMost(12, millis), "", "yes"},
		{"absolute missed", atMost(11.9, millis), "", "no"},
		{"behind a peer", atMostTimes(1.25), "hivemind", "no"},
		{"a peer that is missing", atMostTimes(1.25), "overmind", "yes"},
		{"no goal", goal{}, "", ""},
	}
	for _, test := range tests {
		if got := sampleRow(test.goal, test.ahead).verdict(); got != test.want {
			t.Errorf("%s: %q", test.name, got)
		}
	}
	if got := (&row{unit: millis, goal: atMost(1, millis)}).verdict(); got != "" {
		t.Errorf("nothing measured: %q", got)
	}
}

func TestTables(t *testing.T) {
	rows := []*row{sampleRow(atMostTimes(1.25), "hivemind"), {Name: "not measured", unit: percent, goal: nothing()}}
	rows[1].note("why")
	rows[1].note("why")
	var text, md, js bytes.Buffer
	printText(&text, rows)
	printMarkdown(&md, rows)
	printNotes(&md, rows, "- ")
	if err := printJSON(&js, "machine", nil, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"12.0 ms", "1.20 ×", "≤ 1.25 ×, ahead of hivemind", "hivemind 11.0 ms"} {
		if !strings.Contains(text.String(), want) || !strings.Contains(md.String(), want) {
			t.Errorf("no %q in\n%s\n%s", want, &text, &md)
		}
	}
	if n := strings.Count(md.String(), "- not measured: why"); n != 1 {
		t.Error(n, "notes")
	}
	var back struct{ Rows []record }
	if err := json.Unmarshal(js.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if r := back.Rows[0]; r.Unit != "ms" || *r.Ratio != 1.2 || *r.Met || r.Values[lhrunName] != 12 {
		t.Errorf("%+v", r)
	}
}

func TestGrowthIsPerService(t *testing.T) {
	rows := []*row{sampleRow(goal{}, ""), sampleRow(goal{}, ""), sampleRow(goal{}, "")}
	rows[0].scale, rows[1].scale = scale{10, "start"}, scale{100, "start"}
	var b bytes.Buffer
	printGrowth(&b, rows, "- ")
	if want := "- start: 1.20 ms (limit 1.00 ms) of 10 · 120.00 µs (limit 100.00 µs) of 100\n"; b.String() != want {
		t.Errorf("%q", b.String())
	}
}

func TestFiguresGoBetweenTheirMarks(t *testing.T) {
	text := "# a\n" + figuresBegin + "old\n" + figuresEnd + "## b\n"
	for range 2 { // The second time finds what the first has written.
		got, err := withFigures([]byte(text), []byte("new\n"))
		if err != nil {
			t.Fatal(err)
		}
		text = string(got)
	}
	if want := "# a\n" + figuresBegin + "\nnew\n" + figuresEnd + "## b\n"; text != want {
		t.Errorf("%q", text)
	}
	if _, err := withFigures([]byte("# a\n"), nil); err == nil {
		t.Error("no marks, no error")
	}
}

func TestTheFiguresHaveTheirPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := putFigures(path, []byte("| work |\n")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Contains(got, []byte(figuresBegin+"\n| work |\n"+figuresEnd)) {
		t.Errorf("%v, %s", err, got)
	}
}
