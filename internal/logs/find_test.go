package logs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// big is a store with 40 MB of one service and a line of another.
func big(t *testing.T) *Store {
	dir := t.TempDir()
	raw := strings.Repeat("GET /products/1 200 in 13ms, a line of some length\n", 800_000) + "a needle\n"
	for name, text := range map[string]string{"api.log": raw, "web.log": "needle of web"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return openStore(t, dir, StoreOptions{MaxSize: 1 << 30})
}

func TestFindTellsMatchesAndHowFarItHasCome(t *testing.T) {
	s := big(t)
	var found []string
	var last Found
	told := 0
	err := s.Find(t.Context(), []string{"api", "web"}, NewPattern(regexp.MustCompile("needle")), func(f Found) error {
		if f.Line != nil {
			found = append(found, f.Service+" "+string(f.Line.Text))
		}
		if f.Done < last.Done || f.Done > f.Total {
			t.Fatalf("%d of %d come after %d", f.Done, f.Total, last.Done)
		}
		told++
		last = f
		return nil
	})
	if err != nil || strings.Join(found, ", ") != "api a needle, web needle of web" || last.Done != last.Total || told < 8 {
		t.Errorf("%v: found %q, told %d times, at last %+v", err, found, told, last)
	}
}

func TestFindEndsInTheMiddle(t *testing.T) {
	s := big(t)
	services, p := []string{"api", "web"}, NewPattern(regexp.MustCompile("needle"))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	calls := 0
	err := s.Find(ctx, services, p, func(Found) error {
		calls++
		stop()
		return nil
	})
	if err != nil || calls != 1 {
		t.Errorf("after the end of ctx: %d calls, %v", calls, err)
	}
	enough := errors.New("enough")
	if err := s.Find(t.Context(), services, p, func(Found) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the error of the caller: %v", err)
	}
}
