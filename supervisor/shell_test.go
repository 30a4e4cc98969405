package supervisor

import (
	"os/exec"
	"strings"
	"testing"
)

func TestAShellBecomesTheProgramOfASimpleCommand(t *testing.T) {
	for _, command := range []string{
		"sleep 1000", "./serve", "npm run dev -- --port $PORT", `"$LHRUN" serve`, "node ${FLAGS:-} app.js",
		`psql -c "select 1"`, "sleep\t5 # for long", "php-8.2 -S $HOST:$PORT", "sh run.sh",
	} {
		if got := execInShell([]string{"sh", "-c", command}); got[2] != "exec "+command {
			t.Errorf("%q is run as %q", command, got)
		}
	}
	for _, command := range []string{
		"", "a; b", "a && b", "a | b", "a &", "a > log", "a 2>&1", "(a)", "a $(b)", "a `b`", "a\nb", "FOO=1 a", "! a",
		"cd api", "exec a", "exit 3", "echo a", "true", "test -e x", "while", ". ./env", "$CMD a", "'a b' c", "[ -e x ]",
		"{ a }", "~/bin/a", "time a",
	} {
		if got := execInShell([]string{"sh", "-c", command}); got[2] != command {
			t.Errorf("%q is run as %q", command, got)
		}
	}
	for _, argv := range [][]string{{"sleep", "1"}, {"bash", "-c", "a"}, {"sh", "-ec", "a"}, {"sh", "-c", "a", "b"}} {
		if got := execInShell(argv); strings.Join(got, " ") != strings.Join(argv, " ") {
			t.Errorf("%q is run as %q", argv, got)
		}
	}
}

// What a command writes, and how it exits, is the same with and without.
func TestAShellThatBecomesItsProgramChangesNothingElse(t *testing.T) {
	for _, command := range []string{
		`env printf '%s,' a "b c" 'd "e"' $HOME ${NONE:-x} \$y`, "ls /nowhere/at/all", "./nothing-here", "nothing-here-either a b",
		"sh -c 'kill -9 $$'", "env A=1 sh -c 'echo $A $0'", "uname # of this",
	} {
		run := func(argv []string) (string, int) {
			cmd := exec.Command(argv[0], argv[1:]...)
			out, _ := cmd.Output()
			return string(out), cmd.ProcessState.ExitCode()
		}
		plain := []string{"sh", "-c", command}
		short := execInShell(plain)
		if short[2] == command {
			t.Errorf("%q keeps its shell", command)
		}
		wantText, wantCode := run(plain)
		text, code := run(short)
		if wantCode < 0 {
			wantCode = 128 + 9
		}
		if code < 0 {
			code = 128 + 9
		}
		if text != wantText || code != wantCode {
			t.Errorf("%q: %q and exit code %d, want %q and %d", command, text, code, wantText, wantCode)
		}
	}
}
