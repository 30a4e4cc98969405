package supervisor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var wordsEnv = []string{
	"PATH=/usr/local/bin:/usr/bin:/bin", "PORT=20001", "HOST=127.0.0.1", "EMPTY=", "SPACED=a b", "GLOB=*", "API-KEY=x", "PORT2=7",
	"URL=http://127.0.0.1:20001/a,b@c%20+d=e", "PPID=1", "LINENO=12", "IFS=:", "QUOTED='a'", "PWD=/nowhere/at/all",
}

func TestPlainWordsNeedNoShell(t *testing.T) {
	for command, want := range map[string]string{
		"sleep 1000":                                "sleep 1000",
		" npm run dev\t--  --port   $PORT ":         "npm run dev -- --port 20001",
		"./serve --listen=${HOST}:$PORT":            "./serve --listen=127.0.0.1:20001",
		"php-8.2 -S $HOST:$PORT$PORT2 @x +y a=b %1": "php-8.2 -S 127.0.0.1:200017 @x +y a=b %1",
		"curl $URL": "curl http://127.0.0.1:20001/a,b@c%20+d=e",
	} {
		words, ok := plainWords([]string{"sh", "-c", command}, wordsEnv)
		if !ok || strings.Join(words, " ") != want {
			t.Errorf("%q is %q, %t", command, words, ok)
		}
	}
	for _, command := range []string{
		"", " ", "a; b", "a && b", "a | b", "a > b", "a $(b)", "a `b`", "a\nb", "a\rb", "a\u00a0b", "A=1 a", "$HOST a", "${HOST}", "echo a",
		"exec a", "cd a", "time a", "! a", "a 'b'", `a "b"`, `a \b`, "a *", "a ?", "a [b]", "a {b,c}", "a ~", "a ~/b", "a #b", "a !b", "a ^b",
		"a $EMPTY", "a $NONE", "a $SPACED", "a $GLOB", "a $QUOTED", "a $PPID", "a $LINENO", "a $IFS", "a $PWD", "a $$", "a $1", "a $", "a $-",
		"a ${PORT", "a ${PORT:-1}", "a ${#PORT}", "a $API-KEY", "a $BASHPID", "a é",
	} {
		if words, ok := plainWords([]string{"sh", "-c", command}, wordsEnv); ok {
			t.Errorf("%q is %q without a shell", command, words)
		}
	}
	for _, argv := range [][]string{{"sleep", "1"}, {"bash", "-c", "a"}, {"sh", "-ec", "a"}, {"sh", "-c", "a", "b"}} {
		if words, ok := plainWords(argv, wordsEnv); ok {
			t.Errorf("%q is %q", argv, words)
		}
	}
}

// script writes an executable into a directory of the test's and returns its path.
func script(t testing.TB, name, text string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func FuzzPlainWords(f *testing.F) {
	show := script(f, "show", "#!/bin/sh\nfor a; do printf '[%s]' \"$a\"; done\n")
	for _, arguments := range []string{"-p $PORT ${HOST}:$V", "$V", "a$V=b,$PORT", "~ $V ${V}x", "{a,b} $GLOB", "a\tb\rc", "$V$", "#$V", "a=~ b:~$V"} {
		for _, value := range []string{"8080", "a b", "*", "", "~", "/a:b"} {
			f.Add(arguments, value)
		}
	}
	f.Fuzz(func(t *testing.T, arguments, value string) {
		if strings.ContainsRune(arguments+value, 0) {
			return
		}
		env := append(slices.Clone(wordsEnv), "V="+value)
		words, ok := plainWords([]string{"sh", "-c", show + " " + arguments}, env)
		if !ok {
			return
		}
		shell := exec.Command("sh", "-c", show+" "+arguments)
		shell.Env = env
		want, err := shell.Output()
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, word := range words[1:] {
			got.WriteString("[" + word + "]")
		}
		if got.String() != string(want) {
			t.Errorf("%q with V=%q is %s, in a shell %s", arguments, value, got.String(), want)
		}
	})
}

// lines keeps what services write.
type lines struct {
	sync.Mutex
	of map[string]string
}

func (l *lines) Lines(service string, _ time.Time, block []byte) error {
	l.Lock()
	defer l.Unlock()
	l.of[service] += string(block)
	return nil
}

func (l *lines) Preview(string, time.Time, []byte) error { return nil }

// What a shell would have put right is right without one, and what only a shell can
// run or say is left to it.
func TestACommandWithoutItsShellComesToTheSame(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("skipped: there is no /proc here to tell who runs what")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, linked); err != nil {
		t.Fatal(err)
	}
	parent := script(t, "parent", "#!/bin/sh\ntr '\\0' ' ' </proc/$PPID/cmdline\n")
	nobodys := script(t, "nobodys", "echo run by a shell\n")
	pwd := script(t, "pwd", "#!/usr/bin/env python3\nimport os\nprint(os.environ['PWD'])\n")
	out := &lines{of: map[string]string{}}
	service := func(name, command string, env ...string) Service {
		return Service{Name: name, Task: true, Command: []string{"sh", "-c", command}, Dir: dir, Env: env}
	}
	s, err := New(Options{
		Output: out, Env: []string{"PATH=" + os.Getenv("PATH"), "PWD=/nowhere/at/all", "PORT=4711"},
		Services: []Service{
			service("plain", parent+" $PORT"), service("listed", parent+" $PORT; true"), service("nobodys", nobodys),
			service("absent", "no-such-program $PORT"), service("pwd", pwd), service("linked", pwd, "PWD="+linked),
			{Name: "through", Task: true, Command: []string{"sh", "-c", pwd}, Dir: linked},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	events, unsubscribe := s.Subscribe(1000)
	defer unsubscribe()
	go func() { ended <- s.Run(ctx) }()
	s.alone(VerbStart, "plain", "listed", "nobodys", "absent", "pwd", "linked", "through")
	settled := func(st Status) bool { return st.State == StateCompleted || st.State == StateFailed }
	for !allOf(s.Snapshot(), settled) {
		if _, ok := <-events; !ok {
			t.Fatal("ended early")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"plain": strings.Join(os.Args, " "), "listed": "sh -c " + parent, "nobodys": "run by a shell\n",
		"absent": "no-such-program", "pwd": dir + "\n", "linked": linked + "\n", "through": dir + "\n",
	} {
		if got := out.of[name]; !strings.Contains(got, want) {
			t.Errorf("%s wrote %q, want %q", name, got, want)
		}
	}
	for _, st := range s.Snapshot() {
		if st.Name == "absent" && (st.ExitCode == nil || *st.ExitCode != 127) {
			t.Errorf("a program that does not exist: %+v", st)
		}
	}
}

func allOf(all []Status, is func(Status) bool) bool {
	return !slices.ContainsFunc(all, func(st Status) bool { return !is(st) })
}
