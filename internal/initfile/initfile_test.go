package initfile

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/lhrun/lhrun/internal/config"
)

var update = flag.Bool("update", false, "write what is drafted into testdata")

// TestDrafts: each archive is a directory, with the draft and the notes wanted.
func TestDrafts(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { testDraft(t, file) })
	}
}

func testDraft(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wanted := func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want") }
	dir := unpack(t, slices.DeleteFunc(slices.Clone(archive.Files), wanted))
	draft, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := []txtar.File{{Name: "want", Data: draft.TOML()}}
	if len(draft.Notes) > 0 {
		got = append(got, txtar.File{Name: "want.notes", Data: []byte(strings.Join(draft.Notes, "\n") + "\n")})
	}
	checks(t, dir, draft)
	if *update {
		archive.Files = append(slices.DeleteFunc(archive.Files, wanted), got...)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return !wanted(f) })
	if g, w := txtar.Format(&txtar.Archive{Files: got}), txtar.Format(&txtar.Archive{Files: want}); string(g) != string(w) {
		t.Errorf("drafted:\n%s\nwant:\n%s", g, w)
	}
}

// unpack makes a directory called shop, whose name goes into the draft.
func unpack(t *testing.T, files []txtar.File) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	for _, f := range append(files, txtar.File{Name: ".keep"}) {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// checks holds the promise that what init writes passes check.
func checks(t *testing.T, dir string, draft *Draft) {
	t.Helper()
	path := filepath.Join(dir, config.FileName)
	if err := os.WriteFile(path, draft.TOML(), 0o600); err != nil {
		t.Fatal(err)
	}
	project, err := config.Load(config.Options{File: path})
	if err != nil {
		t.Fatalf("the draft does not pass check:\n%s\n%v", draft.TOML(), err)
	}
	_, err = project.Resolve(config.Runtime{
		Port: func(string, string) int { return 20000 }, Executable: "/bin/lhrun",
	})
	if err != nil {
		t.Fatalf("the draft does not resolve:\n%s\n%v", draft.TOML(), err)
	}
}

func TestReadRefusesWhatIsNoDirectory(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "nosuch")); err == nil {
		t.Error("no error")
	}
}

// A source is read below the directory only, whatever links say.
func TestReadFollowsNoLinkOutside(t *testing.T) {
	dir := unpack(t, nil)
	secret := filepath.Join(filepath.Dir(dir), "compose.yaml")
	if err := os.WriteFile(secret, []byte("services: {db: {image: postgres}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "compose.yaml")); err != nil {
		t.Skip(err)
	}
	draft, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(draft.TOML()), "postgres") {
		t.Errorf("read through a link:\n%s", draft.TOML())
	}
}

// A draft is committed, and .env is not: no value of it is written, only its name.
func TestNoSecretOfDotenvIsWritten(t *testing.T) {
	dir := unpack(t, []txtar.File{
		{Name: "compose.yaml", Data: []byte(`
services:
  db:
    image: postgres
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: "${DB_PASSWORD}"}
    ports: ["5432:5432"]
  my:
    image: mysql
    environment: {MYSQL_USER: app, MYSQL_PASSWORD: "${DB_PASSWORD:?}", MYSQL_ROOT_PASSWORD: "$DB_PASSWORD"}
  cache:
    image: redis
    command: redis-server --requirepass ${CACHE_PASSWORD:-other}
    ports: ["6379:6379"]
  web:
    build: ./web
    command: python x.py --token ${TOKEN}
    env_file: [web/.env]
    environment: {URL: "postgres://app:${DB_PASSWORD}@db/x", TOKEN: "${TOKEN}"}
    healthcheck: {test: "curl -H 'X: ${TOKEN}' http://localhost/x"}
`)},
		{Name: ".env", Data: []byte(`DB_PASSWORD=hunter2
CACHE_PASSWORD="hunter2"
TOKEN=hunter2
DATABASE_URL=postgres://someone:hunter2@localhost:5432/app
CACHE_URL=redis://:hunter2@localhost:6379/1
DSN=host=localhost port=5432 password=hunter2
GO_DSN=app:hunter2@tcp(127.0.0.1:5432)/x
JSON={"url":"http://u:hunter2@localhost:6379"}
QUERY=postgres://localhost:5432/x?password=hunter2
`)},
		{Name: "web/.env", Data: []byte("A_URL=redis://x:hunter2@localhost:6379\nKEY=hunter2\n")},
		{Name: "web/x.py"},
	})
	draft, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	checks(t, dir, draft)
	text := string(draft.TOML()) + strings.Join(draft.Notes, "\n")
	if strings.Contains(text, "hunter2") {
		t.Errorf("a secret is written:\n%s", text)
	}
	for _, want := range []string{"{{env.DB_PASSWORD}}", "{{env.TOKEN}}", "{{env.CACHE_PASSWORD}}"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not named:\n%s", want, text)
		}
	}
}
