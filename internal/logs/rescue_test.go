package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRescueKeepsWhatAStalledSinkLeavesInThePipe(t *testing.T) {
	sink := &stall{entered: make(chan struct{}, 1), release: make(chan struct{})}
	dir := t.TempDir()
	store := openStore(t, dir, StoreOptions{})
	s := NewStream(StreamOptions{Service: "api", Sink: sink, Log: openLog(t, store, "api")})
	r, w := pipe(t)
	defer r.Close()
	done := start(s, r)
	var want strings.Builder
	for i := range 3000 { // less than a pipe holds
		fmt.Fprintf(&want, "line %d\n", i)
	}
	lines := want.String()
	fmt.Fprint(w, lines[:100])
	<-sink.entered
	fmt.Fprint(w, lines[100:])
	store.Rescue()
	store.Rescue()
	if raw, err := os.ReadFile(filepath.Join(dir, "api.log")); err != nil || string(raw) != lines {
		t.Errorf("%d bytes of %d are kept, %v", len(raw), len(lines), err)
	}
	_ = w.Close()
	close(sink.release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// While both take, each byte is kept once and in order.
func TestRescueBesideAReaderKeepsTheOrder(t *testing.T) {
	dir := t.TempDir()
	store := openStore(t, dir, StoreOptions{})
	s := NewStream(StreamOptions{Service: "api", Log: openLog(t, store, "api")})
	r, w := pipe(t)
	defer r.Close()
	done := start(s, r)
	var want strings.Builder
	for i := range 20_000 {
		line := fmt.Sprintf("line %d\n", i)
		want.WriteString(line)
		fmt.Fprint(w, line)
		if i%50 == 0 {
			store.Rescue()
		}
	}
	_ = w.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "api.log")); err != nil || string(raw) != want.String() {
		t.Errorf("%d bytes of %d are kept, or in another order, %v", len(raw), want.Len(), err)
	}
}
