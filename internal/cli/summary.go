package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/lhrun/lhrun/internal/control"
)

// summary is the one table that up prints, once nothing is on its way any more.
func (v *view) summary(b *board, took string) {
	v.live(nil)
	v.summed = true
	goal := b.goal()
	if failed := count(goal, isFailed); failed > 0 {
		v.alarm("%d of %s failed", failed, plural(len(goal), "service"))
	} else {
		v.say("all ready%s", took)
	}
	rows := [][]string{{"SERVICE", "STATE", "AFTER", "URL"}}
	for _, st := range goal {
		rows = append(rows, summaryRow(st))
	}
	for i, line := range table(rows) {
		if i > 0 && isFailed(goal[i-1]) {
			v.alarm("%s", line)
		} else {
			v.say("%s", line)
		}
	}
}

func summaryRow(st control.Service) []string {
	url := ""
	switch {
	case isFailed(st):
		url = st.Reason
	case st.Port != 0:
		url = st.URL
	}
	return []string{st.Name, st.State, tookToGoal(st), url}
}

// table pads columns to their widest cell, two spaces apart.
func table(rows [][]string) []string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // A strings.Builder takes everything.
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return lines
}
