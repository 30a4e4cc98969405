package config

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// has checks variables of a service: KEY=value, or KEY alone for one that is
// not set.
func (r *Resolved) has(t *testing.T, service string, want ...string) {
	t.Helper()
	environ, ok := r.Environ(service)
	if !ok {
		t.Fatalf("there is no service %q", service)
	}
	vars := byKey(environ)
	if len(vars) != len(environ) || !slices.IsSorted(environ) {
		t.Errorf("not sorted or not unique: %q", environ)
	}
	for _, pair := range want {
		key, value, set := strings.Cut(pair, "=")
		got, found := vars[key]
		if found != set || got != value {
			t.Errorf("%q: %s is %q (%v), want %q (%v)", service, key, got, found, value, set)
		}
	}
}

func TestLhrunVariables(t *testing.T) {
	r := resolved(t, alone(`
[services.api-v2]
command = "x"
ports = { debug = "auto", grpc-web = "auto" }
[services.worker]
command = "x"
port = false
[services.job]
type = "task"
command = "x"
[services.side]
command = "x"
port = false
ports = { admin = "auto" }
`))
	everybodys := []string{
		"API_V2_PORT=21001", "API_V2_HOST=127.0.0.1", "API_V2_URL=http://127.0.0.1:21001",
		"API_V2_PORT_DEBUG=21002", "API_V2_PORT_GRPC_WEB=21003",
		"WORKER_PORT", "WORKER_HOST", "WORKER_URL", "JOB_PORT",
		"SIDE_PORT", "SIDE_HOST=127.0.0.1", "SIDE_URL", "SIDE_PORT_ADMIN=21004",
		"LHRUN=/bin/lhrun", "LHRUN_PROJECT=shop", "LHRUN_INSTANCE=main",
	}
	for _, service := range []string{"", "api-v2", "worker", "job", "side"} {
		r.has(t, service, everybodys...)
	}
	r.has(t, "", "PORT", "HOST", "LHRUN_SERVICE", "PORT_DEBUG")
	r.has(t, "api-v2", "PORT=21001", "HOST=127.0.0.1", "LHRUN_SERVICE=api-v2", "PORT_DEBUG=21002", "PORT_GRPC_WEB=21003")
	r.has(t, "worker", "PORT", "HOST", "LHRUN_SERVICE=worker", "PORT_DEBUG")
	r.has(t, "job", "PORT", "HOST", "LHRUN_SERVICE=job")
	r.has(t, "side", "PORT", "HOST", "PORT_ADMIN=21004")
	if _, ok := r.Environ("nobody"); ok {
		t.Error("there is a service nobody")
	}
}

func TestPrecedence(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: `
env_file = ["one.env", "two.env"]
env = { L = "[env]", M = "[env]", N = "[env]", API_PORT = "[env]" }
[services.api]
command = "x"
env_file = "api.env"
env = { N = "env" }
[services.web]
command = "x"
`,
		"one.env": "A=one\nB=one\nC=one\nWEB_PORT=one\nL=one\n",
		"two.env": "B=two\nC=two\n",
		"api.env": "M=api.env\nN=api.env\nPORT=7\n",
	}, "C=own", "D=own", "WEB_HOST=own", "L=own")
	r.has(t, "", "A=one", "B=two", "C=own", "D=own", "WEB_PORT=21002", "WEB_HOST=127.0.0.1", "L=[env]", "API_PORT=[env]")
	r.has(t, "api", "A=one", "B=two", "C=own", "L=[env]", "M=api.env", "N=env", "PORT=7")
	r.has(t, "web", "M=[env]", "N=[env]", "PORT=21002", "API_PORT=[env]")
}

func TestPortAndHostOfOutsideReachNoService(t *testing.T) {
	files := map[string]string{
		FileName: `
[services.api]
command = "x"
[services.worker]
command = "x"
port = false
[services.fixed]
command = "x"
port = false
env = { PORT = "9" }
`,
		".env": "PORT=3000\nHOST=0.0.0.0\nLHRUN_SERVICE=x\n",
	}
	for _, environ := range [][]string{nil, {"PORT=4000", "HOST=::", "LHRUN_SERVICE=outer"}} {
		r := resolved(t, files, environ...)
		r.has(t, "api", "PORT=21001", "HOST=127.0.0.1", "LHRUN_SERVICE=api")
		r.has(t, "worker", "PORT", "HOST", "LHRUN_SERVICE=worker")
		r.has(t, "fixed", "PORT=9", "HOST")
		r.has(t, "", "LHRUN_SERVICE")
	}
	resolved(t, files).has(t, "", "PORT=3000", "HOST=0.0.0.0")
	resolved(t, files, "PORT=4000").has(t, "", "PORT=4000", "HOST=0.0.0.0")
}

func TestAPortOfEnvIsForEveryService(t *testing.T) {
	r := resolved(t, alone("[env]\nPORT='5'\n[services.a]\ncommand='x'\n[services.b]\ncommand='x'\nport=false\n"+
		"[services.c]\ncommand='x'\nenv={PORT='{{port}}'}"), "PORT=1")
	r.has(t, "", "PORT=5")
	r.has(t, "a", "PORT=5", "HOST=127.0.0.1")
	r.has(t, "b", "PORT=5")
	r.has(t, "c", "PORT=21002")
}

func TestAnOuterLhrunIsReplaced(t *testing.T) {
	r := resolved(t, alone("[services.api]\ncommand='x'"),
		"LHRUN=/old", "LHRUN_PROJECT=old", "LHRUN_INSTANCE=old", "LHRUN_SERVICE=old", "LHRUN_DIR=/old",
		"API_HOST=127.0.0.1", "API_PORT=29999", "API_URL=http://127.0.0.1:29999")
	r.has(t, "api", "LHRUN=/bin/lhrun", "LHRUN_PROJECT=shop", "LHRUN_INSTANCE=main", "LHRUN_SERVICE=api",
		"API_PORT=21001", "API_URL=http://127.0.0.1:21001")
	if vars := byKey(r.Env); vars["LHRUN_DIR"] == "/old" {
		t.Error("LHRUN_DIR is the outer one's")
	}
}

func TestADefaultURLReplacesNothing(t *testing.T) {
	for _, test := range []struct {
		name, toml, dotenv string
		environ            []string
		want               string
	}{
		{"nobody sets it", "", "", nil, "http://127.0.0.1:21001"},
		{".env sets it", "", "API_URL=https://a.test", nil, "https://a.test"},
		{"the environment sets it", "", "", []string{"API_URL=https://b.test"}, "https://b.test"},
		{"both", "", "API_URL=https://a.test", []string{"API_URL=https://b.test"}, "https://b.test"},
		{"empty is set", "", "API_URL=", nil, ""},
		{"a url of the file replaces", "url='http://x.test:{{port}}'", "API_URL=https://a.test",
			[]string{"API_URL=https://b.test"}, "http://x.test:21001"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := resolved(t, map[string]string{
				FileName: "[services.api]\ncommand='x'\nenv={A='{{url}}'}\n" + test.toml,
				".env":   test.dotenv,
			}, test.environ...)
			own := r.serviceOf(t, "api").URL
			r.has(t, "api", "API_URL="+test.want, "A="+own)
			if !strings.Contains(own, ":21001") {
				t.Errorf("the service's own url is %q", own)
			}
		})
	}
}

// TestAHostThatIsMoreStays: a value that is no bare host is another's setting, as
// MEILISEARCH_HOST is, a URL.
func TestAHostThatIsMoreStays(t *testing.T) {
	const file = "[services.api]\ncommand='x'\n[services.db]\ncommand='x'\n[dotenv]\n'.env' = {}\n'ports.env' = {}\n"
	for value, stays := range map[string]bool{
		"": false, "localhost": false, "db.example.com": false, "db_1": false, "10.0.0.1": false, "::1": false, "[::1]": false,
		"http://localhost:7700": true, "localhost:7700": true, "[::1]:7700": true, "/var/run/db": true, "a, b": true, "é": true,
	} {
		want := "127.0.0.1"
		if stays {
			want = value
		}
		r := resolved(t, map[string]string{FileName: file, ".env": "A=$DB_HOST\nDB_HOST='" + value + "'\nB=$DB_HOST\nC=$API_HOST\n"})
		r.has(t, "api", "DB_HOST="+want, "DB_PORT=21002", "B="+want, "C=127.0.0.1", "API_HOST=127.0.0.1")
		if stays {
			r.has(t, "api", "A=")
		} else {
			r.has(t, "api", "A=127.0.0.1")
		}
		for _, file := range r.Dotenv {
			if has := slices.ContainsFunc(file.Vars, func(v dotenv.Pair) bool { return v.Key == "DB_HOST" }); has == stays {
				t.Errorf("%q: the block of %s has DB_HOST: %v", value, file.Path, has)
			}
		}
		resolved(t, alone(file), "DB_HOST="+value).has(t, "api", "DB_HOST="+want)
	}
}

// TestABlockGivesWayToItsFile: also where lhrun does not read that file.
func TestABlockGivesWayToItsFile(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: "env_file=false\n[services.api]\ncommand='x'\n[services.db]\ncommand='x'",
		".env":   "API_URL=https://a.test\nDB_HOST=http://db.test\nDB_PORT=1\n",
	})
	r.has(t, "api", "API_URL=http://127.0.0.1:21001", "DB_HOST=127.0.0.1")
	var keys []string
	for _, v := range r.Dotenv[0].Vars {
		keys = append(keys, v.Key)
	}
	if got := strings.Join(keys, " "); got != "API_PORT API_HOST API_ORIGIN DB_PORT DB_URL DB_ORIGIN" {
		t.Errorf("the block has %s", got)
	}
}

func TestPythonWritesAtOnceUnlessTold(t *testing.T) {
	const file = "[services.api]\ncommand='x'\n"
	resolved(t, alone(file)).has(t, "api", "PYTHONUNBUFFERED=1")
	resolved(t, alone(file), "PYTHONUNBUFFERED=").has(t, "api", "PYTHONUNBUFFERED=")
	resolved(t, alone("[env]\nPYTHONUNBUFFERED=''\n"+file)).has(t, "api", "PYTHONUNBUFFERED=")
	resolved(t, alone(file+"env={PYTHONUNBUFFERED='x'}\n")).has(t, "api", "PYTHONUNBUFFERED=x")
	resolved(t, map[string]string{FileName: file, ".env": "PYTHONUNBUFFERED=0"}).has(t, "api", "PYTHONUNBUFFERED=0")
}

func TestAURLInAnEnvFile(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: "[services.api]\ncommand='x'\n[services.db]\ncommand='x'\nurl='pg://{{host}}:{{port}}/x'\n" +
			"[services.far]\ncommand='x'\nurl='http://{{env.FAR}}/'\n[services.via]\ncommand='x'\nurl='{{far.url}}via'",
		".env": "FAR=far.test\nA=$API_URL\nDB_URL=mine\nB=$DB_URL\nC=${VIA_URL:-none}\nAPI_URL=https://a.test\nD=$API_URL\n",
	}, "FAR_HOST=127.0.0.1", "FAR_PORT=29999", "FAR_URL=http://127.0.0.1:29999")
	r.has(t, "api", "A=http://127.0.0.1:21001", "DB_URL=pg://127.0.0.1:21002/x", "B=pg://127.0.0.1:21002/x", "C=none",
		"API_URL=https://a.test", "D=https://a.test", "VIA_URL=http://far.test/via")
}

func TestAnEnvFileIsReadOnce(t *testing.T) {
	dir := tree(t, map[string]string{FileName: "env_file='a.env'\n[services.a]\ncommand='x'\nenv_file='a.env'\n[services.b]\ncommand='x'\nenv_file='a.env'"})
	pipe := filepath.Join(dir, "a.env")
	if err := exec.Command("mkfifo", pipe).Run(); err != nil {
		t.Skip("mkfifo is needed:", err)
	}
	go os.WriteFile(pipe, []byte("A=1\nA_HOST=http://x\n"), 0) // It waits for the reader.
	p, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Resolve(numbered(p))
	if err != nil {
		t.Fatal(err)
	}
	r.has(t, "a", "A=1")
	r.has(t, "b", "A=1")
}

func TestVariablesOfEnvFilesSeeWhatServicesSee(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: "env_file=['a.env','b.env']\nenv={WHERE='here'}\n" +
			"[services.api]\ncommand='x'\nenv_file='api.env'\n[services.db]\ncommand='x'",
		"a.env": "DB_PORT=5432\nDSN=db:${DB_PORT}\nNAME=a\nUSER=nobody\nWHO=$USER\nBASE=:$PORT\nPORT=3000\nLATER=:$PORT\n",
		"b.env": "SAME=$NAME\nNAME=b\nNEXT=$NAME\nOFF=${DEBUG:-no}\n",
		"api.env": "\uFEFFMINE=$WHERE:$PORT\r\nPORT=7\r\nADDR=:$PORT\r\nPATH=$PATH:/x\r\nALL=$PATH $NAME\r\n" +
			"TEXT=\"$LINES\"\r\nLINES=1\r\nNOW=$LINES\r\n",
	}, "USER=me", "PORT=1", "PATH=/bin", "LINES=a\nb'$c")
	r.has(t, "api", "DB_PORT=21002", "DSN=db:21002", "USER=me", "WHO=me", "BASE=:", "LATER=:3000",
		"SAME=a", "NEXT=b", "NAME=b", "OFF=no",
		"MINE=here:21001", "PORT=7", "ADDR=:7", "PATH=/bin:/x", "ALL=/bin:/x b", "TEXT=a\nb'$c", "NOW=1")
}

func TestTemplatesOfEnv(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: `
[env]
PEER = "{{db.url}}"
SELF = "{{host}}:{{port}}"
FROM = "{{env.FILED}} {{env.OWN}} {{env.BOTH}}"
[services.db]
command = "x"
[services.api]
command = "x"
env = { DB = "{{db.port}}", SELF = "me" }
`,
		".env": "FILED=f\nBOTH=f\n",
	}, "OWN=o", "BOTH=o")
	r.has(t, "", "PEER=http://127.0.0.1:21001", "SELF", "FROM=f o o")
	r.has(t, "db", "PEER=http://127.0.0.1:21001", "SELF=127.0.0.1:21001", "FROM=f o o")
	r.has(t, "api", "DB=21001", "SELF=me")
}

func TestTheBlockOfAPortFileIsNotRead(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: "[services.api]\ncommand='x'",
		".env":   "A=1\n# >>> lhrun >>>\nAPI_PORT=29999\nAPI_URL=http://127.0.0.1:29999\n# <<< lhrun <<<\n",
	})
	r.has(t, "api", "A=1", "API_PORT=21001", "API_URL=http://127.0.0.1:21001")
	if len(r.Notices) > 0 {
		t.Errorf("notices: %q", r.Notices)
	}
}

func TestServicesHoldOnlyWhatTheyDoNotShare(t *testing.T) {
	r := resolved(t, alone("[env]\nA='1'\n[services.api]\ncommand='x'\nenv={A='1', B='2', HOME='/h'}"), "HOME=/h", "PORT=1")
	want := []string{"B=2", "HOST=127.0.0.1", "LHRUN_ORIGIN=http://api.shop.localhost:21002", "LHRUN_SERVICE=api", "PORT=21001"}
	if got := r.serviceOf(t, "api").Env; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if slices.ContainsFunc(r.Env, func(pair string) bool { return strings.HasPrefix(pair, "PORT=") }) {
		t.Errorf("the shared PORT: %q", r.Env)
	}
}

func TestOwnLeavesOutWhatLhrunWasStartedWith(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: "[env]\nE='1'\n[services.api]\ncommand='x'\nenv={S='1'}\n[services.job]\ntype='task'\ncommand='x'",
		".env":   "F=1\nHOME=/f\nPORT=3000\n",
	}, "HOME=/h", "PATH=/bin", "HOST=h")
	for _, test := range []struct{ service, want string }{
		{"", "API_HOST API_ORIGIN API_PORT API_URL E F HOME=/h LHRUN LHRUN_DIR LHRUN_INSTANCE LHRUN_PROJECT PORT=3000 PYTHONUNBUFFERED"},
		{"api", "API_HOST API_ORIGIN API_PORT API_URL E F HOME=/h HOST LHRUN LHRUN_DIR LHRUN_INSTANCE LHRUN_ORIGIN LHRUN_PROJECT LHRUN_SERVICE PORT=21001 PYTHONUNBUFFERED S"},
		{"job", "API_HOST API_ORIGIN API_PORT API_URL E F HOME=/h LHRUN LHRUN_DIR LHRUN_INSTANCE LHRUN_PROJECT LHRUN_SERVICE PYTHONUNBUFFERED"},
	} {
		own, ok := r.Own(test.service)
		if !ok {
			t.Fatalf("there is no service %q", test.service)
		}
		var words []string
		for _, pair := range own {
			key, _, _ := strings.Cut(pair, "=")
			if key != "HOME" && key != "PORT" {
				pair = key
			}
			words = append(words, pair)
		}
		if got := strings.Join(words, " "); got != test.want {
			t.Errorf("%q: got\n%s, want\n%s", test.service, got, test.want)
		}
	}
	if _, ok := r.Own("nobody"); ok {
		t.Error("there is a service nobody")
	}
}
