package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// asPostgres runs a command as a user that PostgreSQL agrees to run as.
func asPostgres() string {
	if os.Getuid() == 0 {
		return "setpriv --reuid=postgres --regid=postgres --clear-groups "
	}
	return ""
}

// postgresServices are a PostgreSQL and what makes its directory. @AS@ is for asPostgres,
// @PG@ for postgresBin.
const postgresServices = `
[services.initdb]
type = "task"
command = "@AS@@PG@/initdb -D data/pg -U app -A trust >/dev/null"

[services.db]
command = "exec @AS@@PG@/postgres -D data/pg -k '' -h $HOST -p $PORT"
url = "postgres://app@{{host}}:{{port}}/postgres"
ready = { exec = "@PG@/pg_isready -q -h $HOST -p $PORT" }
stop = { signal = "INT" }
depends_on = ["initdb"]
`

func postgresBin(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed")
	}
	return filepath.Dir(found[len(found)-1])
}

const realConfig = `
name = "real"
dotenv = false

[services.redis]
command = "exec redis-server --port $PORT --bind $HOST --save '' --appendonly no"
ready = { exec = "redis-cli -h $HOST -p $PORT ping" }

` + postgresServices + `
[services.migrate]
type = "task"
command = "@PG@/psql -q {{db.url}} -c 'create table t (n int); insert into t values (42)'"
depends_on = ["db"]

[services.files]
command = "exec python3 -m http.server --bind {{host}} --directory files {{port}}"

[services.api]
command = ["node", "api.js"]
depends_on = ["redis", "migrate", "files"]
ready = { http = "/healthz", status = 204 }

[services.gopher]
command = ["@GO@", "run", "."]
working_dir = "gopher"
env = { GOCACHE = "@CACHE@" }
ready = { http = "/" }

[services.proxy]
command = "mkdir -p data/nginx; sed \"s/@PORT@/$PORT/; s/@API@/$API_PORT/; s/@GOPHER@/$GOPHER_PORT/\" nginx.conf.in > data/nginx/nginx.conf; exec nginx -p data/nginx -c nginx.conf -e stderr"
ready = { http = "/api" }
depends_on = ["api", "gopher"]
stop = { signal = "QUIT" }
`

const nodeServer = `
const http = require('http'), net = require('net');
http.createServer((req, res) => {
  if (req.url === '/healthz') { res.writeHead(204); return res.end(); }
  const redis = net.connect(process.env.REDIS_PORT, process.env.REDIS_HOST, () => redis.write('INCR hits\r\n'));
  redis.once('data', d => {
    http.get(process.env.FILES_URL + '/hello.txt', r => {
      let text = ''; r.on('data', c => text += c).on('end', () => { redis.end(); res.end('node ' + d.toString().trim() + ' ' + text); });
    });
  });
}).listen(process.env.PORT, process.env.HOST, () => console.log('listening'));
`

const goServer = `package main
import ("fmt"; "net"; "net/http"; "os")
func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "gopher") })
	if err := http.ListenAndServe(net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")), nil); err != nil { panic(err) }
}
`

const nginxConf = `
daemon off; worker_processes 1; pid nginx.pid; error_log stderr; @USER@
events {}
http {
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server { listen 127.0.0.1:@PORT@;
    location /api { proxy_pass http://127.0.0.1:@API@/; }
    location /go { proxy_pass http://127.0.0.1:@GOPHER@/; } }
}
`

func TestRealServicesWiredThroughTheirPorts(t *testing.T) {
	need(t, "redis-server", "redis-cli", "nginx", "python3", "node", "go", "setpriv")
	pg := postgresBin(t)
	goroot, err := filepath.EvalSymlinks(goProgram(t))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := exec.Command(goroot, "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("@CACHE@", strings.TrimSpace(string(cache)), "@PG@", pg, "@AS@", asPostgres(), "@GO@", goroot).Replace(realConfig)
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", config, "files/hello.txt", "hello", "api.js", nodeServer,
		"gopher/main.go", goServer, "gopher/go.mod", "module gopher\ngo 1.21\n",
		"nginx.conf.in", strings.ReplaceAll(nginxConf, "@USER@", user))
	openTo(t, dir)
	r := h.up(dir)
	r.wait("all ready")
	base := fmt.Sprintf("http://127.0.0.1:%d", h.port(dir, "proxy"))
	if got := get(t, base+"/api"); !strings.HasPrefix(got, "node :") || !strings.HasSuffix(got, " hello") {
		t.Errorf("through nginx, node, redis and python: %q", got)
	}
	if got := get(t, base+"/go"); got != "gopher" {
		t.Errorf("through nginx and Go: %q", got)
	}
	out, errs, code := h.output(dir, "exec", "--", "sh", "-c", pg+`/psql -At "$DB_URL" -c 'select n from t'`)
	if code != 0 || strings.TrimSpace(out) != "42" {
		t.Errorf("psql by lhrun exec: %d %q %s", code, out, errs)
	}
	r.stop()
	noneLeft(t, dir)
}

func goProgram(t *testing.T) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, "go")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("go is not in PATH")
	return ""
}

// openTo makes dir writable for the user that PostgreSQL runs as.
func openTo(t *testing.T, dir string) {
	t.Helper()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{data, dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
