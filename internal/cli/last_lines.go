package cli

import (
	"context"

	"github.com/lhrun/lhrun/internal/view"
)

// lastLines is how many of its last lines a service at fault is shown with.
const lastLines = 20

// quoteLast shows the last lines of a service at fault. What services print is their
// own, but here lhrun repeats it, and so without secrets.
func (g *globals) quoteLast(v *view.Reporter, from view.LogReader, service string) {
	lines, err := view.LastLines(context.Background(), from, service, lastLines)
	if err != nil {
		v.Alarm("cannot show the last lines of %s: %v", service, err)
	}
	masker := g.Masker()
	for i, line := range lines {
		lines[i] = masker.Text(line)
	}
	v.Tail(service, lines)
}
