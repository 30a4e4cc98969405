package view

import (
	"encoding/json"
	"io"
)

// PrintJSON writes v as one line. URLs keep their ampersands.
func PrintJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
