package help_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/help"
)

// stranger is a key that no table of lhrun.toml has.
const stranger = "zzzqq"

// everyTable has the stranger in each table, so that check says what it knows there.
const everyTable = `
zzzqq = 1
ports = { zzzqq = 1 }
logs = { zzzqq = 1 }
[defaults]
zzzqq = 1
[services.b]
command = "true"
[services.a]
command = "true"
zzzqq = 1
depends_on = { b = { zzzqq = 1 } }
ready = { http = "/", zzzqq = 1 }
health = { http = "/", zzzqq = 1 }
restart = { zzzqq = 1 }
stop = { zzzqq = 1 }
watch = { paths = ["."], zzzqq = 1 }
`

// TestTopicFileHasEveryKeyOfTheFileAndNoOther, whatever keys are added or go.
func TestTopicFileHasEveryKeyOfTheFileAndNoOther(t *testing.T) {
	known := knownKeys(t)
	sections := map[string][]string{
		"TOP LEVEL":    {"the file"},
		"A SERVICE":    {`service "a"`, "defaults"},
		"DEPENDENCIES": {`the dependency on "b"`},
		"PROBES":       {"ready", "health"},
		"RESTART":      {"restart"},
		"STOP":         {"stop"},
		"WATCH":        {"watch"},
	}
	text := topic(t, "file")
	for section, tables := range sections {
		want := map[string]bool{}
		for _, table := range tables {
			if len(known[table]) == 0 {
				t.Errorf("nothing is known of the keys in %s", table)
			}
			for _, key := range known[table] {
				want[key] = true
			}
			delete(known, table)
		}
		sameWords(t, section, rows(text, section, `[a-z_]+`), slices.Sorted(maps.Keys(want)))
	}
	for _, table := range []string{"ports", "logs"} {
		for _, key := range known[table] {
			if !strings.Contains(text, "{ "+key+" = ") {
				t.Errorf("%s.%s is not in the topic", table, key)
			}
		}
		delete(known, table)
	}
	if len(known) > 0 {
		t.Errorf("no section is for the keys of %v", known)
	}
}

// knownKeys are the keys by table, in check's own words for the table.
func knownKeys(t *testing.T) map[string][]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lhrun.toml")
	if err := os.WriteFile(path, []byte(everyTable), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(config.Options{File: path})
	mistakes, ok := errors.AsType[config.Mistakes](err)
	if !ok {
		t.Fatalf("the file has a stranger in each table, and check says %v", err)
	}
	known := map[string][]string{}
	for _, m := range mistakes {
		table, ok := strings.CutPrefix(m.Msg, `unknown key "`+stranger+`" in `)
		keys, ok2 := strings.CutPrefix(m.Hint, "known are ")
		if !ok || !ok2 {
			t.Errorf("unexpected mistake %q, hint %q", m.Msg, m.Hint)
		}
		known[table] = strings.Split(keys, ", ")
	}
	return known
}

// TestTopicExitHasEveryExitCodeAndNoOther: those that the verbs use.
func TestTopicExitHasEveryExitCodeAndNoOther(t *testing.T) {
	codes := []string{"0"}
	for name, value := range constants(t, "../cli", "") {
		if regexp.MustCompile(`^exit[A-Z]`).MatchString(name) {
			codes = append(codes, value)
		}
	}
	if len(codes) < 5 {
		t.Errorf("only %v are found in the verbs", codes)
	}
	slices.Sort(codes)
	sameWords(t, "exit", rows(topic(t, "exit"), "", `\d+`), codes)
}

// TestTopicLifeHasEveryStateAndNoOther: those of the supervisor.
func TestTopicLifeHasEveryStateAndNoOther(t *testing.T) {
	var states []string
	for _, value := range constants(t, "../../supervisor", "State") {
		state, err := strconv.Unquote(value)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, state)
	}
	slices.Sort(states)
	sameWords(t, "STATES", rows(topic(t, "life"), "STATES", `[a-z]+`), states)
}

// TestTopicEnvHasEveryVariableThatLhrunReads. What lhrun sets is in a test of the
// program itself.
func TestTopicEnvHasEveryVariableThatLhrunReads(t *testing.T) {
	text := topic(t, "env")
	read := regexp.MustCompile(`os\.(?:Getenv|LookupEnv)\("(\w+)"\)`)
	found := 0
	for _, room := range []string{"../cli", "../run", "../view", "../control", "../watch", "../proc", "../../ports", "../../supervisor"} {
		for _, path := range sources(t, room) {
			code, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range read.FindAllStringSubmatch(string(code), -1) {
				found++
				if !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(text) {
					t.Errorf("%s reads %s, which is not in the topic", path, m[1])
				}
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d variables are found in the code", found)
	}
}

func topic(t *testing.T, name string) string {
	t.Helper()
	found, ok := help.Find(name)
	if !ok {
		t.Fatalf("there is no topic %q", name)
	}
	return found.Text
}

// rows are the words that match pattern at the beginning of a row, two spaces in, of
// the section of text below that heading; "" is all of it.
func rows(text, section, pattern string) []string {
	if section != "" {
		_, text, _ = strings.Cut(text, "\n"+section+"\n")
		if next := regexp.MustCompile(`(?m)^[A-Z][A-Z ]+$`).FindStringIndex(text); next != nil {
			text = text[:next[0]]
		}
	}
	var words []string
	for _, m := range regexp.MustCompile(`(?m)^  (`+pattern+`)  `).FindAllStringSubmatch(text, -1) {
		words = append(words, m[1])
	}
	slices.Sort(words)
	return words
}

func sameWords(t *testing.T, where string, got, want []string) {
	t.Helper()
	for _, word := range want {
		if !slices.Contains(got, word) {
			t.Errorf("%s: %s is missing", where, word)
		}
	}
	for i, word := range got {
		if !slices.Contains(want, word) {
			t.Errorf("%s: there is no %s", where, word)
		}
		if i > 0 && got[i-1] == word {
			t.Errorf("%s: %s is there twice", where, word)
		}
	}
}

// constants are those of a room with a value that is written out, by name: of that
// type, or, where it is "", without one.
func constants(t *testing.T, room, typeName string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, path := range sources(t, room) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
				return true
			}
			name, _ := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if literal && (name == nil && typeName == "" || name != nil && name.Name == typeName) {
				all[spec.Names[0].Name] = value.Value
			}
			return true
		})
	}
	return all
}

// sources are the files of a room without its tests.
func sources(t *testing.T, room string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(room, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
}
