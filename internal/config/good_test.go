package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestLoad lays out every testdata/good/NAME.txtar as a directory, loads it, and
// compares the project, or the mistakes, with the part called want.
func TestLoad(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	archives, err := filepath.Glob(filepath.Join(here, "testdata", "good", "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			last := len(archive.Files) - 1
			want := archive.Files[last]
			if want.Name != "want" {
				t.Fatalf("the last part is %q, not want", want.Name)
			}
			got := loaded(t, archive.Files[:last])
			if *update {
				archive.Files[last].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want.Data) {
				t.Errorf("got\n%s\nwant\n%s", got, want.Data)
			}
		})
	}
}

// loaded is what Load makes of files, for people to read.
func loaded(t *testing.T, files []txtar.File) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "My Shop")
	for _, file := range files {
		write(t, filepath.Join(dir, file.Name), string(file.Data))
	}
	t.Chdir(dir)
	p, err := Load(Options{})
	var mistakes Mistakes
	if errors.As(err, &mistakes) {
		return mistakes.Error() + "\n"
	}
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	dump(&b, "", reflect.ValueOf(*p))
	return strings.NewReplacer(p.Dir, "$DIR", filepath.Dir(p.Dir), "$UP").Replace(b.String())
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// dump writes every field of v that is not zero, a line each.
func dump(b *strings.Builder, path string, v reflect.Value) {
	switch value := v.Interface().(type) {
	case Pos:
		if value.Line > 0 {
			fmt.Fprintf(b, "%s = %s+%d\n", path, value, value.Len)
		}
		return
	case Text:
		if value != (Text{}) {
			fmt.Fprintf(b, "%s = %q %s+%d\n", path, value.Raw, value.Pos, value.Pos.Len)
		}
		return
	case time.Duration:
		if value != 0 {
			fmt.Fprintf(b, "%s = %v\n", path, value)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				dump(b, strings.TrimPrefix(path+"."+field.Name, "."), v.Field(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			dump(b, path, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			dump(b, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	default:
		if !v.IsZero() {
			fmt.Fprintf(b, "%s = %v\n", path, v.Interface())
		}
	}
}
