package systems

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/help"
)

// TestTheTopicSaysWhyTestsAreSkipped: what does not hold somewhere, people have to know.
func TestTheTopicSaysWhyTestsAreSkipped(t *testing.T) {
	topic, ok := help.Find("systems")
	if !ok {
		t.Fatal("there is no topic")
	}
	text := strings.Join(strings.Fields(topic.Text), " ")
	for _, l := range All() {
		if l.String() == "" || !strings.Contains(text, l.String()) {
			t.Errorf("the topic does not say %q", l)
		}
	}
}

func TestEveryLackSkipsATest(t *testing.T) {
	source, err := os.ReadFile("systems.go")
	if err != nil {
		t.Fatal(err)
	}
	unused := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\t(\\w+): +[\"`]").FindAllStringSubmatch(string(source), -1) {
		unused[m[1]] = true
	}
	if len(unused) != int(lacks) {
		t.Errorf("%d of %d have a reason", len(unused), lacks)
	}
	need := regexp.MustCompile(`systems\.Need\(\S+, systems\.(\w+)\)`)
	err = filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range need.FindAllSubmatch(text, -1) {
			delete(unused, string(m[1]))
		}
		return err
	})
	if err != nil || len(unused) > 0 {
		t.Errorf("no test needs %v, %v", unused, err)
	}
}
