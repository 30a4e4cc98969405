package logs

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// book is a store with n lines of each of two services, at random times.
func book(t testing.TB, n int) *Store {
	t.Helper()
	s := openStore(t, t.TempDir(), StoreOptions{})
	if err := s.NewRun("a", time.Unix(1000, 0)); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	at := time.Unix(2000, 0)
	for i := range n {
		service := []string{"api", "web"}[r.IntN(2)]
		log, err := s.Log(service)
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Duration(1+r.IntN(1000)) * time.Millisecond)
		log.Append(at, fmt.Appendf(nil, "%s %d %s\n", service, i, strings.Repeat("x", r.IntN(300))))
	}
	return s
}

func pageTexts(p Page) (texts []string) {
	for _, l := range p.Lines {
		texts = append(texts, l.Service+" | "+string(l.Text))
	}
	return texts
}

// TestPagesBothWaysAreTheWholeLog: no line is missing, twice or at another place.
func TestPagesBothWaysAreTheWholeLog(t *testing.T) {
	s := book(t, 3000)
	services := []string{"api", "web", "silent"}
	for _, grep := range []string{"", "7 x"} {
		var want []string
		q := Query{All: true}
		var pattern *Pattern
		if grep != "" {
			pattern = NewPattern(regexp.MustCompile(grep))
		}
		q.Grep = pattern
		if _, err := s.Merge(services, q, func(service string, l Line) error {
			want = append(want, service+" | "+string(l.Text))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, lines := range []int{1, 7, 500, 5000} {
			if lines == 1 && grep == "" {
				continue // 3,000 pages take too long.
			}
			for _, back := range []bool{false, true} {
				var got []string
				var place map[string]Cursor
				for more := true; more; {
					p, err := s.Page(services, PageQuery{Place: place, Back: back, Lines: lines, Grep: pattern})
					if err != nil {
						t.Fatal(err)
					}
					if len(p.Lines) > lines {
						t.Fatalf("%d lines, want at most %d", len(p.Lines), lines)
					}
					if back {
						got, place = slices.Concat(pageTexts(p), got), p.Begin
					} else {
						got, place = append(got, pageTexts(p)...), p.End
					}
					more = p.More
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q by %d, back %v: %d lines, want %d", grep, lines, back, len(got), len(want))
				}
			}
		}
	}
}

func TestALineThatHasNotEndedIsPartOfTheLastPage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "api.log"), []byte("first\nprompt> "), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dir, StoreOptions{})
	for _, back := range []bool{true, false} {
		p, err := s.Page([]string{"api"}, PageQuery{Back: back, Lines: 10})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(pageTexts(p), ", "); got != "api | first, api | prompt> " || !p.Lines[1].Partial || p.End["api"] != 6 || p.More {
			t.Errorf("back %v: %q, %+v", back, got, p)
		}
	}
}

// BenchmarkLastPage is the last screen of 150 MB.
func BenchmarkLastPage(b *testing.B) {
	dir := b.TempDir()
	raw := []byte(strings.Repeat("2026-01-02 15:04:05 GET /products/1 200 in 13ms, a line of a usual length\n", 2<<20))
	if err := os.WriteFile(filepath.Join(dir, "api.log"), raw, 0o600); err != nil {
		b.Fatal(err)
	}
	s := openStore(b, dir, StoreOptions{MaxSize: 1 << 30})
	for b.Loop() {
		if p, err := s.Page([]string{"api"}, PageQuery{Back: true, Lines: 200}); err != nil || len(p.Lines) != 200 || !p.More {
			b.Fatal(len(p.Lines), err)
		}
	}
}
