package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

var header = []string{"work", "limit", "lhrun", "ratio", "goal", "met", "peers"}

// cells are a row for people. Peers come fastest first.
func (r *row) cells() []string {
	value := func(who string) string {
		if v := r.of(who); !math.IsNaN(v) {
			return r.unit(v)
		}
		return "–"
	}
	times := "–"
	if t := r.times(lhrunName); !math.IsNaN(t) {
		times = fmt.Sprintf("%.2f ×", t)
	}
	return []string{r.Name, value(limitName), value(lhrunName), times, r.wanted(), r.verdict(), r.peers()}
}

func (r *row) wanted() string {
	switch {
	case r.goal.text == "":
		return "–"
	case r.ahead != "":
		return r.goal.text + ", ahead of " + r.ahead
	}
	return r.goal.text
}

func (r *row) peers() string {
	var names []string
	for name := range r.samples {
		if name != limitName && name != lhrunName {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(r.of(a), r.of(b)), cmp.Compare(a, b)) })
	for i, name := range names {
		names[i] = name + " " + r.unit(r.of(name))
	}
	return strings.Join(names, ", ")
}

// printText aligns the columns.
func printText(w io.Writer, rows []*row) {
	all := [][]string{header}
	for _, r := range rows {
		all = append(all, r.cells())
	}
	width := make([]int, len(header))
	for _, cells := range all {
		for i, c := range cells {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, cells := range all {
		var b strings.Builder
		for i, c := range cells {
			b.WriteString(c + strings.Repeat(" ", width[i]-utf8.RuneCountInString(c)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

func printMarkdown(w io.Writer, rows []*row) {
	fmt.Fprintf(w, "| %s |\n|---|--:|--:|--:|---|---|---|\n", strings.Join(header, " | "))
	for _, r := range rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(r.cells(), " | "))
	}
}

// printNotes tells what the numbers do not.
func printNotes(w io.Writer, rows []*row, bullet string) {
	var notes []string
	for _, r := range rows {
		for _, n := range r.notes {
			notes = append(notes, bullet+r.Name+": "+n)
		}
	}
	if len(notes) > 0 {
		fmt.Fprintf(w, "\n%s\n", strings.Join(notes, "\n"))
	}
}

// record is a row as `--json` prints it; values are in the row's unit:
// milliseconds, megabytes or percent.
type record struct {
	Work    string               `json:"work"`
	Unit    string               `json:"unit"`
	Goal    string               `json:"goal,omitempty"`
	Met     *bool                `json:"met,omitempty"`
	Ratio   *float64             `json:"ratio,omitempty"`
	Values  map[string]float64   `json:"values"`
	Samples map[string][]float64 `json:"samples"`
	Notes   []string             `json:"notes,omitempty"`
}

func printJSON(w io.Writer, about string, missing []string, rows []*row) error {
	out := struct {
		Machine string   `json:"machine"`
		Missing []string `json:"missing"`
		Rows    []record `json:"rows"`
	}{about, missing, []record{}}
	for _, r := range rows {
		rec := record{Work: r.Name, Values: map[string]float64{}, Samples: r.samples, Notes: r.notes}
		_, rec.Unit, _ = strings.Cut(r.unit(1), " ")
		rec.Unit = cmp.Or(rec.Unit, "%")
		if r.goal.text != "" {
			rec.Goal = r.wanted()
		}
		if v := r.verdict(); v != "" {
			met := v == "yes"
			rec.Met = &met
		}
		if t := r.times(lhrunName); !math.IsNaN(t) {
			rec.Ratio = &t
		}
		for who := range r.samples {
			rec.Values[who] = r.of(who)
		}
		out.Rows = append(out.Rows, rec)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(out)
}
