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
	if n <= 0 {
		return nil
	}
	p := patterns()
	told := p.withoutFrames(lines)
	if kept := without(told, p.wrapper); len(kept) > 0 {
		told = kept
	}
	if len(told) == 0 {
		told = lines
	}
	from := max(0, len(told)-n)
	for _, re := range []*regexp.Regexp{p.error, p.hint} {
		if i := lastMatch(told, re); i >= 0 {
			from = min(from, i)
			break
		}
	}
	return told[from:min(len(told), from+n)]
}

func lastMatch(lines []string, re *regexp.Regexp) int {
	for i, line := range slices.Backward(lines) {
		if re.MatchString(line) {
			return i
		}
	}
	return -1
}

func without(lines []string, re *regexp.Regexp) []string {
	return slices.DeleteFunc(slices.Clone(lines), re.MatchString)
}

// withoutFrames leaves out stack frames, and the lines of source under those of Python.
func (p *linePatterns) withoutFrames(lines []string) (kept []string) {
	under := -1 // the indentation of the last frame of Python
	for _, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		switch {
		case p.pythonFrame.MatchString(line):
			under = indent
		case under >= 0 && indent > under, p.frame.MatchString(line):
		default:
			under = -1
			kept = append(kept, line)
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
