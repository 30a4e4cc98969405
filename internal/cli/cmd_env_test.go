package cli

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// What env writes for a shell, sh reads back as it was.
func FuzzShellQuote(f *testing.F) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip(err)
	}
	for _, s := range []string{"", "a b", "it's", `'"$(touch x)"'`, "`x`", "a\nb\n", `\`, "-n", "é", "!!"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) {
			t.Skip("no variable holds it")
		}
		var lines strings.Builder
		if err := writeShell(&lines, []string{"X=" + s, "no-name=$(exit 1)"}); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(sh, "-c", lines.String()+`printf %s "$X"`).Output()
		if err != nil || string(out) != s {
			t.Errorf("%q became %q (%v)", s, out, err)
		}
	})
}

func TestShellNames(t *testing.T) {
	for name, want := range map[string]bool{"A": true, "_a1": true, "": false, "1A": false, "A-B": false, "A B": false, "Ä": false, "A;x": false} {
		if got := dotenv.IsName(name); got != want {
			t.Errorf("IsShellName(%q) is %v", name, got)
		}
	}
}
