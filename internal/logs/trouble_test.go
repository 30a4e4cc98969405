package logs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/testmount"
)

// fill makes the log's writes fail as on a full disk, until its files are opened
// again.
func fill(t *testing.T, l *Log) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.log.Close()
	l.log, l.verified = full, noon
}

func TestAFullDiskIsToldOnceAndTheGapIsMarked(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	l := openLog(t, s, "api")
	add(t, l, noon, "before, and the beginning of ")
	fill(t, l)
	err := l.append(noon, []byte("12345"))
	if err == nil || !strings.Contains(err.Error(), `"api"`) || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("told %v", err)
	}
	for range 3 { // told once
		add(t, l, noon.Add(retryEvery/2), "67890")
	}
	if err := l.begin(noon); err != nil {
		t.Errorf("told again: %v", err)
	}
	back := l.append(noon.Add(2*retryEvery), []byte("after\n"))
	if back == nil || !strings.Contains(back.Error(), "20 bytes are missing") {
		t.Errorf("told %v", back)
	}
	add(t, l, noon.Add(3*retryEvery), "more\n")
	equal(t, readAll(t, s, "api", Query{}), "before, and the beginning of ",
		"lhrun: 20 bytes are missing here: no space left on device", "after", "more")
}

// What a mark that found no room has written is taken back, of the index too.
func TestAMarkThatFindsNoRoomLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	testmount.Small(t, dir)
	logs := filepath.Join(dir, "logs")
	s := openStore(t, logs, StoreOptions{})
	l := openLog(t, s, "api")
	line := strings.Repeat("x", os.Getpagesize()-1) // a newline behind it still has room
	add(t, l, noon, line)
	ballast := filepath.Join(dir, "ballast")
	_ = os.WriteFile(ballast, make([]byte, 2<<20), 0o600)
	l.trouble = trouble{cause: syscall.ENOSPC, missing: 5}
	if err := l.begin(noon.Add(time.Second)); err != nil || l.trouble.missing != 5 {
		t.Fatalf("got %v, %d bytes are missing", err, l.trouble.missing)
	}
	_ = os.Remove(ballast)
	_ = l.append(noon.Add(3*retryEvery), []byte("after\n"))
	_ = s.Close()
	var told []string
	s = openStore(t, logs, StoreOptions{Note: func(text string) { told = append(told, text) }})
	add(t, openLog(t, s, "api"), noon.Add(time.Minute), "next\n")
	equal(t, readAll(t, s, "api", Query{All: true}), line, "lhrun: 5 bytes are missing here: no space left on device", "after", "next")
	if told != nil {
		t.Errorf("told %q", told)
	}
}

func TestAGapIsMarkedAtTheEndToo(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	l := openLog(t, s, "api")
	add(t, l, time.Now(), "before\n")
	fill(t, l)
	l.verified = time.Now()
	_ = l.append(time.Now(), []byte("lost\n"))
	l.verified = time.Time{}
	_ = s.Close()
	s = openStore(t, dir, StoreOptions{})
	equal(t, readAll(t, s, "api", Query{}), "before", "lhrun: 5 bytes are missing here: no space left on device")
}

func TestADirectoryThatCannotBeWrittenIsTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	s := openStore(t, dir, StoreOptions{})
	newRun(t, s, "x", noon)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a file in its place")
	var told []error
	st := NewStream(StreamOptions{Service: "api", Log: openLog(t, s, "api"), Failed: func(err error) { told = append(told, err) }})
	st.Begin(noon)
	r, w := pipe(t)
	defer r.Close()
	_, _ = w.WriteString("text\n")
	_ = w.Close()
	if err := st.Copy(r); err != nil || len(told) != 1 {
		t.Errorf("got %v, told %v", err, told)
	}
}

func TestAFullFileSystemStopsNeitherServiceNorSink(t *testing.T) {
	dir := t.TempDir()
	testmount.Small(t, dir)
	s := openStore(t, filepath.Join(dir, "logs"), StoreOptions{})
	sink := newRecorder()
	var told []string
	st := NewStream(StreamOptions{Service: "api", Log: openLog(t, s, "api"), Sink: sink,
		Failed: func(err error) { told = append(told, err.Error()) }})
	ballast := filepath.Join(dir, "ballast")
	_ = os.WriteFile(ballast, make([]byte, 900<<10), 0o600)
	copyChild(t, st, "flood:20000")
	if len(sink.all()) != 20_000 {
		t.Errorf("%d lines shown", len(sink.all()))
	}
	if len(told) != 1 || !strings.Contains(told[0], syscall.ENOSPC.Error()) {
		t.Fatalf("told %q", told)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := st.opts.Log.append(time.Now().Add(2*retryEvery), []byte("after\n")); err == nil {
		t.Error("not told that the log is written again")
	}
	got := readAll(t, s, "api", Query{})
	n := len(got)
	if n < 3 || got[n-1] != "after" || !strings.Contains(got[n-2], "bytes are missing here") || len(got[0]) != 99 {
		t.Errorf("%d lines, the last are %q", n, got[max(0, n-2):])
	}
	if i := slices.IndexFunc(got[:n-2], func(line string) bool { return len(line) != 99 }); i >= 0 && i < n-3 {
		t.Errorf("line %d is torn: %q", i, got[i])
	}
}
