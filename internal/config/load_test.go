package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what Load says into the expectations of testdata")

// TestMistakes loads every testdata/mistakes/NAME.toml and compares what is said
// about it with NAME.txt.
func TestMistakes(t *testing.T) {
	t.Chdir(filepath.Join("testdata", "mistakes"))
	files, err := filepath.Glob("*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".toml"), func(t *testing.T) {
			_, err := Load(Options{File: file})
			var mistakes Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("the error is %v, not mistakes", err)
			}
			golden(t, strings.TrimSuffix(file, ".toml")+".txt", mistakes.Error()+"\n")
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}
