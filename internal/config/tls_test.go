package config

import "testing"

func TestTLSGivesAServiceItsCertificate(t *testing.T) {
	r := resolved(t, alone(`
[env]
SHARED = "{{project}}"
[services.db]
command = "serve --cert {{tls.cert}} --key {{tls.key}} --ca {{tls.ca}}"
tls = true
env = { PEM = "{{tls.cert}}" }
ready = { http = "/" }
health = { http = "/health" }
[services.cache]
command = "redis-server"
tls = true
[services.queue]
command = "rabbitmq-server"
tls = true
[services.pg]
command = "postgres"
tls = true
[services.own]
command = "x"
tls = true
url = "http://{{host}}:{{port}}"
ready = { http = "/" }
[services.plain]
command = "x"
[services.rpc]
command = "x"
tls = true
ready = { grpc = true }
[services.tcp]
command = "x"
tls = true
ready = { tcp = true }
[services.elsewhere]
command = "x"
tls = true
ready = { http = "https://127.0.0.1:1/" }
[services.named]
command = "x"
tls = true
ready = { http = "https://localhost:{{port}}/" }
[services.self]
command = "x"
url = "https://localhost:{{port}}"
ready = { http = "/" }
`))
	r.has(t, "db", "TLS_CERT_FILE=/tls/db/cert", "TLS_KEY_FILE=/tls/db/key", "TLS_CA_FILE=/tls/db/ca", "PEM=/tls/db/cert")
	r.has(t, "plain", "TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE",
		"DB_URL=https://127.0.0.1:21001", "CACHE_URL=rediss://127.0.0.1:21002", "QUEUE_URL=amqps://127.0.0.1:21003",
		"PG_URL=postgres://127.0.0.1:21004", "OWN_URL=http://127.0.0.1:21005", "PLAIN_URL=http://127.0.0.1:21006")
	r.has(t, "", "TLS_CERT_FILE", "SHARED=shop")
	db := r.serviceOf(t, "db")
	if got := db.Command[len(db.Command)-1]; got != "serve --cert /tls/db/cert --key /tls/db/key --ca /tls/db/ca" {
		t.Errorf("its command is %q", got)
	}
	if db.Ready.Target != "https://127.0.0.1:21001/" || !db.Ready.Own {
		t.Errorf("its probe asks %s", db.Ready.Target)
	}
	if db.Ready.Roots != "/tls/db/ca" || db.Health.Roots != "/tls/db/ca" {
		t.Errorf("its probes verify by %q and %q", db.Ready.Roots, db.Health.Roots)
	}
	for name, want := range map[string]string{"rpc": "/tls/rpc/ca", "own": "", "elsewhere": "", "named": "/tls/named/ca", "tcp": "", "self": ""} {
		if got := r.serviceOf(t, name).Ready.Roots; got != want {
			t.Errorf("the probe of %s verifies by %q, want %q", name, got, want)
		}
	}
	if got := r.serviceOf(t, "own").Ready.Target; got != "http://127.0.0.1:21005/" {
		t.Errorf("the probe of a url of its own asks %s", got)
	}
}

func TestDefaultsOfTheMachineGiveWayToEverySetting(t *testing.T) {
	tree(t, map[string]string{
		FileName: `
[env]
CURL_CA_BUNDLE = "top"
[services.a]
command = "x"
env = { AWS_CA_BUNDLE = "own" }
env_file = "a.env"
[services.b]
command = "x"
`,
		".env":  "SSL_CERT_FILE=dotenv\nEMPTY=\n",
		"a.env": "DENO_CERT=file\n",
	})
	p, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := numbered(p, "GIT_SSL_CAINFO=environment")
	run.Defaults = map[string]string{}
	for _, key := range []string{"SSL_CERT_FILE", "EMPTY", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "DENO_CERT", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"} {
		run.Defaults[key] = "lhrun"
	}
	out, err := p.Resolve(run)
	if err != nil {
		t.Fatal(err)
	}
	same := []string{"SSL_CERT_FILE=dotenv", "EMPTY=", "CURL_CA_BUNDLE=top", "GIT_SSL_CAINFO=environment", "NODE_EXTRA_CA_CERTS=lhrun"}
	out.has(t, "a", append(same, "AWS_CA_BUNDLE=own", "DENO_CERT=file")...)
	out.has(t, "b", append(same, "AWS_CA_BUNDLE=lhrun", "DENO_CERT=lhrun")...)
	if len(out.Notices) > 0 {
		t.Errorf("notices: %q", out.Notices)
	}
}
