package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// TestOneFileKnowsWhatAServiceIs keeps pids and process trees behind the seam of the
// supervisor: its tests do without, and so can a service that is no process.
func TestOneFileKnowsWhatAServiceIs(t *testing.T) {
	files, err := filepath.Glob("../../supervisor/*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	var know []string
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range f.Imports {
			if imported.Path.Value == `"`+module+`internal/proc"` {
				know = append(know, filepath.Base(file))
			}
		}
	}
	if want := []string{"process.go"}; !slices.Equal(know, want) {
		t.Errorf("%q import internal/proc, want %q", know, want)
	}
}
