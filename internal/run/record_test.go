package run

import (
	"path/filepath"
	"testing"

	"github.com/lhrun/lhrun/ports"
)

func TestARunIsFoundInAStateDirectoryWithABracketInItsPath(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", filepath.Join(t.TempDir(), "mine [old]"))
	want := ports.Checkout{Project: "shop", Instance: "main", Dir: "/src/shop"}
	i, err := InstanceOf(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.write(record{Checkout: want, File: "/src/shop/lhrun.toml"}); err != nil {
		t.Fatal(err)
	}
	if got, ok := runOf("/src/shop/lhrun.toml"); !ok || got != want {
		t.Errorf("found %+v, %v", got, ok)
	}
}
