package control

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestPagesAndFindsAcrossTheSeam(t *testing.T) {
	h := ran(t)
	for name, b := range map[string]Book{"local": h.Local, "client": h.dial()} {
		texts := func(lines []LogLine) (out []string) {
			for _, l := range lines {
				out = append(out, l.Service+" "+l.Text)
			}
			return out
		}
		last, err := b.Page(ctxOf(t), PageQuery{Services: []string{"a", "b"}, Back: true, Lines: 2})
		if got := texts(last.Lines); err != nil || !last.More || !slices.Equal(got, []string{"b line 1", "b line 2"}) {
			t.Errorf("%s: %q, %+v, %v", name, got, last, err)
		}
		before, err := b.Page(ctxOf(t), PageQuery{Services: []string{"a", "b"}, Place: last.Begin, Back: true, Lines: 9})
		if got := texts(before.Lines); err != nil || before.More || !slices.Equal(got, []string{"a line 0", "a line 1", "a line 2", "b line 0"}) {
			t.Errorf("%s: before that %q, %v", name, got, err)
		}
		behind, err := b.Page(ctxOf(t), PageQuery{Services: []string{"a", "b"}, Place: before.End, Lines: 9, Grep: "2$"})
		if got := texts(behind.Lines); err != nil || !slices.Equal(got, []string{"b line 2"}) {
			t.Errorf("%s: behind that %q, %v", name, got, err)
		}
		var found []string
		var at Found
		err = b.Find(ctxOf(t), FindQuery{Grep: "line 1"}, func(f Found) error {
			if f.Line != nil {
				found = append(found, f.Line.Service+" "+f.Line.Text)
			}
			at = f
			return nil
		})
		if err != nil || !slices.Equal(found, []string{"a line 1", "b line 1"}) || at.Done != at.Total || at.Total == 0 {
			t.Errorf("%s: found %q, at last %+v, %v", name, found, at, err)
		}
		enough := errors.New("enough")
		if err := b.Find(ctxOf(t), FindQuery{Grep: "line"}, func(Found) error { return enough }); !errors.Is(err, enough) {
			t.Errorf("%s: its reader has enough: %v", name, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := b.Find(ctx, FindQuery{Grep: "line"}, func(Found) error { return nil }); err != nil {
			t.Errorf("%s: its reader is gone: %v", name, err)
		}
		for what, err := range map[string]error{
			"no lines":   func() error { _, err := b.Page(ctxOf(t), PageQuery{}); return err }(),
			"many lines": func() error { _, err := b.Page(ctxOf(t), PageQuery{Lines: maxPage + 1}); return err }(),
			"a pattern":  func() error { _, err := b.Page(ctxOf(t), PageQuery{Lines: 1, Grep: "("}); return err }(),
			"no pattern": b.Find(ctxOf(t), FindQuery{}, func(Found) error { return nil }),
		} {
			if !errors.As(err, new(*Mistake)) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}
