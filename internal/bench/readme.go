package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// The lines between which a README carries the newest figures.
const (
	figuresBegin = "<!-- figures: written by go run ./internal/bench -readme internal/bench/README.md -->\n"
	figuresEnd   = "<!-- end of figures -->\n"
)

// putFigures replaces what stands between the two lines in the file.
func putFigures(path string, figures []byte) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fresh, err := withFigures(text, figures)
	if err != nil {
		return fmt.Errorf("cannot put the figures into %q: %w", path, err)
	}
	return os.WriteFile(path, fresh, 0o644)
}

func withFigures(text, figures []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(text, []byte(figuresBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(figuresEnd))
	if !ok || !ok2 {
		return nil, errors.New("it has no lines that mark their place")
	}
	return fmt.Appendf(nil, "%s%s\n%s\n%s%s", before, figuresBegin, bytes.TrimSpace(figures), figuresEnd, after), nil
}
