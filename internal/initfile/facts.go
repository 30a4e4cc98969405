package initfile

import (
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// facts are what the sources of a program say about its port.
type facts struct {
	// known is false where there was nothing to read.
	known bool
	// readsPort reports whether $PORT is read.
	readsPort bool
	listens   bool
	// fixed is the one number that it listens on, where it reads no other.
	fixed int
}

// anyOf is a pattern of several.
func anyOf(patterns ...string) *regexp.Regexp {
	return regexp.MustCompile(strings.Join(patterns, "|"))
}

var readsPort = sync.OnceValue(func() *regexp.Regexp {
	return anyOf(`env(?:iron)?\.PORT\b`, `env(?:iron)?\[?(?:\.get)?[\[(]\s*["'`+"`"+`]PORT["'`+"`"+`]`,
		`(?:[gG]etenv|LookupEnv|ENV\.fetch|env::var|System\.get_env|get_env)\(?\s*["']PORT["']`,
		`\bENV\[["']PORT["']`, `env\("PORT`, `env:"PORT`, `\$\{?PORT\b`)
})

var listens = sync.OnceValue(func() *regexp.Regexp {
	return anyOf(`\.listen\(`, `createServer\(`, `(?:Bun|Deno)\.serve\(`, `serve\(\{`, // JavaScript
		`ListenAndServe`, `net\.Listen\(`, `ListenPacket`, `\.Run\("?:`, `\.Start\("?:`, // Go
		`TcpListener::bind`, `HttpServer::new`, `\brocket::`, // Rust
		`uvicorn\.run\(`, `app\.run\(`, `serve_forever`, `HTTPServer\(`, `run_simple`, // Python
		`TCPServer`, `Sinatra`, `WebApplication\.`)
})

// fixedPort finds the number that a program listens on by what it calls.
var fixedPort = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:` + strings.Join([]string{
		`\.listen\(\s*`, `(?:const|let|var)\s+(?:PORT|port)\s*=\s*`,
		`ListenAndServe(?:TLS)?\(\s*"[^":]*:`, `net\.Listen\("tcp",\s*"[^":]*:`, `\.Run\("[^":]*:`, `\.Start\("[^":]*:`,
		`bind\(\s*"[^":]*:`, `app\.run\([^)]*port\s*=\s*`, `uvicorn\.run\([^)]*port\s*=\s*`,
	}, "|") + `)([0-9]{2,5})\b`)
})

// workers are words in the names of processes that listen on nothing.
var workers = []string{
	"worker", "workers", "job", "jobs", "queue", "cron", "scheduler", "consumer", "beat", "clock", "watch", "watcher", "build", "css", "js", "types",
	"migrate", "migrations", "seed", "setup", "test", "tests", "logs", "bot", "sync",
}

// isWorker reports whether a name is that of a process without a port.
func isWorker(name string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return c < 'a' || c > 'z' }),
		func(word string) bool { return slices.Contains(workers, word) })
}

const (
	maxSources    = 200
	maxSourceSize = 128 << 10
)

// notSources are directories of other people's code, of results and of tests.
var notSources = []string{
	"node_modules", "vendor", "target", "dist", "build", "test", "tests",
	"__tests__", "venv", "public", "static", "coverage", "e2e", "docs", "client", "frontend",
}

// facts looks at the file that words name, and at all of dir where that does not
// settle it and the program is one of which a directory has one.
func (d *Draft) facts(dir string, words []string, only bool) facts {
	var f facts
	entry := ""
	for _, w := range words {
		if len(sourcesOf(nil, w)) > 0 && exists(d.tree, path.Join(dir, w)) {
			entry = path.Join(dir, w)
		}
	}
	if entry != "" {
		f.read(d.tree, entry)
	}
	kinds := sourcesOf(words, entry)
	if f.readsPort || f.fixed != 0 || len(kinds) == 0 || !only {
		return f
	}
	seen := 0
	_ = fs.WalkDir(d.tree, path.Clean(dir), func(name string, entry fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil, seen == maxSources, strings.Count(name, "/") > strings.Count(dir, "/")+4:
			return fs.SkipDir
		case entry.IsDir() && name != dir && (slices.Contains(notSources, base) || strings.HasPrefix(base, ".") && base != "."):
			return fs.SkipDir
		case !entry.Type().IsRegular(), !slices.Contains(kinds, path.Ext(name)), strings.Contains(base, ".test.") || strings.HasSuffix(base, "_test.go"), strings.Contains(base, ".config."):
		default:
			seen++
			f.read(d.tree, name)
		}
		return nil
	})
	return f
}

// families are the sources that belong together, with the programs that run them.
var families = []struct{ programs, endings []string }{
	{[]string{"node", "nodemon", "tsx", "ts-node", "ts-node-dev", "bun", "deno", "nest"}, []string{".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".jsx"}},
	{[]string{"go", "air", "reflex", "wgo"}, []string{".go"}},
	{[]string{"cargo"}, []string{".rs"}},
	{[]string{"python", "python3"}, []string{".py"}},
	{[]string{"ruby"}, []string{".rb", ".ru"}},
	{[]string{"mix", "iex", "elixir"}, []string{".ex", ".exs"}},
	{[]string{"mvn", "mvnw", "gradle", "gradlew", "java", "dotnet"}, []string{".kt", ".java", ".cs"}},
	{[]string{"php"}, []string{".php"}},
}

// sourcesOf are the endings of the sources that a command runs, none where it is an
// installed program.
func sourcesOf(words []string, entry string) []string {
	program := ""
	if len(words) > 0 {
		program = path.Base(words[min(programOf(words), len(words)-1)])
	}
	for _, family := range families {
		if entry != "" && slices.Contains(family.endings, path.Ext(entry)) || entry == "" && slices.Contains(family.programs, program) {
			return family.endings
		}
	}
	return nil
}

func (f *facts) read(tree fs.FS, name string) {
	file, err := tree.Open(name)
	if err != nil {
		return
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSourceSize))
	if err != nil {
		return
	}
	f.known = true
	f.readsPort = f.readsPort || readsPort().Match(data)
	f.listens = f.listens || listens().Match(data)
	for _, m := range fixedPort().FindAllSubmatch(data, -1) {
		if number := atoi(string(m[1])); number >= 80 && f.fixed == 0 {
			f.fixed, f.listens = number, true
		}
	}
	if f.readsPort {
		f.fixed = 0
	}
}

// atoi is 0 for what is no port.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}
