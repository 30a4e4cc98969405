package traffic

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lhrun/lhrun/internal/decode"
)

const (
	// longestPattern bounds each text of a Query, in bytes.
	longestPattern = 4 << 10
	// mostNames bounds the edges and services of a Query.
	mostNames = 100
	anyone    = "*"
)

// Query chooses exchanges. The zero Query chooses all.
type Query struct {
	// Names are edges, "web -> api" or "* -> db", and services, which stand for all edges
	// from and to them. One of them has to fit.
	Names []string `json:"names,omitempty"`
	// Since is the earliest beginning, First the lowest number.
	Since time.Time `json:"since,omitzero"`
	First uint64    `json:"first,omitempty"`
	// Status is "404", "5xx", "OK" or several with commas between.
	Status string `json:"status,omitempty"`
	// Slow is the shortest time that an exchange has taken.
	Slow time.Duration `json:"slow,omitempty"`
	// Path is a pattern for the whole path or, of HTTP, the path without its query.
	Path string `json:"path,omitempty"`
	// Grep is a regular expression for anything that is said, what is masked excepted.
	Grep string `json:"grep,omitempty"`
	// Last is how many are wanted of what is there; 0 is all.
	Last int `json:"last,omitempty"`
	// NewOnly leaves out what is there.
	NewOnly bool `json:"new_only,omitempty"`
	// Follow goes on with what comes. Reveal masks nothing in the rows.
	Follow bool `json:"follow,omitempty"`
	Reveal bool `json:"reveal,omitempty"`
}

// A QueryError says which flag of a query is wrong, and why.
type QueryError struct {
	Flag string
	Err  error
}

func (e *QueryError) Error() string { return fmt.Sprintf("--%s %v", e.Flag, e.Err) }
func (e *QueryError) Unwrap() error { return e.Err }

// Check returns a QueryError for a query that cannot be carried out.
func (q Query) Check() error {
	_, err := q.filter()
	return err
}

// ParseEdge reads "web -> api", with or without spaces, and reports whether it is one.
func ParseEdge(text string) (Edge, bool) {
	from, to, ok := strings.Cut(text, "->")
	e := Edge{From: strings.TrimSpace(from), To: strings.TrimSpace(to)}
	return e, ok && e.From != "" && e.To != ""
}

// filter is a Query that was read.
type filter struct {
	q        Query
	edges    []Edge
	services []string
	statuses []string
	grep     *regexp.Regexp
}

func (q Query) filter() (*filter, error) {
	f := &filter{q: q}
	for flag, text := range map[string]string{"status": q.Status, "path": q.Path, "grep": q.Grep} {
		if len(text) > longestPattern {
			return nil, &QueryError{flag, fmt.Errorf("is longer than %d bytes", longestPattern)}
		}
	}
	if len(q.Names) > mostNames {
		return nil, fmt.Errorf("cannot look for more than %d edges and services at once", mostNames)
	}
	for _, name := range q.Names {
		if e, ok := ParseEdge(name); ok {
			f.edges = append(f.edges, e)
		} else {
			f.services = append(f.services, name)
		}
	}
	if q.Slow < 0 || q.Last < 0 {
		return nil, errors.New("cannot look for less than nothing")
	}
	if q.Path != "" && !doublestar.ValidatePattern(q.Path) {
		return nil, &QueryError{"path", fmt.Errorf("cannot be %q: a bracket or brace of the pattern is not closed", q.Path)}
	}
	if err := f.readStatus(); err != nil {
		return nil, &QueryError{"status", err}
	}
	return f, f.readGrep()
}

func (f *filter) readStatus() error {
	if f.q.Status == "" {
		return nil
	}
	for status := range strings.SplitSeq(f.q.Status, ",") {
		status = strings.TrimSpace(status)
		switch {
		case status == "":
			return fmt.Errorf("cannot be %q: a status is empty", f.q.Status)
		case isClass(status) && (status[0] < '1' || status[0] > '5'):
			return fmt.Errorf("cannot be %q: classes are 1xx to 5xx", status)
		}
		f.statuses = append(f.statuses, status)
	}
	return nil
}

// isClass recognises 5xx.
func isClass(status string) bool {
	return len(status) == 3 && status[0] >= '0' && status[0] <= '9' && strings.EqualFold(status[1:], "xx")
}

func (f *filter) readGrep() error {
	if f.q.Grep == "" {
		return nil
	}
	re, err := regexp.Compile(f.q.Grep)
	if err != nil {
		return &QueryError{"grep", fmt.Errorf("cannot be %q: %w", f.q.Grep, placed(f.q.Grep, err))}
	}
	f.grep = re
	return nil
}

// placed adds where in the expression an error is.
func placed(expression string, err error) error {
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return err
	}
	at := strings.LastIndex(expression, wrong.Expr)
	if at < 0 || wrong.Expr == "" {
		return fmt.Errorf("%s", wrong.Code)
	}
	return fmt.Errorf("%s at character %d: %q", wrong.Code, utf8.RuneCountInString(expression[:at])+1, wrong.Expr)
}

// glances reports whether what is known without unpacking fits.
func (f *filter) glances(id uint64, g glance) bool {
	if id < f.q.First || g.began.Before(f.q.Since) {
		return false
	}
	if len(f.q.Names) == 0 {
		return true
	}
	for _, name := range f.services {
		if g.edge.From == name || g.edge.To == name {
			return true
		}
	}
	for _, e := range f.edges {
		if (e.From == anyone || e.From == g.edge.From) && (e.To == anyone || e.To == g.edge.To) {
			return true
		}
	}
	return false
}

// deep reports whether the filter has to see bodies and messages.
func (f *filter) deep() bool { return f.grep != nil }

// fits reports whether a masked entry, whose glance fits, is chosen.
func (f *filter) fits(e *Entry, now time.Time) bool {
	return f.fitsStatus(e.Status) && e.Elapsed(now) >= f.q.Slow && f.fitsPath(e) && (f.grep == nil || said(e, f.grep.MatchString))
}

// fitsStatus also takes the first word of a status: "SELECT" of "SELECT 3".
func (f *filter) fitsStatus(status string) bool {
	first, _, _ := strings.Cut(status, " ")
	for _, want := range f.statuses {
		if strings.EqualFold(want, status) || strings.EqualFold(want, first) {
			return true
		}
		if isClass(want) && len(status) == 3 && status[0] == want[0] {
			return true
		}
	}
	return f.statuses == nil
}

func (f *filter) fitsPath(e *Entry) bool {
	if f.q.Path == "" {
		return true
	}
	pattern, path := f.q.Path, e.Path
	bare := path
	if isHTTP(e.Protocol) {
		bare, _, _ = strings.Cut(path, "?")
	} else { // A text has no directories.
		flat := strings.NewReplacer("/", "\x01")
		pattern, path = flat.Replace(pattern), flat.Replace(path)
		bare = path
	}
	return doublestar.MatchUnvalidated(pattern, bare) || bare != path && doublestar.MatchUnvalidated(pattern, path)
}

// isHTTP reports whether exchanges of p are requests of HTTP.
func isHTTP(p decode.Protocol) bool {
	return p == decode.HTTP || p == decode.GRPC || p == decode.WebSocket || p == decode.SSE
}

// said reports whether is holds for anything that e says.
func said(e *Entry, is func(string) bool) bool {
	if is(e.Method) || is(e.Path) || is(e.Method+" "+e.Path) || is(e.Trouble) {
		return true
	}
	for _, part := range []struct {
		*decode.Part
		form Form
	}{{&e.Request, e.Up}, {&e.Response, e.Down}} {
		for _, fields := range [][]decode.Field{part.Fields, part.Trailers} {
			for _, f := range fields {
				if is(f.Name + ": " + f.Value) {
					return true
				}
			}
		}
		if text, _, err := Content(part.Part, part.form); err == nil && is(string(text)) {
			return true
		}
	}
	for _, m := range e.Messages {
		if is(string(m.Data)) {
			return true
		}
	}
	return false
}
