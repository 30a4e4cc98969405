package control

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// read returns the texts that q finds, each with its service.
func read(t *testing.T, p Project, q LogQuery) (texts []string) {
	t.Helper()
	err := p.Logs(ctxOf(t), q, func(l LogLine) error {
		texts = append(texts, l.Service+" "+l.Text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// ran is a project whose tasks have written their lines.
func ran(t *testing.T) *house {
	t.Helper()
	h := build(t, task("lines 3", "a"), task("lines 3", "b", "a"))
	a := request(t, h, Request{Verb: supervisor.VerbStart})
	await(t, h, a.Seq, "b", "completed")
	return h
}

func TestLogsAnswerEveryQuery(t *testing.T) {
	h := ran(t)
	for name, p := range map[string]Project{"local": h.Local, "client": h.dial()} {
		all := []string{"a line 0", "a line 1", "a line 2", "b line 0", "b line 1", "b line 2"}
		for what, c := range map[string]struct {
			q    LogQuery
			want []string
		}{
			"all":     {LogQuery{}, all},
			"service": {LogQuery{Services: []string{"b"}}, all[3:]},
			"twice":   {LogQuery{Services: []string{"b", "b"}}, all[3:]},
			"last":    {LogQuery{Last: 1}, []string{"a line 2", "b line 2"}},
			"grep":    {LogQuery{Grep: "^line [12]$", Last: 1, Services: []string{"a"}}, all[2:3]},
			"nothing": {LogQuery{Grep: "^lin$"}, nil},
			"since":   {LogQuery{Since: time.Now().Add(time.Hour)}, nil},
			"until":   {LogQuery{Until: time.Now().Add(-time.Hour)}, nil},
			"between": {LogQuery{Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour)}, all},
			"follow":  {LogQuery{Until: time.Now(), Follow: true}, all},
			"before":  {LogQuery{Run: -1}, nil},
			"runs":    {LogQuery{AllRuns: true}, all},
		} {
			if got := read(t, p, c.q); !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: %q, want %q", name, what, got, c.want)
			}
		}
		for q, text := range map[*LogQuery]string{
			{Grep: "a("}:                         `cannot look for "a(": error parsing regexp: missing closing )`,
			{Services: []string{"c"}}:            `there is no service "c"`,
			{Services: []string{"../../secret"}}: `there is no service "../../secret"`,
			{Grep: strings.Repeat("a", 10_000)}:  "a pattern of more than 8192 bytes",
			{Run: 1}:                             "there is no run 1",
			{Run: -1, Follow: true}:              "cannot follow run -1: it is over",
			{Run: -1, AllRuns: true}:             "one run or all of them",
			{After: map[string]int64{"a": 1}}:    "after goes with follow",
			{Last: -2}:                           "cannot show the last -2 lines",
		} {
			var m *Mistake
			err := p.Logs(ctxOf(t), *q, func(LogLine) error { return nil })
			if !errors.As(err, &m) || !strings.Contains(err.Error(), text) {
				t.Errorf("%s, %+v: %v", name, *q, err)
			}
		}
	}
}

func TestLogsOfARunThatIsOverComeFromDisk(t *testing.T) {
	h := ran(t)
	dir := filepath.Join(h.dir, "logs")
	var texts []string
	runs := map[int64]bool{}
	if err := Logs(t.Context(), dir, LogQuery{Last: 1}, func(l LogLine) error {
		texts = append(texts, l.Text)
		runs[l.Run] = true
		return nil
	}); err != nil || !slices.Equal(texts, []string{"line 2", "line 2"}) || len(runs) != 1 || runs[0] {
		t.Errorf("%q of runs %v, %v", texts, runs, err)
	}
	if err := Logs(t.Context(), filepath.Join(h.dir, "none"), LogQuery{}, nil); err != nil {
		t.Error("where there was never a run:", err)
	}
}

// TestFollowingGetsEveryLineOfABurst, also one that goes on after it was cut off
// again and again.
func TestFollowingGetsEveryLineOfABurst(t *testing.T) {
	const n = 20_000 // lines, well below what is kept on disk
	h := build(t, task(fmt.Sprint("lines ", n), "burst"), service("idle", "other"))
	c := h.dial()
	lost := errors.New("lost")
	follow := func(cut int) (seen int, err error) {
		after := map[string]int64{}
		for seen < n {
			from := seen
			err := c.Logs(ctxOf(t), LogQuery{Follow: true, After: after, Services: []string{"burst"}}, func(l LogLine) error {
				if l.Partial {
					return nil
				}
				if want := fmt.Sprint("line ", seen); l.Text != want {
					return fmt.Errorf("%q (missed %d) in the place of %q", l.Text, l.Missed, want)
				}
				seen++
				after["burst"] = l.Next
				if seen == n || cut > 0 && seen-from == cut {
					return lost
				}
				return nil
			})
			if !errors.Is(err, lost) {
				return seen, err
			}
		}
		return seen, nil
	}
	done := make(chan error, 2)
	for _, cut := range []int{0, 7777} {
		go func() {
			_, err := follow(cut)
			done <- err
		}()
	}
	request(t, c, Request{Verb: supervisor.VerbStart})
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestAStoppedReaderOfLogsSlowsNobody: the service writes on, and others read.
func TestAStoppedReaderOfLogsSlowsNobody(t *testing.T) {
	const n = 100_000
	h := build(t, task(fmt.Sprint("lines ", n), "burst"))
	for range 5 {
		conn := rawConn(t, h.path)
		if _, err := conn.Write([]byte(post("/logs", `{"follow":true}`))); err != nil {
			t.Fatal(err)
		}
	}
	a := request(t, h, Request{Verb: supervisor.VerbStart})
	await(t, h, a.Seq, "burst", "completed")
	if got := read(t, h.dial(), LogQuery{Last: 1}); !slices.Equal(got, []string{fmt.Sprint("burst line ", n-1)}) {
		t.Error(got)
	}
}

// TestFollowingEndsWithTheProject, with the last line, though that has no end.
func TestFollowingEndsWithTheProject(t *testing.T) {
	h := build(t, service("idle", "api"))
	c := h.dial()
	lines := make(chan LogLine, 100)
	done := make(chan error, 1)
	go func() {
		done <- c.Logs(context.Background(), LogQuery{Follow: true}, func(l LogLine) error { lines <- l; return nil })
	}()
	request(t, c, Request{Verb: supervisor.VerbStart})
	if l := <-lines; l.Text != "ready" {
		t.Errorf("%+v", l)
	}
	request(t, c, Request{Verb: VerbDown})
	if err := <-done; err != nil {
		t.Error(err)
	}
	close(lines)
	var last LogLine
	for last = range lines {
	}
	if last.Text != "bye" || last.Partial {
		t.Errorf("the last line is %+v", last)
	}
}

func TestFollowingAllTakesNewServicesAlong(t *testing.T) {
	first := task("lines 1", "first")
	h := build(t, first)
	c := h.dial()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(chan string, 10)
	done := make(chan error, 1)
	go func() {
		done <- c.Logs(ctx, LogQuery{Follow: true}, func(l LogLine) error { seen <- l.Service; return nil })
	}()
	request(t, c, Request{Verb: supervisor.VerbStart})
	if got := <-seen; got != "first" {
		t.Error(got)
	}
	second := task("lines 1", "second")
	if _, err := h.sup.Apply(supervisor.Reload{Services: append(h.services, second)}); err != nil {
		t.Fatal(err)
	}
	request(t, c, Request{Verb: supervisor.VerbStart, Services: []string{"second"}})
	if got := <-seen; got != "second" {
		t.Error(got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestTextsThatAreNotUTF8ComeAsTheyAre across the socket.
func TestTextsThatAreNotUTF8ComeAsTheyAre(t *testing.T) {
	texts := []string{"plain", "", "gr\xfc\xdfe", "\x1b[31mred\x00", "<&>\u2028", "\xff"}
	path := serve(t, &fake{logs: func(_ context.Context, _ LogQuery, each func(LogLine) error) error {
		for _, text := range texts {
			if err := each(LogLine{Service: "api", Text: text}); err != nil {
				return err
			}
		}
		return nil
	}})
	var got []string
	if err := dialed(t, path).Logs(ctxOf(t), LogQuery{}, func(l LogLine) error { got = append(got, l.Text); return nil }); err != nil {
		t.Error(err)
	}
	if !slices.Equal(got, texts) {
		t.Errorf("%q", got)
	}
}
