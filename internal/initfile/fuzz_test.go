package initfile

import (
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/rogpeppe/go-internal/txtar"
)

// Whatever the sources hold, the draft passes check.
func FuzzCompose(f *testing.F) {
	f.Add([]byte("services:\n  db:\n    image: postgres:16\n  web:\n    build: ./web\n    command: [run, a b]\n    depends_on: [db]\n    environment: {A: 'db:5432', B: '${X:-y}', C: \"{{\"}\n"))
	f.Add([]byte("services:\n  a: {build: web, command: x, depends_on: {b: {condition: service_completed_successfully}}}\n  b: {build: {context: web}, command: y, depends_on: [a, a, nosuch]}\n"))
	f.Add([]byte("x: &e [A=1]\nservices:\n  a.b: {build: web, command: x, environment: *e}\n  a-b: {image: 'redis@sha256:00', ports: [80]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := unpack(t, []txtar.File{{Name: "compose.yaml", Data: data}, {Name: "web/x"}})
		draft, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		checks(t, dir, draft)
	})
}

func FuzzPackage(f *testing.F) {
	f.Add([]byte(`{"name":"shop","scripts":{"dev":"vite --open","start":"node ."}}`), "packages:\n  - 'apps/*'\n  - '!apps/old'\n")
	f.Add([]byte(`{"workspaces":{"packages":["apps/**","../x","[","{a,b"]},"scripts":{"start":7}}`), "")
	f.Fuzz(func(t *testing.T, data []byte, workspace string) {
		dir := unpack(t, []txtar.File{
			{Name: "package.json", Data: data},
			{Name: "pnpm-workspace.yaml", Data: []byte(workspace)},
			{Name: "apps/old/package.json", Data: data},
			{Name: "apps/{{a}} b/package.json", Data: []byte(`{"scripts":{"dev":"next"}}`)},
		})
		draft, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		checks(t, dir, draft)
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
