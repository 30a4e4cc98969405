package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/help"
)

// documents are the pages for people, seen from the root of the repository.
var documents = []string{
	"README.md", "internal/README.md", "internal/bench/README.md", "cmd/lhrun/PROMISES.md", "cmd/lhrun/ATTACKS.md",
}

// TestTheDocumentsNameTestsThatExist, so that each promise has its test.
func TestTheDocumentsNameTestsThatExist(t *testing.T) {
	exist := testsOfTheRepository(t)
	total := 0
	for _, name := range documents {
		named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][\\w/]*)`").FindAllStringSubmatch(document(t, name), -1)
		for _, m := range named {
			if !exist[m[1]] {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
		total += len(named)
	}
	if total < 100 {
		t.Errorf("only %d tests are named", total)
	}
}

// TestEachPromiseHasItsTestAndItsCode: no row of the table is without them.
func TestEachPromiseHasItsTestAndItsCode(t *testing.T) {
	rows := 0
	for line := range strings.Lines(document(t, "cmd/lhrun/PROMISES.md")) {
		cells := strings.Split(line, "|")
		if len(cells) == 1 || strings.HasPrefix(line, "|--") || strings.HasPrefix(line, "| promise ") {
			continue
		}
		rows++
		if len(cells) != 5 || !strings.Contains(cells[2], "`") || len(strings.TrimSpace(cells[3])) < 3 {
			t.Errorf("a promise lacks its test or its code: %s", line)
		}
	}
	if rows < 30 {
		t.Errorf("only %d promises are found", rows)
	}
}

// TestLinksOfTheDocumentsLeadSomewhere: those to files of the repository, and those
// to headings of the page itself.
func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	links := 0
	for _, name := range documents {
		text := document(t, name)
		for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(text, -1) {
			target := m[1]
			if strings.Contains(target, "://") {
				continue
			}
			links++
			if err := leads(t, name, text, target); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links are found", links)
	}
}

func leads(t *testing.T, from, text, target string) error {
	file, heading, _ := strings.Cut(target, "#")
	if file != "" {
		at := filepath.Join(repository(t), path.Join(path.Dir(from), file))
		if _, err := os.Stat(at); err != nil || heading == "" {
			return err
		}
		text = document(t, path.Join(path.Dir(from), file))
	}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		words := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		if strings.ReplaceAll(words, " ", "-") == heading {
			return nil
		}
	}
	return fmt.Errorf("no heading is %q", target)
}

// TestEveryRoomIsOnThePlan, for whoever opens the repository for the first time.
func TestEveryRoomIsOnThePlan(t *testing.T) {
	plan := document(t, "internal/README.md")
	for _, p := range packages(t, "linux") {
		room := strings.TrimPrefix(p.ImportPath, module)
		link := "../" + room
		if inside, ok := strings.CutPrefix(room, "internal/"); ok {
			link, _, _ = strings.Cut(inside, "/") // Programs of the benchmarks belong to them.
		}
		if !strings.Contains(plan, "\n| ["+path.Base(link)+"]("+link+") |") && !strings.Contains(plan, "\n| ["+room+"]("+link+") |") {
			t.Errorf("internal/README.md has no row for the room %s", room)
		}
	}
}

// TestTheReadmeIsShortAndNamesWhatThereIs: all verbs, all topics, and the two
// commands that run the program and its tests.
func TestTheReadmeIsShortAndNamesWhatThereIs(t *testing.T) {
	readme := document(t, "README.md")
	if n := len(readme); n > 14<<10 {
		t.Errorf("the README has %d bytes: what is no decision aid belongs into a topic", n)
	}
	for _, verb := range verbsOf(t) {
		if !regexp.MustCompile("\\b" + verb + "\\b").MatchString(between(readme, "\n## Verbs\n", "\n## ")) {
			t.Errorf("the README's verbs lack %s", verb)
		}
	}
	for _, topic := range help.Topics() {
		if !strings.Contains(readme, "["+topic.Name+"](internal/help/topics/"+topic.Name+".txt)") {
			t.Errorf("the README does not link to the topic %s", topic.Name)
		}
	}
	ci := document(t, ".ci/run")
	const tests = "\ngo test -race -timeout 20m ./..."
	if !strings.Contains(readme, tests) || !strings.Contains(ci, tests+"\n") {
		t.Errorf("the README and .ci/run do not both run the tests by %q", tests[1:])
	}
	if !strings.Contains(readme, "\ngo run ./cmd/lhrun up -f lhrun.toml.example") {
		t.Error("the README does not run the example")
	}
}

// verbsOf are those that lhrun lists itself.
func verbsOf(t *testing.T) (verbs []string) {
	t.Helper()
	out, _, _ := newHome(t).output(repository(t), "help")
	list := between(out, "\nAvailable Commands:\n", "\n\n")
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) +\S`).FindAllStringSubmatch(list, -1) {
		verbs = append(verbs, m[1])
	}
	if len(verbs) < 20 {
		t.Errorf("lhrun lists only %q", verbs)
	}
	return verbs
}

// between is what stands in text behind before and in front of the next after.
func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// testsOfTheRepository are the names of all tests, of fuzzing and of benchmarks, and
// those of the scripts.
func testsOfTheRepository(t *testing.T) map[string]bool {
	t.Helper()
	exist := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir(repository(t), func(path string, d fs.DirEntry, err error) error {
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
	if len(exist) < 500 {
		t.Errorf("only %d tests are found: %v", len(exist), slices.Sorted(maps.Keys(exist)))
	}
	return exist
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
