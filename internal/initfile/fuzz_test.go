package initfile

import (
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/rogpeppe/go-internal/txtar"
)

// around is what lies beside a fuzzed source: directories to build, scripts to call.
var around = []txtar.File{
	{Name: "web/x"}, {Name: "web/Dockerfile", Data: []byte("FROM node\nWORKDIR /app\nCOPY . .\nEXPOSE 80\nCMD [\"node\", \"x\"]\n")},
	{Name: "apps/old/package.json", Data: []byte(`{"scripts":{"dev":"concurrently 'vite' \"npm:x:*\"","x:a":"tsc -w"}}`)},
	{Name: "apps/{{a}} b/package.json", Data: []byte(`{"scripts":{"dev":"next"}}`)},
	{Name: ".env.example", Data: []byte("A=1\nURL=postgres://a:b@localhost:5432/x\nDB_HOST=localhost\nDB_PORT=5432\n")},
	{Name: "sql/a.sql"}, {Name: "nginx.conf", Data: []byte("http { server { listen 80; location / { proxy_pass http://web:80; } } }\n")},
}

// sources are the names that FuzzSources puts its text under.
var sources = []string{
	"compose.yaml", "docker-compose.dev.yml", "process-compose.yaml", "mprocs.yaml", "Procfile.dev", "Procfile", "package.json",
	"composer.json", ".devcontainer/devcontainer.json", "Cargo.toml", "pom.xml", "go.mod", "Gemfile", "app.py", "web/Dockerfile", ".env",
	"pnpm-workspace.yaml", "nginx.conf", "web/package.json",
}

// seeds are texts of sources, each with the index of its name.
var seeds = []struct {
	which int
	text  string
}{
	{0, "services:\n  db:\n    image: postgres:16\n  web:\n    build: ./web\n    command: [run, a b]\n    depends_on: [db]\n    environment: {A: 'db:5432', B: '${X:-y}', C: \"{{\"}\n"},
	{0, "services:\n  a: {build: web, command: x, depends_on: {b: {condition: service_completed_successfully}}}\n  b: {build: {context: web}, command: y, depends_on: [a, a, nosuch]}\n"},
	{0, "x: &e [A=1]\nservices:\n  a.b: {build: web, command: x, environment: *e}\n  a-b: {image: 'redis@sha256:00', ports: [80]}\n"},
	{0, "x: &b {image: nginx, volumes: ['./nginx.conf:/etc/nginx/nginx.conf'], ports: ['81:80', '443:443/udp', {target: 9, published: 8}]}\nservices:\n  web: {<<: *b, healthcheck: {test: [CMD, curl, 'http://localhost:9/x']}}\n  my: {image: mysql, environment: {MYSQL_USER: \"o'b\", MYSQL_DATABASE: '`x'}}\n"},
	{0, "services:\n  db: {image: mariadb, volumes: ['./sql:/docker-entrypoint-initdb.d'], stop_signal: SIGQUIT, stop_grace_period: 1m}\n  mq: {image: rabbitmq, ports: [5672, 15672]}\n  w: {extends: {service: w}, build: web}\n"},
	{2, "processes:\n  a: {command: 'x {{', depends_on: {b: {condition: process_completed}}, readiness_probe: {http_get: {port: 80, path: /x}}}\n  b: {command: y, shutdown: {signal: 2, timeout_seconds: 3}, availability: {restart: always}}\n"},
	{3, "procs:\n  a: {shell: 'vite --port 1'}\n  b: {cmd: [a, \"b c\"], cwd: web, env: {X: 1, Y: null}, stop: SIGINT, autostart: false}\n  c: null\n"},
	{4, "web: bin/rails s -p 3000\nrelease: x\nb: a & b & wait\n"},
	{6, `{"name":"shop","scripts":{"dev":"vite --open","start":"node ."}}`},
	{6, `{"workspaces":{"packages":["apps/**","../x","[","{a,b"]},"scripts":{"start":7}}`},
	{6, `{"scripts":{"dev":"concurrently -n 'a,b' \"npm:dev:*\" 'cd web && x'","dev:a":"npm run dev:a","dev:b":"run-p dev:*"}}`},
	{7, `{"scripts":{"dev":["Composer\\Config::x","npx concurrently \"php artisan serve\" \"npm run dev\" --names=a,b"]}}`},
	{8, "// x\n{\"dockerComposeFile\": \"x.yml\", \"containerEnv\": {\"A\": \"b\", \"PORT\": \"1\",},}"},
	{9, "[package]\nname = \"a b\"\n[dependencies]\nrocket = \"1\"\n[workspace]\nmembers = [\"*\", \"../x\"]"},
	{14, "FROM a AS b\nFROM b\nWORKDIR x\nENV A=1 B=\"2 3\"\nENV C d\nCOPY --from=b x y\nCOPY a b c/\nCMD sh -c 'x'\nSTOPSIGNAL 3\nRUN <<EOF\nCMD x\nEOF\n"},
	{15, "DATABASE_URL=postgres://u:p@localhost/x\nREDIS_HOST=127.0.0.1\nREDIS_PORT=6379\nK='"},
}

// Whatever the sources hold, the draft passes check. With all of them at once, they
// are joined.
func FuzzSources(f *testing.F) {
	for _, seed := range seeds {
		f.Add(uint8(seed.which), []byte(seed.text), false)
		f.Add(uint8(seed.which), []byte(seed.text), true)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte, beside bool) {
		name := sources[int(which)%len(sources)]
		files := []txtar.File{{Name: name, Data: data}}
		for _, file := range around {
			if file.Name != name {
				files = append(files, file)
			}
		}
		if beside {
			for i, seed := range seeds {
				if sources[seed.which] != name && i%2 == 0 {
					files = append(files, txtar.File{Name: sources[seed.which], Data: []byte(seed.text)})
				}
			}
		}
		dir := unpack(t, files)
		draft, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		checks(t, dir, draft)
	})
}

// What a shell command is cut into is all of it.
func FuzzShellWords(f *testing.F) {
	for _, s := range []string{"", "a 'b c' && d", `a "b" \c | d & e`, "a=1 b;c", "'", "a\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words, ok := shellWords(s)
		if !ok {
			return
		}
		again, ok := shellWords(joined(words))
		if !ok || joined(again) != joined(words) || len(again) != len(words) {
			t.Errorf("%q became %q, and that %q", s, joined(words), joined(again))
		}
	})
}

// What quote writes, TOML reads back.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", `"`, `\`, "'", "a\nb", "\n", "'''\n", "\x00\x7f", "a\r\nb", "\xff", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got struct{ V string }
		text := "v = " + quote(s)
		if err := toml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if want := string([]rune(s)); got.V != want && want == s {
			t.Errorf("%q became %q", s, got.V)
		}
	})
}
