package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what Load says into the expectations of testdata")

// TestMistakes loads every testdata/mistakes/NAME.toml and compares what is said
// about it with NAME.txt.
func TestMistakes(t *testing.T) {
	t.Chdir(filepath.Join("testdata", "mistakes"))
	files, err := filepath.Glob("*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".toml"), func(t *testing.T) {
			_, err := Load(Options{File: file})
			var mistakes Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("the error is %v, not mistakes", err)
			}
			golden(t, strings.TrimSuffix(file, ".toml")+".txt", mistakes.Error()+"\n")
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

const small = "[services.api]\ncommand = \"run\"\n"

func TestLoadFindsTheFile(t *testing.T) {
	proc := "web: run\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		o     Options
		want  string
	}{
		{"in the directory", map[string]string{"lhrun.toml": small}, Options{}, "lhrun.toml"},
		{"in the nearest parent", map[string]string{"lhrun.toml": small, "a/lhrun.toml": small, "a/b/c/x": ""},
			Options{Dir: "a/b/c"}, "a/lhrun.toml"},
		{"a directory of that name does not count", map[string]string{"lhrun.toml": small, "a/lhrun.toml/x": ""},
			Options{Dir: "a"}, "lhrun.toml"},
		{"a parent's is before a Procfile", map[string]string{"lhrun.toml": small, "a/Procfile": proc},
			Options{Dir: "a"}, "lhrun.toml"},
		{"a Procfile", map[string]string{"a/Procfile": proc}, Options{Dir: "a"}, "a/Procfile"},
		{"Procfile.dev alone", map[string]string{"Procfile.dev": proc}, Options{}, "Procfile.dev"},
		{"Procfile.dev before Procfile", map[string]string{"Procfile": proc, "Procfile.dev": proc}, Options{}, "Procfile.dev"},
		{"lhrun.toml before Procfile.dev", map[string]string{"lhrun.toml": small, "Procfile.dev": proc}, Options{}, "lhrun.toml"},
		{"File is seen from Dir", map[string]string{"lhrun.toml": small, "a/other.toml": small},
			Options{Dir: "a", File: "other.toml"}, "a/other.toml"},
		{"File may be like a Procfile", map[string]string{"lhrun.toml": small, "Procfile.dev": proc},
			Options{File: "Procfile.dev"}, "Procfile.dev"},
		{"a Procfile by any part of its name", map[string]string{"dev.procfile": proc}, Options{File: "dev.procfile"}, "dev.procfile"},
		{"TOML by its ending", map[string]string{"Procfile.toml": small}, Options{File: "Procfile.toml"}, "Procfile.toml"},
		{"File goes up", map[string]string{"x.toml": small, "a/b": ""}, Options{Dir: "a", File: "../x.toml"}, "x.toml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, test.files)
			p, err := Load(test.o)
			if err != nil {
				t.Fatal(err)
			}
			want := filepath.Join(dir, test.want)
			if p.File != want || p.Dir != filepath.Dir(want) {
				t.Errorf("got %s in %s, want %s", p.File, p.Dir, want)
			}
		})
	}
}

func TestLoadSaysThatProcfileDevIsRead(t *testing.T) {
	for name, test := range map[string]struct {
		files []string
		o     Options
		want  []string
	}{
		"alone":    {[]string{"Procfile.dev"}, Options{}, []string{"the processes are those of Procfile.dev"}},
		"both":     {[]string{"Procfile.dev", "Procfile"}, Options{}, []string{"the processes are those of Procfile.dev, not of Procfile"}},
		"Procfile": {[]string{"Procfile"}, Options{}, nil},
		"named":    {[]string{"Procfile.dev", "Procfile"}, Options{File: "Procfile.dev"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for _, file := range test.files {
				files[file] = "web: run\n"
			}
			tree(t, files)
			p, err := Load(test.o)
			if err != nil || !slices.Equal(p.Notices, test.want) {
				t.Errorf("told %q, %v; want %q", p.Notices, err, test.want)
			}
		})
	}
}

func TestLoadSaysWhatItLookedFor(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		o     Options
		want  []string
	}{
		{"nothing", map[string]string{"a/x": ""}, Options{Dir: "a"}, []string{"lhrun.toml", "Procfile", `/a"`, "`lhrun init`"}},
		{"a Procfile of a parent is not ours", map[string]string{"Procfile": "a: b", "a/x": ""}, Options{Dir: "a"}, []string{"Procfile"}},
		{"no such directory", nil, Options{Dir: "nowhere"}, []string{"nowhere", "no such file"}},
		{"a file for a directory", map[string]string{"x": ""}, Options{Dir: "x"}, []string{"x", "not a directory"}},
		{"no such file", nil, Options{File: "x.toml"}, []string{"x.toml", "no such file"}},
		{"a directory for a file", map[string]string{"x/y": ""}, Options{File: "x"}, []string{"x", "is a directory"}},
		{"a local file that is a directory", map[string]string{"lhrun.toml": small, "lhrun.local.toml/x": ""}, Options{},
			[]string{"lhrun.local.toml", "is a directory"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree(t, test.files)
			_, err := Load(test.o)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if errors.Is(err, ErrNotFound) != (test.o.Dir == "a") {
				t.Errorf("%q is about nothing found: %v", err, errors.Is(err, ErrNotFound))
			}
		})
	}
}

func TestLocalFileIsMergedWhateverTheFileIsCalled(t *testing.T) {
	tree(t, map[string]string{"other.toml": small, LocalFileName: "services.api.tty = true\n"})
	p, err := Load(Options{File: "other.toml"})
	if err != nil || !p.Services[0].TTY {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := Load(Options{File: LocalFileName}); err == nil {
		t.Error("a local file alone has no command, and is not merged over itself")
	}
}

func TestFileIsShownFromTheWorkingDirectory(t *testing.T) {
	dir := tree(t, map[string]string{"a/lhrun.toml": "x = 1\n", "b/c": ""})
	for _, test := range []struct{ wd, want string }{
		{dir, "a/lhrun.toml:1:1: "},
		{filepath.Join(dir, "a"), "lhrun.toml:1:1: "},
		{filepath.Join(dir, "b"), filepath.Join(dir, "a", "lhrun.toml") + ":1:1: "},
	} {
		t.Chdir(test.wd)
		_, err := Load(Options{Dir: filepath.Join(dir, "a")})
		if err == nil || !strings.Contains(err.Error(), "\n"+test.want) && !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("in %s: %v", test.wd, err)
		}
	}
}

func TestProjectNameFromDirectory(t *testing.T) {
	for dir, want := range map[string]string{
		"shop": "shop", "My Shop": "my-shop", "a_b.c": "a-b-c", "--x--": "x", "日本": "project", "Ünï": "n", "v2": "v2",
	} {
		if got := nameFrom(dir); got != want || !isProjectName(got) {
			t.Errorf("%q became %q, want %q", dir, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"10MiB": 10 << 20, "10 MiB": 10 << 20, "1kb": 1000, "512": 512, "512B": 512, "1.5G": 3 << 29, "2m": 2 << 20,
		"": 0, "x": 0, "MiB": 0, "-1": 0, "0": 0, "1TiB": 0, "9999999GiB": 0, "nan": 0, "1e400": 0,
	} {
		if got, ok := parseSize(text); got != want || ok != (want > 0) {
			t.Errorf("%q is %d %v, want %d", text, got, ok, want)
		}
	}
}
