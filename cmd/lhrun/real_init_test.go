package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// realDraft is a project of somebody who does not know lhrun, and what has to be so
// once "lhrun init" and "lhrun up" were all that was done.
type realDraft struct {
	name string
	// programs are needed.
	programs []string
	// node needs the packages of LHRUN_TEST_NODE.
	node bool
	// flask needs Flask.
	flask bool
	files []string
	// says are commands in the project's environment with what they print.
	says map[string]string
	// serves are what services answer to GET, by "SERVICE /PATH".
	serves map[string]string
}

var realDrafts = []realDraft{
	{
		name: "postgres", programs: []string{"postgres", "initdb", "psql", "pg_isready"},
		files: []string{"compose.yaml", `
services:
  db:
    image: postgres:16-alpine
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: secret}
    command: postgres -c max_connections=33
    ports: ["5433:5432"]
    volumes: ["./sql:/docker-entrypoint-initdb.d", "data:/var/lib/postgresql/data"]
    healthcheck: {test: ["CMD-SHELL", "pg_isready -U app"]}
  named:
    image: postgres
    environment: {POSTGRES_DB: shop, POSTGRES_PASSWORD: x}
volumes: {data: {}}
`, "sql/a.sql", "create table t (n int);\ninsert into t values (7);\n", ".env", "DATABASE_URL=postgres://app:secret@localhost:5433/app\n"},
		says: map[string]string{
			`psql -At "$DATABASE_URL" -c 'select n from t'`:        "7",
			`psql -At "$DB_URL" -c 'show max_connections'`:         "33",
			`psql -At "$NAMED_URL" -c 'select current_database()'`: "shop",
		},
	},
	{
		name: "mariadb", programs: []string{"mariadbd", "mariadb-install-db", "mariadb"},
		files: []string{"docker-compose.yml", `
version: "3"
services:
  db:
    image: mariadb:11
    environment: {MARIADB_ROOT_PASSWORD: root, MARIADB_DATABASE: shop, MARIADB_USER: shop, MARIADB_PASSWORD: "it's"}
    command: --character-set-server=utf8mb4
  my:
    image: mysql:8
    command: --default-authentication-plugin=mysql_native_password
    environment: {MYSQL_ALLOW_EMPTY_PASSWORD: "yes", MYSQL_DATABASE: one}
    volumes: ["./dump.sql:/docker-entrypoint-initdb.d/dump.sql"]
`, "dump.sql", "create table t (n int); insert into t values (7);\n"},
		says: map[string]string{
			`mariadb --no-defaults -h $DB_HOST -P $DB_PORT -u shop -p"it's" shop -Ne 'select 1'`: "1",
			`mariadb --no-defaults -h $DB_HOST -P $DB_PORT -u root -proot -Ne 'select 2'`:        "2",
			`mariadb --no-defaults -h $MY_HOST -P $MY_PORT -u root one -Ne 'select n from t'`:    "7",
		},
	},
	{
		name: "redis", programs: []string{"redis-server", "redis-cli"},
		files: []string{"compose.yml", `
services:
  cache: {image: redis:7, command: redis-server --requirepass hunter2 --appendonly yes, volumes: ["c:/data"]}
  plain: {image: redis}
  bitnami: {image: "bitnami/redis:latest", environment: [REDIS_PASSWORD=pw]}
`},
		says: map[string]string{
			`redis-cli -u "$CACHE_URL" --no-auth-warning config get appendonly | tail -1`: "yes",
			`redis-cli -u "$PLAIN_URL" ping`:                                              "PONG",
			`redis-cli -u "$BITNAMI_URL" --no-auth-warning ping`:                          "PONG",
		},
	},
	{
		name: "nginx", programs: []string{"nginx", "node"},
		files: []string{"compose.yaml", `
services:
  proxy:
    image: nginx:alpine
    ports: ["8080:80"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro", "./public:/usr/share/nginx/html"]
    depends_on: [api]
  servers: {image: nginx, volumes: ["./conf.d:/etc/nginx/conf.d"]}
  files: {image: nginx, volumes: ["./public:/usr/share/nginx/html:ro"]}
  api: {build: ./api}
`, "nginx.conf", `
user  nginx;
pid /var/run/nginx.pid;
error_log /var/log/nginx/error.log warn;
events { worker_connections 64; }
http {
    include /etc/nginx/mime.types;
    upstream backend { server api:3000; }
    server {
        listen 80 default_server;
        listen [::]:80;
        location / { root /usr/share/nginx/html; }
        location /api/ { proxy_pass http://backend/; }
    }
}
`, "conf.d/default.conf", "server { listen 80; location / { proxy_pass http://api:3000; } location /x { proxy_pass http://elsewhere; } }\n",
			"public/index.html", "page", "api/Dockerfile", "FROM node\nWORKDIR /app\nCOPY . .\nEXPOSE 3000\nCMD [\"node\", \"server.js\"]\n",
			"api/server.js", "require('http').createServer((q, r) => r.end('api ' + q.url)).listen(process.env.PORT, process.env.HOST)\n"},
		serves: map[string]string{"proxy /": "page", "proxy /api/a": "api /a", "servers /b": "api /b", "files /": "page"},
	},
	{
		name: "rabbitmq", programs: []string{"rabbitmq-server", "python3"},
		files: []string{"compose.yaml", "services:\n  mq:\n    image: rabbitmq:3-management\n    environment: {RABBITMQ_DEFAULT_USER: app, RABBITMQ_DEFAULT_PASS: pw}\n"},
		says: map[string]string{
			`python3 -c 'import os, urllib.request as u; r = u.Request("http://127.0.0.1:%s/api/whoami" % os.environ["MQ_PORT_MANAGEMENT"], headers={"Authorization": "Basic YXBwOnB3"}); print(u.urlopen(r).status)'`: "200",
		},
	},
	{
		name: "flask and gunicorn", programs: []string{"python3", "gunicorn"}, flask: true,
		files: []string{"compose.yaml", "services:\n  site: {build: ./site}\n  api: {build: ./api, command: gunicorn main:app -b 0.0.0.0:8000, ports: ['8000:8000']}\n",
			"site/requirements.txt", "flask\n", "site/app.py", flaskApp, "api/main.py", flaskApp},
		serves: map[string]string{"site /": "hello", "api /": "hello"},
	},
	{
		name: "rack", programs: []string{"rackup", "puma"},
		files:  []string{"Procfile.dev", "web: rackup -p 3000 -s puma\nworker: sleep 1000\nrelease: exit 1\n", "config.ru", "run ->(env) { [200, {}, ['rack']] }\n"},
		serves: map[string]string{"web /": "rack"},
	},
	{
		name: "node", programs: []string{"node", "npm"}, node: true,
		files: []string{"package.json", `{"name": "shop", "scripts": {
			"dev": "concurrently --kill-others -n css,js,ts,build,web,api \"tailwindcss -i in.css -o out.css --watch=always\" \"esbuild a.ts --outfile=out/b.js --watch=forever\" \"npm:watch:ts\" \"vite build --watch\" \"vite --port 3000\" \"node api.js\"",
			"watch:ts": "tsc --watch --preserveWatchOutput"},
			"devDependencies": {"concurrently": "9", "esbuild": "0", "tailwindcss": "3", "typescript": "5", "vite": "6"}}`,
			"in.css", "@tailwind base;\n", "a.ts", "export const x: number = 1\n", "index.html", "<p>vite</p>\n",
			"tsconfig.json", `{"compilerOptions": {"outDir": "out"}, "include": ["a.ts"]}`,
			"vite.config.js", "export default { cacheDir: '.vite', logLevel: 'warn' }\n",
			"api.js", "const port = 38417\nrequire('http').createServer((q, r) => r.end('fixed')).listen(port, '127.0.0.1')\n"},
		serves: map[string]string{"web /": "<p>vite</p>", "api /": "fixed"},
	},
	{
		name: "workspace", programs: []string{"node", "npm"}, node: true,
		files: []string{"package.json", `{"private": true, "workspaces": ["apps/*", "packages/*"], "scripts": {"dev": "turbo run dev"}}`,
			"apps/web/package.json", `{"name": "web", "scripts": {"dev": "vite"}}`, "apps/web/index.html", "<p>web</p>\n",
			"apps/web/vite.config.js", "export default { cacheDir: '.vite', logLevel: 'warn' }\n",
			"apps/api/package.json", `{"name": "api", "scripts": {"dev": "node --watch main.js"}}`,
			"apps/api/main.js", "require('http').createServer((q, r) => r.end('api')).listen(process.env.PORT, process.env.HOST)\n",
			"packages/types/package.json", `{"name": "types", "scripts": {"dev": "tsc --watch"}}`,
			"packages/types/tsconfig.json", `{"include": ["a.ts"], "compilerOptions": {"outDir": "out"}}`, "packages/types/a.ts", "export {}\n"},
		serves: map[string]string{"web /": "<p>web</p>", "api /": "api"},
	},
}

const flaskApp = `
from flask import Flask
app = Flask(__name__)

@app.route("/")
def hello():
    return "hello"
`

// TestDraftsGetReady starts what init drafts with the programs that it names.
func TestDraftsGetReady(t *testing.T) {
	for _, draft := range realDrafts {
		t.Run(draft.name, func(t *testing.T) {
			t.Parallel()
			draft.run(t)
		})
	}
}

func (d realDraft) run(t *testing.T) {
	need(t, d.programs...)
	if d.flask && exec.Command("python3", "-c", "import flask").Run() != nil {
		t.Skip("Flask is not installed")
	}
	h := newHome(t)
	dir := h.checkout(d.files...)
	for _, at := range []string{dir, filepath.Dir(dir)} { // PostgreSQL's user has to get there.
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if d.node {
		modules := filepath.Join(os.Getenv("LHRUN_TEST_NODE"), "node_modules")
		if _, err := os.Stat(filepath.Join(modules, ".bin/vite")); err != nil {
			t.Skip("LHRUN_TEST_NODE names no directory with vite, esbuild, tailwindcss and typescript in its node_modules")
		}
		if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
	}
	if out, errs, code := h.output(dir, "init"); code != 0 || errs != "" {
		t.Fatalf("init: %d %s %s", code, out, errs)
	}
	drafted, err := os.ReadFile(filepath.Join(dir, "lhrun.toml"))
	if err != nil {
		t.Fatal(err)
	}
	out, errs, code := h.output(dir, "up", "-d", "--timeout", "90s")
	defer func() {
		if out, errs, code := h.output(dir, "down"); code != 0 {
			t.Errorf("down: %d %s %s", code, out, errs)
		}
		noneLeft(t, dir)
	}()
	if code != 0 {
		logs, _, _ := h.output(dir, "logs", "-n", "30")
		t.Fatalf("up: %d\n%s\n%s\n%s\n%s", code, out, errs, logs, drafted)
	}
	for command, want := range d.says {
		got, errs, code := h.output(dir, "exec", "--", "sh", "-c", command)
		if code != 0 || strings.TrimSpace(got) != want {
			t.Errorf("%s: %d %q %s, want %q; drafted:\n%s", command, code, got, errs, want, drafted)
		}
	}
	for at, want := range d.serves {
		service, path, _ := strings.Cut(at, " ")
		url, _, _ := h.output(dir, "url", service)
		if got := get(t, strings.TrimSpace(url)+path); !strings.Contains(got, want) {
			t.Errorf("%s answers %q, want %q; drafted:\n%s", at, got, want, drafted)
		}
	}
}
