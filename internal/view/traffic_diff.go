package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/lhrun/lhrun/internal/logs"
)

// WriteDiff writes a unified diff, which may be empty, in colours.
func (s Sheet) WriteDiff(w io.Writer, diff string) error {
	if diff == "" {
		_, err := fmt.Fprintln(w, "they are the same")
		return err
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(diff, "\n"), "\n") {
		text, color := logs.OneLine(line), ""
		switch {
		case strings.HasPrefix(line, "+"):
			color = "32"
		case strings.HasPrefix(line, "-"):
			color = "31"
		case strings.HasPrefix(line, "@"):
			color = "36"
		}
		if _, err := fmt.Fprintln(w, s.Paint(color, text)); err != nil {
			return err
		}
	}
	return nil
}
