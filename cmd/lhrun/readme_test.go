package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheReadmeNamesTestsThatExist, so that each promise has its test.
func TestTheReadmeNamesTestsThatExist(t *testing.T) {
	root := repository(t)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	exist := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range function.FindAllStringSubmatch(string(source), -1) {
			exist[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	scripts, _ := filepath.Glob("testdata/script/*.txtar")
	for _, path := range scripts {
		exist["TestScripts/"+strings.TrimSuffix(filepath.Base(path), ".txtar")] = true
	}
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][\\w/]*)`").FindAllStringSubmatch(string(readme), -1)
	if len(named) < 50 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		if !exist[m[1]] {
			t.Errorf("there is no %s", m[1])
		}
	}
}
