package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// summary is the one table that up prints, once nothing is on its way any more.
func (v *view) summary(b *board, took time.Duration) {
	v.live(nil)
	v.summed = true
	failed := b.those(isFailed)
	if len(failed) == 0 {
		v.say("all ready in %s", short(took))
	} else {
		v.alarm("%d of %s failed", len(failed), plural(len(b.order), "service"))
	}
	rows := [][]string{{"SERVICE", "STATE", "AFTER", "URL"}}
	b.each(func(st supervisor.Status) { rows = append(rows, summaryRow(st)) })
	for _, line := range table(rows) {
		v.say("%s", line)
	}
}

func summaryRow(st supervisor.Status) []string {
	url, took := st.URL, ""
	if st.Port == 0 {
		url = ""
	}
	switch {
	case isFailed(st):
		url = st.Reason
	case st.State == supervisor.StateReady:
		took = short(st.ReadyAt.Sub(st.StartedAt))
	case st.State == supervisor.StateCompleted:
		took = short(st.Since.Sub(st.StartedAt))
	}
	return []string{st.Name, string(st.State), took, url}
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
