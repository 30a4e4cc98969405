package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// asPostgresUser is a home whose commands are run by a user that PostgreSQL agrees to run
// as, so that the server owns its key.
func asPostgresUser(t *testing.T, files ...string) (command func(args ...string) *exec.Cmd) {
	t.Helper()
	base, err := os.MkdirTemp("", "lhrun-tls-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	h := &home{t, base}
	dir, lhrun := filepath.Join(base, "tls"), filepath.Join(base, "lhrun")
	if out, err := exec.Command("cp", lhrunPath(t), lhrun).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := 0; i < len(files); i += 2 {
		h.write(dir, files[i], files[i+1])
	}
	var attr *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Skip(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if out, err := exec.Command("chown", "-R", u.Uid+":"+u.Gid, base).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	return func(args ...string) *exec.Cmd {
		cmd := exec.Command(lhrun, args...)
		cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, append(h.environ(), "XDG_RUNTIME_DIR="), attr
		return cmd
	}
}

// TestPostgreSQLEndsTLSItself, with its clients at the strictest.
func TestPostgreSQLEndsTLSItself(t *testing.T) {
	pg := postgresBin(t)
	lhrun := asPostgresUser(t, "lhrun.toml", strings.ReplaceAll(`
dotenv = false
[services.initdb]
type = "task"
command = "@PG@/initdb -D data -U app -A trust >/dev/null && echo 'hostssl all app all trust' > data/pg_hba.conf"
[services.db]
command = "exec @PG@/postgres -D data -k '' -h $HOST -p $PORT -c ssl=on -c ssl_cert_file=$TLS_CERT_FILE -c ssl_key_file={{tls.key}}"
tls = true
url = "postgres://app@localhost:{{port}}/postgres?sslmode=verify-full"
ready = { exec = "@PG@/pg_isready -q -h $HOST -p $PORT" }
stop = { signal = "INT" }
depends_on = ["initdb"]
`, "@PG@", pg), "other.pem", "")
	h := &home{t: t}
	r := h.start(lhrun("up"))
	r.wait("all ready")
	const question = ` -Atc 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'`
	for name, try := range map[string]struct{ command, want string }{
		"localhost":      {`psql "$DB_URL&sslrootcert=$TLS_CA_FILE"` + question, "t"},
		"its origin":     {`psql "host=db.tls.localhost hostaddr=127.0.0.1 port=$PORT user=app dbname=postgres sslmode=verify-full sslrootcert=$TLS_CA_FILE"` + question, "t"},
		"another name":   {`psql "host=cache.tls.localhost hostaddr=127.0.0.1 port=$PORT user=app dbname=postgres sslmode=verify-full sslrootcert=$TLS_CA_FILE"` + question, "does not match"},
		"another's CA":   {`psql "$DB_URL&sslrootcert=/etc/ssl/certs/ca-certificates.crt"` + question, "certificate verify failed"},
		"without TLS":    {`psql "host=localhost port=$PORT user=app dbname=postgres sslmode=disable"` + question, "no encryption"},
		"the key's mode": {`stat -c %a "$TLS_KEY_FILE"`, "600"},
	} {
		out, _ := lhrun("exec", "db", "--", "sh", "-c", strings.ReplaceAll(try.command, "psql ", pg+"/psql ")).CombinedOutput()
		if !strings.Contains(string(out), try.want) {
			t.Errorf("%s: %s, want %s", name, out, try.want)
		}
	}
	r.stop()
}

func TestRedisEndsTLSItself(t *testing.T) {
	need(t, "redis-server", "redis-cli")
	if out, _ := exec.Command("redis-cli", "--help").CombinedOutput(); !strings.Contains(string(out), "--tls") {
		t.Skip("redis is built without TLS")
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
name = "tls"
dotenv = false
[services.cache]
command = """exec redis-server --port 0 --tls-port $PORT --bind $HOST --save '' --tls-auth-clients no \
  --tls-cert-file {{tls.cert}} --tls-key-file {{tls.key}} --tls-ca-cert-file {{tls.ca}}"""
tls = true
ready = { exec = "redis-cli --tls --cacert $TLS_CA_FILE -h $HOST -p $PORT ping" }
`)
	r := h.up(dir)
	r.wait("all ready")
	if out, errs, code := h.output(dir, "exec", "cache", "--", "sh", "-c", `redis-cli -u "$CACHE_URL" --cacert "$TLS_CA_FILE" ping`); out != "PONG\n" {
		t.Errorf("%d %q %s", code, out, errs)
	}
	if url, _, _ := h.output(dir, "url", "cache"); !strings.HasPrefix(url, "rediss://127.0.0.1:") {
		t.Errorf("its url is %s", url)
	}
	r.stop()
}

const tlsProxy = `
name = "tls"
dotenv = false
[services.web]
command = """mkdir -p data; sed "s/@PORT@/$PORT/; s#@CERT@#$TLS_CERT_FILE#; s#@KEY@#$TLS_KEY_FILE#" nginx.conf.in > data/nginx.conf
exec nginx -p data -c nginx.conf -e stderr"""
tls = true
ready = { http = "/" }
stop = { signal = "QUIT" }
`

const tlsProxyConf = `
daemon off; worker_processes 1; pid nginx.pid; error_log stderr;
events {}
http {
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server { listen 127.0.0.1:@PORT@ ssl; ssl_certificate @CERT@; ssl_certificate_key @KEY@; location / { return 200 "hello"; } }
}
`

// TestNginxEndsTLSItself: its probe passes, curl verifies, and each start has a
// certificate of its own. Nobody has run trust, and nobody is told that they have.
func TestNginxEndsTLSItself(t *testing.T) {
	need(t, "nginx", "curl")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", tlsProxy, "nginx.conf.in", tlsProxyConf)
	r := h.up(dir)
	r.wait("all ready")
	port := h.port(dir, "web")
	for _, url := range []string{"$WEB_URL", "https://localhost:$PORT", "https://web.tls.localhost:$PORT"} {
		out, errs, code := h.output(dir, "exec", "web", "--", "sh", "-c",
			fmt.Sprintf(`curl -sS --noproxy '*' --cacert "$TLS_CA_FILE" --resolve web.tls.localhost:%d:127.0.0.1 "%s/"`, port, url))
		if out != "hello" {
			t.Errorf("%s: %d %q %s", url, code, out, errs)
		}
	}
	if out, _, code := h.output(dir, "exec", "web", "--", "sh", "-c", `curl -sS --noproxy '*' "$WEB_URL"`); code == 0 {
		t.Errorf("curl accepts it without the CA: %q", out)
	}
	certificate := filepath.Join(h.dir, "state/lhrun/projects/tls/main/tls/web/cert.pem")
	before, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	if _, errs, code := h.output(dir, "restart", "web"); code != 0 {
		t.Errorf("restart: %d %s", code, errs)
	}
	if after, err := os.ReadFile(certificate); err != nil || string(after) == string(before) {
		t.Errorf("it was not renewed: %v", err)
	}
	if _, errs, code := h.output(dir, "trust", "--check"); code != 1 || !strings.Contains(errs, "there is no CA") {
		t.Errorf("trust --check: %d %s", code, errs)
	}
	h.write(dir, "lhrun.toml", strings.Replace(tlsProxy, "tls = true", "", 1)+"\n[services.other]\ncommand = 'sleep 100'\nport = false\n")
	h.write(dir, "nginx.conf.in", strings.NewReplacer(" ssl;", ";", "ssl_certificate @CERT@; ssl_certificate_key @KEY@;", "").Replace(tlsProxyConf))
	if _, errs, code := h.output(dir, "reload"); code != 0 {
		t.Errorf("reload: %d %s", code, errs)
	}
	if _, err := os.Lstat(certificate); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what has no tls any more keeps its key: %v", err)
	}
	r.stop()
	if out, _, code := h.output(dir, "untrust"); code != 0 || out != "it was in no store; its files are removed\n" {
		t.Errorf("untrust: %d %s", code, out)
	}
}

// TestRuntimesKnowTheCAOfTrust: services that were told nothing verify what it issues, and
// go on knowing the system's roots.
func TestRuntimesKnowTheCAOfTrust(t *testing.T) {
	need(t, "nginx", "certutil")
	for _, key := range []string{"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"} {
		t.Setenv(key, "") // To have it restored.
		_ = os.Unsetenv(key)
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", tlsProxy, "nginx.conf.in", tlsProxyConf)
	if out, errs, code := h.output(dir, "trust"); code != 0 {
		t.Fatalf("trust: %d %s%s", code, out, errs)
	}
	r := h.up(dir)
	r.wait("all ready")
	for program, script := range map[string]string{
		"curl":    `exec curl -sS --noproxy '*' "$WEB_URL"`,
		"python3": `exec python3 -c 'import os, urllib.request as r; print(r.build_opener(r.ProxyHandler({})).open(os.environ["WEB_URL"]).read().decode(), end="")'`,
		"node":    `exec node -e 'require("https").get(process.env.WEB_URL, r => r.pipe(process.stdout))'`,
		"git":     `exec git -c http.proxy= ls-remote "$WEB_URL/x" 2>&1`,
	} {
		t.Run(program, func(t *testing.T) {
			need(t, program)
			out, errs, code := h.output(dir, "exec", "--", "sh", "-c", script)
			if code != 0 || out != "hello" && program != "git" {
				t.Errorf("%d %q %s", code, out, errs)
			}
		})
	}
	bundle, err := os.ReadFile(filepath.Join(h.dir, "state/lhrun/trust/bundle.pem"))
	if system, _ := os.ReadFile("/etc/ssl/certs/ca-certificates.crt"); err != nil || !strings.Contains(string(bundle), strings.TrimSpace(string(system))) {
		t.Errorf("the bundle lacks the system's roots: %v", err)
	}
	r.stop()
}

// TestOriginsAreHTTPSFromTrustToUntrust, on the port that they had: what is shown works.
func TestOriginsAreHTTPSFromTrustToUntrust(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", frontFile, "hello.txt", "hello")
	r := h.up(dir)
	r.wait("all ready")
	origin := func() string {
		out, _, _ := h.output(dir, "url", "--origin", "web")
		return strings.TrimSpace(out)
	}
	if status, body, err := through(origin()); err != nil || status != 200 || body != "hello" || !strings.HasPrefix(origin(), "http://") {
		t.Errorf("before, %s: %d %q, %v", origin(), status, body, err)
	}
	h.output(dir, "trust") // Its code is 1 without certutil, and the CA is made.
	h.output(dir, "reload")
	secure := origin()
	address, is := strings.CutPrefix(secure, "https://web.shop.localhost:")
	if !is {
		t.Fatalf("after trust the origin is %s", secure)
	}
	roots := x509.NewCertPool()
	root, err := os.ReadFile(filepath.Join(h.dir, "state/lhrun/trust/root.pem"))
	if err != nil || !roots.AppendCertsFromPEM(root) {
		t.Fatal(err)
	}
	client := &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+address)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for url, want := range map[string]int{secure: http.StatusOK, strings.Replace(secure, "https", "http", 1): http.StatusTemporaryRedirect} {
		response, err := client.Get(url + "/hello.txt")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, response.StatusCode, want)
		}
	}
	client.CloseIdleConnections()
	h.output(dir, "untrust")
	h.output(dir, "reload")
	if status, body, err := through(origin()); err != nil || status != 200 || body != "hello" || !strings.HasPrefix(origin(), "http://") {
		t.Errorf("after untrust, %s: %d %q, %v", origin(), status, body, err)
	}
	r.stop()
}

// TestAProbeRefusesAnotherCertificateThanTheServices: a server that ends TLS with a
// certificate of its own is not ready, and why says what to do.
func TestAProbeRefusesAnotherCertificateThanTheServices(t *testing.T) {
	need(t, "nginx", "openssl")
	h := newHome(t)
	selfSigned := strings.Replace(tlsProxy, "mkdir -p data;", `mkdir -p data; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
 -nodes -keyout data/key -out data/cert -days 2 -subj /CN=snakeoil -addext subjectAltName=IP:127.0.0.1 2>/dev/null; TLS_CERT_FILE=cert TLS_KEY_FILE=key;`, 1)
	dir := h.checkout("lhrun.toml", selfSigned, "nginx.conf.in", tlsProxyConf)
	r := h.up(dir)
	want := `it shows a certificate of "snakeoil", issued by "snakeoil", which TLS_CA_FILE does not know: have it use TLS_CERT_FILE and TLS_KEY_FILE`
	eventually(t, "why says so", func() bool {
		out, _, _ := h.output(dir, "why", "web")
		return strings.Contains(strings.Join(strings.Fields(out), " "), want)
	})
	h.write(dir, "lhrun.toml", tlsProxy)
	if _, errs, code := h.output(dir, "reload"); code != 0 {
		t.Errorf("reload: %d %s", code, errs)
	}
	r.wait("all ready")
	r.stop()
}
