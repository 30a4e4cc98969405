package logs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const childEnv = "LOGS_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childEnv); role != "" {
		child(role)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// child is what the test binary is when a test runs it as a service.
func child(role string) {
	name, arg, _ := strings.Cut(role, ":")
	n, _ := strconv.Atoi(arg)
	switch name {
	case "mixed":
		w := bufio.NewWriterSize(os.Stdout, 4093) // cuts lines and characters anywhere
		for i := range n {
			fmt.Fprint(w, mixedLine(i))
			if i < n-1 {
				_ = w.WriteByte('\n')
			}
			if i%1000 == 0 { // a line in two writes
				_ = w.Flush()
			}
		}
		_ = w.Flush()
	case "flood":
		line := bytes.Repeat([]byte("0123456789"), 10)
		line[99] = '\n'
		block := bytes.Repeat(line, 1000)
		for range n / 1000 {
			_, _ = os.Stdout.Write(block)
		}
	case "giant":
		block := bytes.Repeat([]byte("x"), 1<<20)
		for range n {
			_, _ = os.Stdout.Write(block)
		}
		fmt.Println("end")
	case "prompt":
		fmt.Print("Name? ")
		answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		fmt.Print("hello " + answer)
	case "append": // keeps a log until it is killed
		store, err := Open(arg, StoreOptions{})
		if err == nil {
			err = store.NewRun("crash", time.Now())
		}
		if err != nil {
			panic(err)
		}
		l, _ := store.Log("api")
		for i := 0; ; i++ {
			_ = l.append(time.Now(), fmt.Appendf(nil, "line %d\n", i))
			if i == 1000 {
				fmt.Println("ready")
			}
		}
	}
}

// mixedLine is the i-th line of role mixed: some are blank, some long, most with
// characters of several bytes.
func mixedLine(i int) string {
	switch i % 7 {
	case 3:
		return ""
	case 5:
		return fmt.Sprintf("%d %s", i, strings.Repeat("日本語 ", 40))
	}
	return fmt.Sprintf("%d grüße aus köln 🦊", i)
}

// command is the test binary in a role.
func command(t testing.TB, role string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+role)
	return cmd
}

// copyChild passes the output of a child in a role through s, as a supervisor does.
func copyChild(t testing.TB, s *Stream, role string) {
	t.Helper()
	r, w := pipe(t)
	defer r.Close()
	cmd := command(t, role)
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if err := s.Copy(r); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// start copies r through s in the background; the result comes once r ends.
func start(s *Stream, r *os.File) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.Copy(r) }()
	return done
}

// recorder is a sink that remembers.
type recorder struct {
	mu       sync.Mutex
	lines    []string // without their ends
	blocks   int
	previews chan string
	err      error
}

func newRecorder() *recorder { return &recorder{previews: make(chan string, 100)} }

func (r *recorder) Lines(_ string, _ time.Time, block []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blocks++
	r.lines = append(r.lines, strings.Split(strings.TrimSuffix(string(block), "\n"), "\n")...)
	return r.err
}

func (r *recorder) Preview(_ string, _ time.Time, text []byte) error {
	r.previews <- string(text)
	return nil
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.lines...)
}

// screen is a writer that several goroutines may look at.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
	n   int
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// eventually waits for what another goroutine or process is about to do.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not seen: %s", what)
		}
	}
}

func openStore(t testing.TB, dir string, opts StoreOptions) *Store {
	t.Helper()
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openLog(t testing.TB, s *Store, service string) *Log {
	t.Helper()
	l, err := s.Log(service)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.verify(time.Time{}) // as the first write does
	return l
}

// readOne is a Merge of one log.
func readOne(s *Store, service string, q Query, f func(at time.Time, line []byte) error) (Cursor, error) {
	cursors, err := s.Merge([]string{service}, q, func(_ string, l Line) error { return f(l.At, l.Text) })
	return cursors[service], err
}

func readAll(t testing.TB, s *Store, service string, q Query) []string {
	t.Helper()
	var lines []string
	_, err := readOne(s, service, q, func(_ time.Time, line []byte) error {
		lines = append(lines, string(line))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

var _ io.Writer = (*screen)(nil)
