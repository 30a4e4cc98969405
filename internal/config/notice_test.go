package config

import (
	"strings"
	"testing"
)

func TestOneLineSaysWhatLhrunReplaces(t *testing.T) {
	const api = "[services.api]\ncommand='x'\n"
	const web = "[services.web]\ncommand='x'\n"
	const worker = "[services.worker]\ncommand='x'\nport=false\n"
	const task = "[services.task]\ntype='task'\ncommand='x'\n"
	for _, test := range []struct{ name, toml, dotenv, want string }{
		{"nothing", api, "A=1\n", ""},
		{"the port of one", api + task, "\n\nPORT=3000\n", ".env:3: PORT=3000 is replaced by lhrun's 21001 for service api"},
		{"the same", api, "PORT=21001\nAPI_PORT=21001\n", ""},
		{"the ports of two", api + web, "PORT=3000\n", ".env:1: PORT=3000 is replaced by lhrun's: api 21001, web 21002"},
		{"the host of two", api + web, "HOST=0.0.0.0\n", ".env:1: HOST=0.0.0.0 is replaced by lhrun's 127.0.0.1"},
		{"nobody has a port", worker + task, "PORT=3000\n", ".env:1: PORT=3000 is kept from services without a port: worker"},
		{"another's port", api + web, "WEB_PORT=1\n", ".env:1: WEB_PORT=1 is replaced by lhrun's 21002"},
		{"the last of two", api, "API_PORT=1\nAPI_PORT=2\n", ".env:2: API_PORT=2 is replaced by lhrun's 21001"},
		{"in the order of the file", api, "LHRUN_DIR=x\nAPI_PORT=1\nPORT=2\n", ".env:1: LHRUN_DIR=x is replaced by lhrun's DIR\n" +
			".env:2: API_PORT=1 is replaced by lhrun's 21001\n.env:3: PORT=2 is replaced by lhrun's 21001 for service api"},
		{"a default url replaces nothing", api, "API_URL=http://x\n", ""},
		{"a url", api + "url='http://a:{{port}}'", "API_URL=http://x\n", ".env:1: API_URL=http://x is replaced by lhrun's http://a:21001"},
		{"passwords stay secret", api + "url='pg://u:secret@h/{{port}}'", "API_URL=pg://u:hidden@h\n",
			".env:1: API_URL=pg://u:***@h is replaced by lhrun's pg://u:***@h/21001"},
		{"so do values of secret names", "[services.token]\ncommand='x'\nurl='http://a'", "TOKEN_URL=hunter22\n",
			".env:1: TOKEN_URL=*** is replaced by lhrun's ***"},
		{"so do those of strange urls", api + "url='http://a'", "API_URL='pg://u:%hidden@h'\n", ".env:1: API_URL=… is replaced by lhrun's http://a"},
		{"[env] has the last word", "[env]\nPORT='1'\nAPI_PORT='1'\n" + api, "PORT=3000\nAPI_PORT=2\n", ""},
		{"env has the last word", api + "env={PORT='1'}\n" + web, "PORT=3000\n", ".env:1: PORT=3000 is replaced by lhrun's 21002 for service web"},
		{"several lines", api, "API_PORT=\"a\nb\"\n", ".env:1: API_PORT=a… is replaced by lhrun's 21001"},
		{"unset variables", api + "env_file=['a.env']\n", "A=$A\nAPI_PORT=1\nB='$no'\nC=pa$$word\n",
			".env:1: $A is not set and reads as empty; write it in '…' to keep the dollar\n" +
				".env:2: API_PORT=1 is replaced by lhrun's 21001\n" +
				".env:4: $word is not set and reads as empty; write it in '…' to keep the dollar\n" +
				"a.env:1: $NO is not set and reads as empty; write it in '…' to keep the dollar"},
		{"a literal port", "[services.db]\ncommand='x'\n" + api,
			"DATABASE_URL=postgres://u:p@localhost:5432/x\nDB_PORT=5432\nA=db:5432\nB=localhost:54321\nC=db2.test:5432\nD=mydb:5432\n" +
				"E=localhost:${DB_PORT}\nF=[::1]:5432 127.0.0.1:6379\nHOME=localhost:5432\n",
			".env:1: DATABASE_URL names port 5432, where lhrun's db does not listen: write ${DB_PORT} in its place\n" +
				".env:2: DB_PORT=5432 is replaced by lhrun's 21001\n" +
				".env:3: A names port 5432, where lhrun's db does not listen: write ${DB_PORT} in its place\n" +
				".env:8: F names port 5432, where lhrun's db does not listen: write ${DB_PORT} in its place"},
		{"a literal PORT", api + web, "PORT=3000\nBASE=http://localhost:3000/a\n",
			".env:1: PORT=3000 is replaced by lhrun's: api 21001, web 21002\n" +
				".env:2: BASE names port 3000, where lhrun's api or web does not listen: write ${API_PORT} or ${WEB_PORT} in its place"},
		{"a literal port that [env] settles", "[env]\nDB_PORT='5432'\n[services.db]\ncommand='x'\n",
			"DATABASE_URL=postgres://localhost:5432/x\nDB_PORT=5432\n", ""},
		{"many", api + web + "[services.c]\ncommand='x'\n[services.d]\ncommand='x'\n[services.e]\ncommand='x'\n" +
			"[services.f]\ncommand='x'\n[services.g]\ncommand='x'\n", "PORT=1\n",
			".env:1: PORT=1 is replaced by lhrun's: api 21001, web 21002, c 21003, d 21004, e 21005, and 2 more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := resolved(t, map[string]string{
				FileName: test.toml, ".env": test.dotenv, "a.env": "A=${B}$API_PORT${NO}",
			}, "PATH=/bin", "HOME=/h")
			dir := byKey(r.Env)["LHRUN_DIR"]
			got := strings.ReplaceAll(strings.Join(r.Notices, "\n"), dir, "DIR")
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestNoticesAreInTheOrderOfTheFiles(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: "env_file=['b.env','a.env']\n[services.api]\ncommand='x'\n[services.docker]\ncommand='x'\n",
		"b.env":  "Z=localhost:1\nLHRUN_DIR=x\n",
		"a.env":  "API_PORT=1\nA=localhost:1\nDOCKER_PORT=1\n",
	})
	var places []string
	for _, n := range r.Notices {
		place, _, _ := strings.Cut(n, ": ")
		places = append(places, place)
	}
	if got, want := strings.Join(places, " "), "b.env:1 b.env:1 b.env:2 a.env:1 a.env:2 a.env:2 a.env:3 lhrun.toml:4"; got != want {
		t.Errorf("got %s, want %s:\n%s", got, want, strings.Join(r.Notices, "\n"))
	}
}
