package probe

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestExecSaysCodeAndLastLine(t *testing.T) {
	for _, c := range []struct {
		code   int
		output string
		err    error
		want   string
	}{
		{0, "fine\n", nil, ""},
		{1, "", nil, "exit code 1"},
		{1, "one\ntwo\n", nil, "exit code 1: two"},
		{2, "one\n \n\r\n\x1b[0m\n", nil, "exit code 2: one"},
		{3, "\x1b[31mno\x1b[0m route\x07\r\n", nil, "exit code 3: no route"},
		{137, "a\xffb", nil, "exit code 137: a\uFFFDb"},
		{1, strings.Repeat("é", 300), nil, "exit code 1: " + strings.Repeat("é", maxText) + "…"},
		{-1, "", &os.PathError{Op: "fork/exec", Path: "/x", Err: errors.New("no such file")}, "fork/exec /x: no such file"},
		{-1, "", exec.ErrNotFound, exec.ErrNotFound.Error()},
	} {
		err := once(t, Exec(func(context.Context) (int, []byte, error) { return c.code, []byte(c.output), c.err }))
		if got := textOf(err); got != c.want {
			t.Errorf("%d %q: %q, not %q", c.code, c.output, got, c.want)
		}
		if c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%v does not wrap %v", err, c.err)
		}
	}
}

func TestExecSaysWhatItStillDid(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	err := Exec(func(ctx context.Context) (int, []byte, error) {
		<-ctx.Done()
		return 137, []byte("connecting\n"), errors.New("signal: killed")
	})(ctx)
	text := textOf(err)
	if !strings.HasPrefix(text, "still running after ") || !strings.HasSuffix(text, ": connecting") {
		t.Errorf("error %q", text)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not say why", err)
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"", "x", "\x1b[1;31mred\x1b[0m", "\x1b]0;title\x07x", "\x1b]0;t\x1b\\x", "\x1b", "\x1b[", "\x1b]", "\xff\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text := plain(b)
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxText+1 || strings.ContainsAny(text, "\x1b\r\n\x00") {
			t.Fatalf("%q became %q", b, text)
		}
		if strings.Contains(lastLine(b), "\n") {
			t.Fatalf("the last line of %q is %q", b, lastLine(b))
		}
	})
}
