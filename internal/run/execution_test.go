//go:build unix

package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The search is the one of a shell: in order, past what cannot be executed, and
// "not allowed" is the better reason of two.
func TestExecFindsCommandsAsAShellDoes(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, mode := range map[string]os.FileMode{"a/tool": 0o755, "b/tool": 0o755, "plain/tool": 0o644, "here": 0o755} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("dir/tool", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path, want string
		code             int
	}{
		{"tool", "a:b", "a/tool", 0},
		{"tool", "nosuch:b:a", "b/tool", 0},
		{"tool", "plain:dir:a", "a/tool", 0},
		{"tool", "plain:nosuch", "", 126},
		{"tool", "dir", "", 126},
		{"tool", "nosuch", "", 127},
		{"tool", "", "", 127},
		{"here", "a:", "./here", 0},
		{"here", ".", "./here", 0},
		{"./here", "", "./here", 0},
		{"a/tool", "", "a/tool", 0},
		{"plain/tool", "a", "plain/tool", 126},
		{"./nosuch", "a", "./nosuch", 127},
		{"./dir", "", "./dir", 126},
	} {
		got, err := LookPath(tt.name, tt.path)
		code := 0
		switch {
		case errors.Is(err, fs.ErrNotExist):
			code = 127
		case err != nil:
			code = 126
		}
		if code != tt.code || code == 0 && got != tt.want {
			t.Errorf("LookPath(%q, %q) is %q, code %d; want %q, code %d", tt.name, tt.path, got, code, tt.want, tt.code)
		}
	}
}
