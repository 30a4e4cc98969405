package initfile

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// everyKey has a value of every key that a source may have for a service. Each token
// stands for what must not vanish: it has to be in the draft, as a key or in a
// comment.
var everyKey = map[string]string{
	"compose.yaml": `
name: tok-name
services:
  web:
    image: tok/own:1
    build: {context: ./web, args: {TOK_ARG: tok-arg}, target: tok-target}
    command: node x tok-command
    container_name: tok-container
    hostname: tok-hostname
    environment: {TOK_ENV: tok-env, TOK_UNSET: "${TOK_NOWHERE}"}
    env_file: [tok-missing.env, tok-here.env]
    user: tok-user
    volumes: [tok-volume:/data, ./web:/tok-mount]
    networks: [tok-network]
    labels: {tok-label: tok-label-value}
    cap_add: [TOK_CAP]
    secrets: [tok-secret]
    configs: [tok-config]
    ulimits: {nofile: 12345}
    tmpfs: /tok-tmpfs
    extra_hosts: ["tok-host:10.0.0.1"]
    healthcheck: {test: "tok-check --now", interval: 17s, start_period: 18s}
    logging: {driver: tok-driver}
    deploy: {resources: {limits: {memory: 19M}}}
    privileged: true
    platform: tok-platform
    stop_signal: SIGWINCH
    stop_grace_period: 23s
    ports: ["18080:8080", "9555:9555", "9556:9556/udp"]
    expose: ["7001"]
    profiles: [tok-profile]
    restart: always
    depends_on: [tok-nobody]
    x-own: tok-extension
networks: {tok-network: {driver: tok-bridge}}
volumes: {tok-volume: {}}
secrets: {tok-secret: {file: ./tok-secret.txt}}
`,
	"process-compose.yaml": `
version: "0.5"
log_level: tok-level
processes:
  a:
    command: tok-command
    description: tok-description
    working_dir: tok-missing
    environment: ["TOK_ENV=tok-env", "TOK_REF=${TOK_NOWHERE}"]
    depends_on: {tok-nobody: {condition: process_healthy}}
    readiness_probe: {exec: {command: tok-check}, period_seconds: 17}
    liveness_probe: {exec: {command: tok-live}}
    availability: {restart: always, backoff_seconds: 18, max_restarts: 19}
    shutdown: {signal: 10, timeout_seconds: 23, command: tok-shutdown}
    namespace: tok-namespace
    log_location: tok.log
    replicas: 29
    is_elevated: true
`,
	"mprocs.yaml": `
mouse_scroll_speed: 17
procs:
  a:
    shell: tok-shell
    cwd: tok-missing
    env: {TOK_ENV: tok-env, TOK_GONE: null}
    add_path: [tok-path]
    stop: {send-keys: ["<tok-key>"]}
    autostart: false
    log_dir: tok-logs
`,
	".devcontainer/devcontainer.json": `{
 // tok
 "image": "tok/image", "features": {"tok-feature": {"version": "17"}}, "forwardPorts": [18080],
 "containerEnv": {"TOK_ENV": "tok-env", "TOK_REF": "${localEnv:X}"}, "postCreateCommand": "tok-create",
 "customizations": {"vscode": {"extensions": ["tok.extension"]}},
}`,
	"Procfile":       "web: tok-web --serve\nworker: tok-worker\nrelease: tok-release\n",
	"package.json":   `{"scripts":{"dev":"concurrently -k -n tok-a,tok-b 'tok-one' 'tok-two'","tok-script":"x"}}`,
	"web/Dockerfile": "FROM node\nRUN tok-run\nARG TOK_ARG\nENV TOK_ENV=tok-env\nUSER tok-user\nLABEL tok=label\nVOLUME /tok-volume\nHEALTHCHECK CMD tok-check\nEXPOSE 8080 9555\nCMD [\"node\", \"x\", \"tok-cmd\"]\n",
}

// besides are tokens that are no words of their own.
var besides = map[string][]string{
	"compose.yaml":                    {"tok-env", "12345", "17s", "18s", "19M", "WINCH", "23s", "9555", "9556", "7001", "privileged", "always", "TOK_NOWHERE", "10.0.0.1"},
	"process-compose.yaml":            {"17", "18", "19", "USR1", "23s", "29", "always", "is_elevated", "TOK_NOWHERE"},
	"mprocs.yaml":                     {"17", "TOK_GONE", "autostart"},
	".devcontainer/devcontainer.json": {"17", "18080", "localEnv"},
	"package.json":                    {"-k"},
	"web/Dockerfile":                  {"9555"},
}

func TestNothingOfASourceVanishes(t *testing.T) {
	for name, text := range everyKey {
		t.Run(name, func(t *testing.T) {
			files := []txtar.File{{Name: name, Data: []byte(text)}, {Name: "web/x"}, {Name: "tok-here.env", Data: []byte("A=1\n")}}
			if name == "compose.yaml" || name == "mprocs.yaml" {
				testNothingVanishes(t, name, text, append(files, txtar.File{Name: "Procfile", Data: []byte("web: x\na: y\n")}))
				testNothingVanishes(t, name, text, append(files, txtar.File{Name: "Procfile.dev", Data: []byte("other: x\n")}))
			}
			if name == "web/Dockerfile" {
				files = append(files, txtar.File{Name: "compose.yaml", Data: []byte("services: {web: {build: ./web}}")})
			}
			testNothingVanishes(t, name, text, files)
		})
	}
}

// testNothingVanishes looks for the tokens of name's text in the draft of files.
func testNothingVanishes(t *testing.T, name, text string, files []txtar.File) {
	t.Helper()
	dir := unpack(t, files)
	draft, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	checks(t, dir, draft)
	got := string(draft.TOML())
	tokens := besides[name]
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \n\"'{}[],:;=/<>$()", c) }) {
		if lower := strings.ToLower(word); strings.HasPrefix(lower, "tok-") || strings.HasPrefix(lower, "tok_") || strings.HasPrefix(lower, "tok.") {
			tokens = append(tokens, word)
		}
	}
	for _, token := range tokens {
		if token != "tok-name" && !strings.Contains(got, token) {
			t.Errorf("%s is lost beside %s:\n%s", token, files[len(files)-1].Name, got)
		}
	}
}

// generator makes sources of what public projects write, in any combination.
type generator struct{ *rand.Rand }

func (g generator) one(words ...string) string { return words[g.IntN(len(words))] }

func (g generator) some(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		if g.IntN(3) == 0 {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

var serviceNames = []string{"db", "web", "api", "cache", "my.app", "my_app", "my-app", "lhrun", "a b", "9", "worker", "proxy"}

func (g generator) compose() string {
	var b strings.Builder
	b.WriteString("x-env: &env {A: '1', DB: 'db:5432'}\nx-base: &base {restart: unless-stopped, environment: {<<: *env}}\nservices:\n")
	for _, name := range serviceNames {
		if g.IntN(2) == 0 {
			continue
		}
		other, third := g.one(serviceNames...), g.one(serviceNames...)
		fmt.Fprintf(&b, "  %q:\n    <<: *base\n", name)
		fmt.Fprintf(&b, "    %s\n", g.one("build: ./web", "build: .", "build: ./nosuch", "image: "+g.one("postgres:16", "mysql", "mariadb:11", "redis", "rabbitmq:3",
			"nginx:alpine", "mongo", "nats", "minio/minio", "axllent/mailpit", "memcached", "getmeili/meilisearch", "wordpress", "node:20", "python:3.12", "mailhog/mailhog", "bitnami/redis")))
		b.WriteString(g.some(
			"    command: "+g.one("sleep infinity", "node x --port 3000", "[npm, run, dev]", "--requirepass x --appendonly yes", "postgres -c a=b", `sh -c "a && b"`, "uvicorn x:y --host 0.0.0.0 --port 80", "'{{x}}'", "./missing", "server /data"),
			"    entrypoint: "+g.one("./x.sh", "[python]", "''"),
			"    ports: "+g.one("['80:80']", "['${P:-81}:80', 9090]", "[{target: 80, published: 8080}, '127.0.0.1:5432:5432']", "[x]", "['3000-3005:3000-3005']"),
			"    environment: "+g.one("[A=b, HOME, 'C=${D}']", "{PORT: 80, DB_HOST: db, DB_PORT: 5432, URL: 'http://api:80/x'}", "{POSTGRES_USER: a, POSTGRES_PASSWORD: \"b'c\", MYSQL_USER: u, MYSQL_PASSWORD: '{{', MYSQL_DATABASE: d}", "{A: *env}", "null"),
			"    env_file: "+g.one(".env", "[web/x, nosuch]", "[{path: nosuch, required: false}]"),
			fmt.Sprintf("    depends_on: "+g.one("[%q, %q]", "{%q: {condition: service_completed_successfully}, %q: {condition: service_started}}"), other, third),
			"    healthcheck: "+g.one("{test: [CMD, curl, -f, 'http://localhost:80/h']}", "{test: nc -z localhost 80}", "{test: [NONE]}", "{disable: true}", "{test: [CMD-SHELL, 'pg_isready || exit 1'], interval: 1s}", "{test: 'a {{ b'}"),
			"    volumes: "+g.one("[./web:/app, 'x:/y']", "[./nginx.conf:/etc/nginx/nginx.conf]", "[./sql:/docker-entrypoint-initdb.d]", "[{type: bind, source: ./web, target: /usr/share/nginx/html}]", "[../x:/x, /etc:/etc]"),
			"    working_dir: "+g.one("/app", "/x", "web"), "    user: root", "    stop_signal: "+g.one("SIGINT", "9", "SIGRTMIN+3"), "    stop_grace_period: "+g.one("1m30s", "5", "x"),
			"    profiles: [a, b]", "    extends: "+g.one("{service: web}", "db", "{file: x.yml, service: y}"), "    network_mode: host", "    links: [db:x]",
		))
	}
	return b.String()
}

func (g generator) manifest() string {
	command := func() string {
		return g.one("vite", "next dev -p 3001", "tsc -w", "node x.js", "npm run b", "run-p a b", "concurrently 'npm:a' \\\"vite --port 1\\\"", "turbo dev", "cd web && npm run dev", "a & b", "cross-env A=1 nodemon x", "{{", "pnpm --filter web dev")
	}
	return fmt.Sprintf(`{"name":"n","workspaces":["web","apps/*"],"devDependencies":{"vite":"1"},"scripts":{"dev":"%s","a":"%s","b":"%s","start":"%s"}}`, command(), command(), command(), command())
}

// TestGeneratedSourcesPassCheck: whatever is combined, the draft passes check.
func TestGeneratedSourcesPassCheck(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 20
	}
	for seed := range uint64(rounds) {
		g := generator{rand.New(rand.NewPCG(seed, 0))}
		files := append([]txtar.File{}, around...)
		add := func(name, text string) {
			if g.IntN(2) == 0 {
				files = append(files, txtar.File{Name: name, Data: []byte(text)})
			}
		}
		add("compose.yaml", g.compose())
		add("docker-compose.dev.yml", g.compose())
		add("package.json", g.manifest())
		add("web/package.json", g.manifest())
		add(".env", "DATABASE_URL=postgres://u:p@localhost:5432/x\nD=1\nREDIS_URL=redis://localhost:6379\nDB_HOST=localhost\nDB_PORT=5432\n")
		if g.IntN(3) == 0 {
			add("Procfile.dev", g.some("web: bin/rails s -p 3000", "db: postgres", "worker: sidekiq", "release: x", "css: yarn build --watch"))
			add("process-compose.yaml", "processes:\n  web: {command: 'x --port 80', readiness_probe: {http_get: {port: "+g.one("80", "81")+"}}}\n  db: {command: y, depends_on: {web: {condition: process_completed}}}\n")
			add("mprocs.yaml", "procs:\n  web: {shell: 'x'}\n  other: {cmd: [a], cwd: web}\n")
		}
		add("Gemfile", "gem 'rails'\ngem 'sidekiq'\ngem 'dotenv-rails'\n")
		add("go.mod", "module x\n")
		add("main.go", `http.ListenAndServe(":8080", nil)`)
		dir := unpack(t, files)
		draft, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		checks(t, dir, draft)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
