package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/help"
)

// TestTopicEnvHasEveryVariableOfAServiceAndNoOther asks a service that has everything
// that adds variables.
func TestTopicEnvHasEveryVariableOfAServiceAndNoOther(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
		dotenv = false
		[services.web-api]
		command = ["env"]
		ports   = { debug = "auto" }
		listen  = "fd"
		tls     = true
		ready   = { notify = true }
		health  = { notify = true }
		restart = "no"
	`)
	cmd := h.command(dir, "up")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "XDG_STATE_HOME=" + h.dir + "/state", "XDG_RUNTIME_DIR=" + h.dir + "/run"}
	out, _ := cmd.Output() // It ends with 1, as env is never ready.
	general := strings.NewReplacer("WEB_API_", "<SVC>_", "PORT_DEBUG", "PORT_<NAME>")
	var seen []string
	for _, m := range regexp.MustCompile(`(?m)^web-api \| (\w+)=`).FindAllStringSubmatch(string(out), -1) {
		if !slices.ContainsFunc(cmd.Env, func(pair string) bool { return strings.HasPrefix(pair, m[1]+"=") }) {
			seen = append(seen, general.Replace(m[1]))
		}
	}
	told := variablesOfTopicEnv(t)
	for _, name := range seen {
		if !told[name] {
			t.Errorf("a service sees %s, which is not in the topic", name)
		}
		delete(told, name)
	}
	if len(told) > 0 {
		t.Errorf("the topic tells of %v, and no service sees them:\n%s", slices.Sorted(maps.Keys(told)), out)
	}
}

// variablesOfTopicEnv returns those of the tables above WHO WINS.
func variablesOfTopicEnv(t *testing.T) map[string]bool {
	t.Helper()
	topic, ok := help.Find("env")
	if !ok {
		t.Fatal("there is no topic env")
	}
	text, _, _ := strings.Cut(topic.Text, "\nWHO WINS\n")
	names := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  (\S+(?:, \S+)*)  `).FindAllStringSubmatch(text, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			names[name] = true
		}
	}
	return names
}
