package proc

import (
	"slices"
	"strings"
	"testing"
)

func TestMarkIsFirstAndOnce(t *testing.T) {
	env := marked([]string{"A=1", "LHRUN_RUN=outer-4", "B=2"}, "inner", 7)
	if want := []string{"LHRUN_RUN=outer-4,inner-7", "A=1", "B=2"}; !slices.Equal(env, want) {
		t.Error(env)
	}
}

func TestMarkIsFoundByEveryRunItBelongsTo(t *testing.T) {
	environ := []byte("A=1\x00LHRUN_RUN=outer-4,inner-7\x00B=LHRUN_RUN=x-1\x00")
	for run, want := range map[string]uint64{"outer": 4, "inner": 7} {
		if n, ok := findMark(environ, run); !ok || n != want {
			t.Error(run, n, ok)
		}
	}
	for _, run := range []string{"", "x", "out", "outer-4", "inner-7"} {
		if n, ok := findMark(environ, run); ok {
			t.Error(run, n)
		}
	}
}

func FuzzFindMark(f *testing.F) {
	f.Add([]byte("LHRUN_RUN=a-1\x00"), "a")
	f.Add([]byte("\x00LHRUN_RUN=,-,a-,a-x,a--1\x00\x00"), "a")
	f.Fuzz(func(t *testing.T, environ []byte, run string) {
		findMark(environ, run)
		if run == "" || strings.ContainsAny(run, "\x00,-") {
			return
		}
		// Whatever stands before, a mark that is there is found.
		own := append(slices.Clone(environ), "\x00LHRUN_RUN="+run+"-5\x00"...)
		if _, ok := findMark(own, run); !ok {
			t.Error("not found")
		}
	})
}
