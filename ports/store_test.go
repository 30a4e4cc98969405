package ports

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestGarbledRegistryHealsItself(t *testing.T) {
	dir := t.TempDir()
	first := newRegistry(t, dir)
	c := checkout(t, first, "shop", t.TempDir())
	q := services("api", "web")
	want := leaseOnce(t, first, c, q...)
	path := filepath.Join(dir, registryName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, garbage := range map[string]string{
		"truncated": string(whole[:len(whole)/2]),
		"empty":     "",
		"binary":    "\x00\xff\x00",
		"not ours":  `{"version":0}`,
		"huge":      strings.Repeat("x", largestFile+1),
	} {
		if err := os.WriteFile(path, []byte(garbage), 0o600); err != nil {
			t.Fatal(err)
		}
		var told []string
		r, err := Open(Options{StateDir: dir, Range: testRange, Warn: func(s string) { told = append(told, s) }})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := leaseOnce(t, r, checkout(t, r, "shop", c.Dir), q...); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v became %v", name, want, got)
		}
		if len(told) != 1 || !strings.Contains(told[0], brokenName) || strings.Contains(told[0], "\n") {
			t.Errorf("%s: told %q", name, told)
		}
		kept, err := os.ReadFile(filepath.Join(dir, brokenName))
		if err != nil || string(kept) != garbage {
			t.Errorf("%s: what was there is not kept (%v)", name, err)
		}
	}
}

func TestRegistryThatCannotBeReadNowIsNoDamage(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	if err := os.Chmod(r.store.path(registryName), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(r.store.path(registryName)); err == nil {
		t.Skip("this user may read everything")
	}
	if _, err := r.Lookup(c, services("a")); err == nil || !strings.Contains(err.Error(), registryName) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(r.store.path(brokenName)); err == nil {
		t.Error("it was put aside")
	}
}

func TestAnythingInTheRegistrysPlaceIsPutAside(t *testing.T) {
	r := newRegistry(t)
	subdir(t, r.store.path(registryName))
	leaseOnce(t, r, checkout(t, r, "shop", t.TempDir()), services("a")...)
	if info, err := os.Stat(r.store.path(brokenName)); err != nil || !info.IsDir() {
		t.Errorf("it is %v, %v", info, err)
	}
}

func TestRegistryOfANewerVersionIsLeftAlone(t *testing.T) {
	r := newRegistry(t)
	path := r.store.path(registryName)
	if err := os.WriteFile(path, []byte(`{"version":3,"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Checkout("shop", t.TempDir()); !errors.Is(err, errNewer) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || !strings.Contains(string(data), "keys") {
		t.Errorf("it was changed to %q (%v)", data, err)
	}
}

func TestStateDirThatCannotBeWrittenIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", file)
	_, err := Open(Options{})
	if err == nil {
		t.Fatal("opened")
	}
	for _, want := range []string{filepath.Join(file, "lhrun"), "XDG_STATE_HOME"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
}

func TestStateDirComesFromTheEnvironment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_STATE_HOME", home)
	if got, err := StateDir(); err != nil || got != filepath.Join(home, "lhrun") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOpenRefusesABadRange(t *testing.T) {
	if _, err := Open(Options{StateDir: t.TempDir(), Range: Range{3, 2}}); err == nil {
		t.Error("opened")
	}
}

func TestRegistryIsForItsUserOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	r := newRegistry(t, dir)
	leaseOnce(t, r, checkout(t, r, "shop", t.TempDir()), services("api")...)
	found := map[string]os.FileMode{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		name, _ := filepath.Rel(dir, path)
		if found[name] = info.Mode().Perm(); d.IsDir() {
			found[name] ^= 0o100
		}
		return err
	})
	for name, mode := range found {
		if mode != 0o600 {
			t.Errorf("%s is %v for others than its user", name, mode)
		}
		if name == "leases" || filepath.Dir(name) == "leases" { // Where leases are locked files.
			delete(found, name)
		}
	}
	if len(found) != 3 || found[registryName] == 0 || found[lockName] == 0 || err != nil {
		t.Errorf("%v is there, %v", found, err)
	}
}

func TestRegistryDoesNotFollowSymlinksOut(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "precious")
	text := `{"version":1,"checkouts":[]}`
	for _, name := range []string{registryName, registryName + ".new"} {
		if err := os.WriteFile(outside, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r := newRegistry(t)
		if err := os.Symlink(outside, r.store.path(name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		leaseOnce(t, r, checkout(t, r, "shop", t.TempDir()), services("api")...)
		if data, err := os.ReadFile(outside); err != nil || string(data) != text {
			t.Errorf("%s: the file outside became %q, %v", name, data, err)
		}
		if info, err := os.Lstat(r.store.path(registryName)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: the registry is %v, %v", name, info, err)
		}
	}
	state := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(state, lockName)); err != nil {
		t.Fatal(err)
	}
	r, err := Open(Options{StateDir: state})
	if err != nil {
		t.Fatal(err)
	}
	leaseOnce(t, r, checkout(t, r, "shop", t.TempDir()), services("api")...)
	if data, err := os.ReadFile(outside); err != nil || string(data) != text {
		t.Errorf("behind the lock file: %q, %v", data, err)
	}
}

// copyRegistry has a registry begin with a file of testdata.
func copyRegistry(t *testing.T, name string) (r *Registry, told *[]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	told = new([]string)
	r, err = Open(Options{StateDir: t.TempDir(), Warn: func(s string) { *told = append(*told, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.store.path(registryName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	agesPass(t, r)
	return r, told
}

// agesPass makes the last change of the registry one of a minute ago.
func agesPass(t *testing.T, r *Registry) {
	t.Helper()
	past := time.Now().Add(-time.Minute)
	if err := os.Chtimes(r.store.path(registryName), past, past); err != nil {
		t.Fatal(err)
	}
}

// TestARegistryOfAnEarlierVersionIsReadWhole: its file is a document that goes on with
// lines. The next change makes it one document again.
func TestARegistryOfAnEarlierVersionIsReadWhole(t *testing.T) {
	r, told := copyRegistry(t, "continued.json")
	f, err := r.store.read()
	if err != nil {
		t.Fatal(err)
	}
	api := func(api, debug, web int, alternates ...int) []*portEntry {
		return []*portEntry{{"api", "", api, alternates}, {"api", "debug", debug, nil}, {"web", "", web, nil}}
	}
	want := []*checkoutEntry{
		newEntry("shop", "main", "/home/ann/src/shop", api(26877, 28117, 24469)...),
		newEntry("shop", "shop-two-d8d1", "/home/ann/src/shop-two", api(28418, 24509, 22285)...),
		newEntry("blog", "main", "/home/ann/src/blög", api(27941, 20671, 20064)...),
		newEntry("shop", "shop-three-13bd", "/home/ann/src/shop three", append(api(29656, 25920, 21770, 29657), &portEntry{Service: "db", Port: 27655})...),
		newEntry("blog", "bl-g-co-ff7a", `/home/ann/src/blög <é> & "co"`),
	}
	if !reflect.DeepEqual(f.Checkouts, want) {
		t.Errorf("it is read as %s", text(t, f))
	}
	err = r.store.change(func(f *registryFile) (bool, error) {
		f.entry(Checkout{"new", "main", "/home/ann/src/new"})
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(r.store.path(registryName))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := oneDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	if want = append(want, newEntry("new", "main", "/home/ann/src/new")); !reflect.DeepEqual(whole.Checkouts, want) {
		t.Errorf("it became %s", data)
	}
	if len(*told) > 0 {
		t.Errorf("told %q", *told)
	}
}

// oneDocument fails where lines follow the document.
func oneDocument(data []byte) (*registryFile, error) {
	var any json.RawMessage
	if err := json.Unmarshal(data, &any); err != nil {
		return nil, fmt.Errorf("what was written is not one JSON document: %w", err)
	}
	return parseRegistry(data)
}

// TestACrowdContinuesTheFile: the next change outside of one makes it a document again.
func TestACrowdContinuesTheFile(t *testing.T) {
	r := newRegistry(t)
	add := func(dir string) func(*registryFile) (bool, error) {
		return func(f *registryFile) (bool, error) {
			f.setHome(f.entry(Checkout{"shop", dir, "/" + dir}), Request{Service: "api"}, 20001+int(dir[0]))
			return true, nil
		}
	}
	written := func() (*registryFile, error) {
		t.Helper()
		data, err := os.ReadFile(r.store.path(registryName))
		if err != nil {
			t.Fatal(err)
		}
		return oneDocument(data)
	}
	if err := r.store.change(add("a")); err != nil {
		t.Fatal(err)
	}
	f, err := r.store.read()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add("b")(f); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.store.save(f, true), r.store.change(add("c"))); err != nil {
		t.Fatal(err)
	}
	if _, err := written(); err == nil {
		t.Error("the crowd wrote a document")
	}
	f, err = r.store.read()
	if err != nil || len(f.Checkouts) != 3 || !f.taken.has(20001+'c') {
		t.Fatalf("it is read as %s, %v", text(t, f), err)
	}
	agesPass(t, r)
	if err := r.store.change(add("d")); err != nil {
		t.Fatal(err)
	}
	if whole, err := written(); err != nil || len(whole.Checkouts) != 4 {
		t.Errorf("after the crowd there are %d checkouts, %v", len(whole.Checkouts), err)
	}
}

func TestWhoWaitsForTheLockKnowsOfTheCrowd(t *testing.T) {
	r := newRegistry(t)
	if lock, waited, err := r.store.lock(); err != nil || waited {
		t.Fatalf("without a crowd: %v, %v", waited, err)
	} else {
		_ = lock.Close()
	}
	for range 1000 { // The second may come too late to wait.
		first, _, err := r.store.lock()
		if err != nil {
			t.Fatal(err)
		}
		second := make(chan bool)
		go func() {
			lock, waited, err := r.store.lock()
			if err == nil {
				err = lock.Close()
			}
			if err != nil {
				t.Error(err)
			}
			second <- waited
		}()
		time.Sleep(time.Millisecond)
		_ = first.Close()
		if <-second {
			return
		}
	}
	t.Error("nobody waited")
}

func TestReadersSeeTheOldRegistryOrTheNewOne(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	done := make(chan error)
	go func() {
		for i := range 50 {
			if _, err := r.Lookup(c, services(fmt.Sprint("s", i))); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			if b, err := r.store.read(); err != nil || b.find("shop", c.Dir) == nil {
				t.Errorf("read %v, %v", b, err)
			}
		}
	}
}
