package initfile

import (
	"slices"
	"strings"
)

// tool is what is known of a program that is known by the first words of its
// command.
type tool struct {
	// words are those words; "rails server" is better known than "rails".
	words string
	// host and port are its flags for where to listen, of which the first are used:
	// "--host", or "--host=" for one that wants its value in the same word.
	host, port string
	// address is a flag for both, "--bind"; "" with place alone is a word without one.
	address string
	// place is how address writes them, "$HOST:$PORT" where it is "".
	place string
	// more is added besides.
	more string
	// env are variables instead of flags.
	env []variable
	// quiet programs never listen.
	quiet bool
	// obeys a program that listens on $HOST and $PORT by itself, or on $PORT.
	obeys bool
}

const (
	hostPort      = "$HOST:$PORT"
	longHost      = "--host"
	longPort      = "--port,-p"
	springAddress = "SERVER_ADDRESS"
)

// tools are the programs that public projects start most. The longest words win.
var tools = []tool{
	// JavaScript: servers.
	{words: "vite", host: longHost, port: "--port", more: "--strictPort"},
	{words: "vite build", quiet: true},
	{words: "vite preview", host: longHost, port: "--port", more: "--strictPort"},
	{words: "next dev", host: "-H,--hostname", port: "-p,--port"},
	{words: "next start", host: "-H,--hostname", port: "-p,--port"},
	{words: "next build", quiet: true},
	{words: "nuxt dev", host: longHost, port: longPort},
	{words: "nuxi dev", host: longHost, port: longPort},
	{words: "nuxt", host: longHost, port: longPort},
	{words: "astro dev", host: longHost, port: longPort},
	{words: "astro preview", host: longHost, port: longPort},
	{words: "react-router dev", host: longHost, port: "--port"},
	{words: "remix vite:dev", host: longHost, port: "--port"},
	{words: "ng serve", host: longHost, port: longPort},
	{words: "ng build", quiet: true},
	{words: "vue-cli-service serve", host: longHost, port: longPort},
	{words: "webpack serve", host: longHost, port: longPort},
	{words: "webpack-dev-server", host: longHost, port: longPort},
	{words: "webpack", quiet: true},
	{words: "parcel", host: longHost, port: longPort},
	{words: "parcel serve", host: longHost, port: longPort},
	{words: "parcel watch", quiet: true},
	{words: "parcel build", quiet: true},
	{words: "gatsby develop", host: "-H,--host", port: "-p,--port"},
	{words: "storybook dev", host: "-h,--host", port: "-p,--port", more: "--no-open"},
	{words: "docusaurus start", host: longHost, port: longPort},
	{words: "vitepress dev", host: longHost, port: "--port"},
	{words: "slidev", port: longPort},
	{words: "http-server", host: "-a", port: "-p,--port"},
	{words: "serve", address: "-l,--listen", place: "tcp://$HOST:$PORT"},
	{words: "json-server", host: longHost, port: longPort},
	{words: "live-server", host: "--host=", port: "--port=", more: "--no-browser"},
	{words: "wrangler dev", host: "--ip", port: "--port"},
	{words: "ember serve", host: longHost, port: longPort},
	{words: "medusa develop", host: "-H,--host", port: "-p,--port"},
	{words: "sanity dev", host: longHost, port: "--port"},
	{words: "prisma studio", host: "--hostname", port: longPort, more: "--browser none"},
	{words: "drizzle-kit studio", host: longHost, port: "--port"},
	{words: "react-scripts start", obeys: true, env: []variable{{"BROWSER", "none"}}},
	{words: "strapi develop", obeys: true},
	{words: "strapi start", obeys: true},
	{words: "directus start", obeys: true},
	{words: "bin/vite dev", env: []variable{{"VITE_RUBY_HOST", "{{host}}"}, {"VITE_RUBY_PORT", "{{port}}"}}},
	// JavaScript: builders and workers.
	{words: "tsc", quiet: true}, {words: "vue-tsc", quiet: true}, {words: "tsup", quiet: true},
	{words: "tsdown", quiet: true}, {words: "rollup", quiet: true}, {words: "unbuild", quiet: true},
	{words: "tailwindcss", quiet: true}, {words: "@tailwindcss/cli", quiet: true}, {words: "postcss", quiet: true},
	{words: "sass", quiet: true}, {words: "node-sass", quiet: true}, {words: "babel", quiet: true}, {words: "swc", quiet: true},
	{words: "microbundle", quiet: true}, {words: "ncc", quiet: true}, {words: "rslib", quiet: true}, {words: "pkgroll", quiet: true},
	{words: "esbuild", quiet: true}, {words: "graphql-codegen", quiet: true}, {words: "tsr", quiet: true},
	{words: "jest", quiet: true}, {words: "vitest", quiet: true}, {words: "eslint", quiet: true}, {words: "prettier", quiet: true},
	{words: "chokidar", quiet: true}, {words: "onchange", quiet: true}, {words: "watchexec", quiet: true},
	{words: "svelte-package", quiet: true}, {words: "ng-packagr", quiet: true}, {words: "electron", quiet: true},
	{words: "stripe listen", quiet: true}, {words: "ngrok", quiet: true}, {words: "cloudflared", quiet: true},
	// Ruby.
	{words: "rails server", host: "-b,--binding", port: "-p,--port"},
	{words: "rails s", host: "-b,--binding", port: "-p,--port"},
	{words: "puma", address: "-b,--bind", place: "tcp://$HOST:$PORT", port: "-p,--port"},
	{words: "rackup", host: "-o,--host", port: "-p,--port"},
	{words: "unicorn", address: "-l,--listen", port: "-p,--port"},
	{words: "thin start", host: "-a,--address", port: "-p,--port"},
	{words: "jekyll serve", host: "-H,--host", port: "-P,--port"},
	{words: "sidekiq", quiet: true}, {words: "good_job", quiet: true}, {words: "rake", quiet: true},
	{words: "rails", quiet: true}, {words: "jobs", quiet: true}, {words: "resque", quiet: true},
	{words: "delayed_job", quiet: true}, {words: "karafka", quiet: true}, {words: "shoryuken", quiet: true}, {words: "guard", quiet: true},
	// Python.
	{words: "flask run", host: "-h,--host", port: "-p,--port"},
	{words: "uvicorn", host: longHost, port: "--port"},
	{words: "hypercorn", address: "--bind,-b"},
	{words: "gunicorn", address: "--bind,-b"},
	{words: "daphne", host: "-b,--bind", port: "-p,--port"},
	{words: "fastapi dev", host: longHost, port: "--port"},
	{words: "fastapi run", host: longHost, port: "--port"},
	{words: "streamlit run", host: "--server.address", port: "--server.port", more: "--server.headless true"},
	{words: "manage.py runserver", place: hostPort},
	{words: "manage.py", quiet: true},
	{words: "http.server", host: "--bind,-b", place: "$PORT"},
	{words: "jupyter lab", host: "--ip", port: "--port", more: "--no-browser"},
	{words: "jupyter notebook", host: "--ip", port: "--port", more: "--no-browser"},
	{words: "mkdocs serve", address: "-a,--dev-addr"},
	{words: "celery", quiet: true}, {words: "dramatiq", quiet: true}, {words: "rq", quiet: true}, {words: "huey_consumer", quiet: true},
	{words: "arq", quiet: true}, {words: "alembic", quiet: true}, {words: "pytest", quiet: true}, {words: "watchmedo", quiet: true},
	// PHP.
	{words: "artisan serve", host: "--host=", port: "--port="},
	{words: "artisan reverb:start", host: "--host=", port: "--port="},
	{words: "artisan", quiet: true},
	{words: "symfony serve", port: "--port=", more: "--no-tls"},
	{words: "php -S", place: hostPort},
	// Others.
	{words: "mix phx.server", obeys: true},
	{words: "hugo server", host: "--bind", port: longPort},
	{words: "trunk serve", host: "--address", port: longPort},
	{words: "dx serve", host: "--addr", port: "--port"},
	{words: "dotnet run", address: "--urls", place: "http://$HOST:$PORT"},
	{words: "dotnet watch", address: "--urls", place: "http://$HOST:$PORT"},
	{words: "spring-boot:run", env: []variable{{"SERVER_PORT", "{{port}}"}, {springAddress, "{{host}}"}}},
	{words: "bootRun", env: []variable{{"SERVER_PORT", "{{port}}"}, {springAddress, "{{host}}"}}},
	{words: "quarkus:dev", env: []variable{{"QUARKUS_HTTP_PORT", "{{port}}"}, {"QUARKUS_HTTP_HOST", "{{host}}"}}},
	{words: "quarkusDev", env: []variable{{"QUARKUS_HTTP_PORT", "{{port}}"}, {"QUARKUS_HTTP_HOST", "{{host}}"}}},
	{words: "lhrun serve", obeys: true},
	{words: "redis-server", host: "--bind", port: "--port"},
	{words: "valkey-server", host: "--bind", port: "--port"},
	{words: "memcached", host: "-l", port: "-p"},
	{words: "mailpit", address: "--listen"},
}

// wrappers start another program, which is the one to look at. Their own flags are
// skipped.
var wrappers = []string{
	"exec", "npx", "bunx", "env", "time", "nohup", "cross-env",
	"dotenv", "dotenvx", "bundle exec", "pnpm exec", "pnpm dlx", "yarn exec", "yarn dlx",
	"npm exec", "bun x", "bun --bun", "bun run --bun", "uv run", "poetry run", "pipenv run",
	"hatch run", "pdm run", "rye run", "python -m", "python3 -m",
	"mvn", "./mvnw", "gradle", "./gradlew", "direnv exec", "doppler run", "op run",
	"python", "python3", "php", "ruby",
}

// programOf finds the words that tell which program a command runs: without
// variables set before it and without wrappers. The index is that of its first word.
func programOf(words []string) int {
	i := 0
	for i < len(words) {
		switch {
		case isAssignment(words[i]), words[i] == "--":
			i++
		case i > 0 && strings.HasPrefix(words[i], "-") && wrapped(words[:i]):
			i++
		case i+1 < len(words) && slices.Contains(wrappers, words[i]+" "+words[i+1]):
			i += 2
		case slices.Contains(wrappers, words[i]) && i+1 < len(words) && words[i+1] != "-S" && words[i+1] != "-c":
			i++
		default:
			return i
		}
	}
	return i
}

// wrapped reports whether words are a wrapper and its flags alone.
func wrapped(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(wrappers, w) })
}

func isAssignment(word string) bool {
	key, _, found := strings.Cut(word, "=")
	return found && isVariableName(key)
}

func isVariableName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}) < 0 && (s[0] < '0' || s[0] > '9')
}

// toolFor is the tool that the words of a command name, with the number of words
// up to its arguments.
func toolFor(words []string) (known tool, args int, ok bool) {
	start := programOf(words)
	best := 0
	for _, t := range tools {
		want := strings.Fields(t.words)
		if len(want) > best && begins(words[start:], want) {
			known, args, best, ok = t, start+len(want), len(want), true
		}
	}
	return known, args, ok
}

// begins reports whether words are those of want, the first without its directory
// (unless want has one) and its version.
func begins(words, want []string) bool {
	if len(words) < len(want) || !isProgram(words[0], want[0]) {
		return false
	}
	for i := 1; i < len(want); i++ {
		if words[i] != want[i] {
			return false
		}
	}
	return true
}

func isProgram(word, want string) bool {
	if scoped := strings.HasPrefix(want, "@"); !scoped && !strings.Contains(want, "/") {
		word = word[strings.LastIndexByte(word, '/')+1:]
	}
	if at := strings.LastIndexByte(word, '@'); at > 0 {
		word = word[:at]
	}
	return word == want
}
