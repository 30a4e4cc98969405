package view

import (
	"cmp"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/words"
)

// Summary prints the one table that up shows, once no service is on its way any
// more. Took is how long that was, 0 where nothing had to start.
func (v *Reporter) Summary(services []control.Service, took time.Duration) {
	v.Live(nil)
	v.Summed = true
	if failed := Count(services, IsFailed); failed > 0 {
		v.Alarm("%d of %s failed", failed, words.Plural(len(services), "service"))
	} else if took > 0 {
		v.Say("all ready in %s", words.Short(took))
	} else {
		v.Say("all ready")
	}
	rows := [][]string{{"SERVICE", "STATE", "TOOK", "URL"}}
	for _, st := range services {
		rows = append(rows, summaryRow(st))
	}
	for i, line := range Table(rows) {
		if i > 0 && IsFailed(services[i-1]) {
			v.Alarm("%s", line)
		} else {
			v.Say("%s", line)
		}
	}
}

func summaryRow(st control.Service) []string {
	url := ""
	switch {
	case IsFailed(st):
		url = st.Reason
	case st.Port != 0:
		url = cmp.Or(st.Origin, st.URL)
	}
	return []string{st.Name, string(st.State), tookToTarget(st), url}
}
