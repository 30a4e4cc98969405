package logs

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Excerpt returns up to n of lines, in their order: those that best say what went wrong.
// It leaves out stack frames, and what npm, make and the like say about the end of the
// program that they ran, unless there is nothing else. Of the rest it returns the last
// lines, or those from the last error on if that comes earlier.
func Excerpt(lines []string, n int) []string {
	told, _ := excerpt(lines, n)
	return told
}

// excerpt is Excerpt. behind is how many of lines come after the first one that it returns.
func excerpt(lines []string, n int) (told []string, behind int) {
	if n <= 0 || len(lines) == 0 {
		return nil, 0
	}
	p := patterns()
	kept := p.withoutFrames(lines)
	isWrapper := func(i int) bool { return p.wrapper.MatchString(lines[i]) }
	if rest := slices.DeleteFunc(slices.Clone(kept), isWrapper); len(rest) > 0 {
		kept = rest
	}
	from := max(0, len(kept)-n)
	for _, re := range []*regexp.Regexp{p.error, p.hint} {
		isMatch := func(i int) bool { return re.MatchString(lines[i]) }
		if i := lastIndexFunc(kept, isMatch); i >= 0 {
			from = min(from, i)
			break
		}
	}
	for _, i := range kept[from:min(len(kept), from+n)] {
		told = append(told, lines[i])
	}
	return told, len(lines) - 1 - kept[from]
}

func lastIndexFunc(s []int, is func(int) bool) int {
	for i, v := range slices.Backward(s) {
		if is(v) {
			return i
		}
	}
	return -1
}

// withoutFrames returns the places in lines of those that are no stack frames, nor the
// source under those of Python; of all where nothing is left.
func (p *linePatterns) withoutFrames(lines []string) (kept []int) {
	under := -1 // the indentation of the last frame of Python
	for i, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		switch {
		case p.pythonFrame.MatchString(line):
			under = indent
		case under >= 0 && indent > under, p.frame.MatchString(line):
		default:
			under = -1
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		for i := range lines {
			kept = append(kept, i)
		}
	}
	return kept
}

// linePatterns classify the lines of a failure.
type linePatterns struct {
	pythonFrame *regexp.Regexp
	// frame matches lines that only name places in a program.
	frame *regexp.Regexp
	// wrapper matches what a program says about the end of another that it ran.
	wrapper *regexp.Regexp
	// error matches lines that are an error, hint lines that may be about one.
	error, hint *regexp.Regexp
}

// patterns compiles the expressions at the first failure, not at each start of lhrun.
var patterns = sync.OnceValue(func() *linePatterns {
	anyOf := func(patterns ...string) *regexp.Regexp { return regexp.MustCompile(strings.Join(patterns, "|")) }
	return &linePatterns{
		pythonFrame: anyOf(`^[ \t|+]*File ".*", line \d+`),
		frame: anyOf(
			`^[~^\s]*$`,
			`^\s+at .*(\(|:\d|<)`, // JavaScript, Java, .NET, Rust
			`^\s*\.\.\. \d+ (more|common frames)`,
			`^\s*(\d+: )?(from )?\S.*:\d+:in ['\x60].*'$`, // Ruby
			`^[ \t|+]*Traceback \(most recent call last\):`,
			`^goroutine \d+ .*\[.*\]:$`, `^\t\S.*\.(go|s):\d+( \+0x[0-9a-f]+)?$`, `^created by \S+`,
			`^[\w./-]+\.[\w.()*\[\]]+\(.*\)$`, // Go, above its place
			`^\s+\d+:\s+(0x[0-9a-f]+ - )?<?\w\S*$`, `^stack backtrace:$`, `^note: (run with|[Ss]ome details)`,
			`^#\d+ `, `^\s+thrown in .* on line \d+$`, `^(PHP )?Stack trace:$`,
			`^\s+\([\w ]+ [\d.]+\) .*:\d+: `, // Elixir
			`^node:\w+(/\w+)*:\d+$`, `^\s+throw .*;?$`, `^Node\.js v\d`, `^Emitted 'error' event`,
			`^  (code|errno|syscall|address|port|path|dest|requireStack|spawnargs): `, `^[\]}]+,?$`,
		),
		wrapper: anyOf(
			`^npm (ERR!|error|WARN|warn|notice)`,
			`^error Command failed with exit code`, `^info Visit https://yarnpkg\.com`,
			`^\s*(\S+ )?ELIFECYCLE`, `^g?make(\[\d+\])?: `, `^exit status \d+$`,
			`^ERROR: ".*" exited with`, `^error: (script|[Rr]ecipe) ["\x60].*exit`, `^task: Failed to run task`,
			`^\[nodemon\] (app crashed|clean exit)`,
		),
		error: anyOf(
			`^\s*(Uncaught |Unhandled |Caused by: |\[)?[\w.:$\\]*(Error|Exception)\b`,
			`\(([\w:]+(Error|Exception)|Errno::\w+)\)`, // Ruby
			`^(\S+: )?(?i:panic|fatal|fatal error|error)\b.*:`, `\b(ERROR|FATAL|PANIC|CRITICAL)\b`, `\bpanicked at\b`,
		),
		hint: anyOf(
			`(?i)\b(error|exception|failed|cannot|can't|could not|couldn't|unable to|no such|not found|already in use|refused|denied)\b`,
			`\bE[A-Z]{4,}\b`,
		),
	}
})
