package trust

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/lhrun/lhrun/internal/files"
)

// Verdict is what a store says after all that was done to it.
type Verdict struct {
	Store string `json:"store"`
	Path  string `json:"path"`
	// In says that the root is in and trusted for websites or, after Remove, that some
	// root of lhrun's is still in.
	In bool `json:"in"`
	// Optional says that lhrun only reads this store.
	Optional bool   `json:"optional"`
	Text     string `json:"text"`
	Hint     string `json:"hint,omitempty"`
}

// Install makes the authority in dir, or keeps one that is good for long, and puts its
// root into every store of this user. It tells of each store in its turn, and goes on
// after one that fails. Roots of former authorities are taken out.
func Install(ctx context.Context, dir string, say func(Verdict)) (*Authority, error) {
	m, err := thisMachine()
	if err != nil {
		return nil, err
	}
	return m.install(ctx, dir, say)
}

func (m machine) install(ctx context.Context, dir string, say func(Verdict)) (*Authority, error) {
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	a, err := open(dir)
	if isAnothers(err) {
		return nil, err
	}
	if err != nil || a.endsSoon() {
		if a, err = remake(dir); err != nil {
			return nil, err
		}
	}
	stores, now := m.stores(), a.anchor(dir)
	known := readPlaced(dir)
	known.note(now, stores)
	if err := known.save(dir); err != nil {
		return nil, err
	}
	if err := files.Replace(now.file, a.RootPEM()); err != nil {
		return nil, fmt.Errorf("cannot keep the CA: %w", err)
	}
	if err := refresh(dir, m.root); err != nil {
		return nil, fmt.Errorf("cannot make a bundle of the system's roots and the CA: %w", err)
	}
	for _, s := range stores {
		say(put(ctx, s, now))
	}
	former := slices.DeleteFunc(slices.Clone(known.Anchors), now.is)
	left := m.takeOut(ctx, former, known.Stores, nil)
	known.Anchors = append(left.Anchors, now)
	return a, known.save(dir)
}

// put puts a into s, unless it is in, and reads back what came of it.
func put(ctx context.Context, s store, a anchor) Verdict {
	is, err := s.look(ctx, a)
	if is != trusted && err == nil {
		err = s.add(ctx, a)
		var unread error
		if is, unread = s.look(ctx, a); err == nil {
			err = unread
		}
	}
	return verdict(s, a, is, err, "although its program reports success")
}

// verdict words what s says of a. silence is why a is not in where there is no error.
func verdict(s store, a anchor, is presence, err error, silence string) Verdict {
	v := Verdict{Store: s.id().Name, Path: s.id().Path, In: is == trusted, Hint: hintOf(err)}
	why := silence
	if err != nil {
		why = err.Error()
	}
	switch is {
	case trusted:
		v.Text, v.Hint = "in, and trusted for websites", ""
	case distrusted:
		v.Text = "in, but not trusted for websites: " + why
	default:
		v.Text = "not in: " + why
	}
	if sys, is := s.(system); is {
		v.Optional = true
		if !v.In {
			v.Text, v.Hint = "not in: lhrun runs nothing as root; for programs outside of lhrun you may", sys.addCommand(a)
		}
	}
	return v
}

// Check tells of every store whether the root is in, and changes nothing. Its error is
// that of Load.
func Check(ctx context.Context, dir string, say func(Verdict)) (*Authority, error) {
	m, err := thisMachine()
	if err != nil {
		return nil, err
	}
	return m.check(ctx, dir, say)
}

func (m machine) check(ctx context.Context, dir string, say func(Verdict)) (*Authority, error) {
	a, err := Load(dir)
	if err != nil {
		return nil, err
	}
	for _, s := range m.stores() {
		is, err := s.look(ctx, a.anchor(dir))
		v := verdict(s, a.anchor(dir), is, err, "it was put there never, or taken out")
		if !v.In && v.Hint == "" {
			v.Hint = "lhrun trust"
		}
		say(v)
	}
	return a, nil
}

// Remove takes every root that Install has ever put somewhere out of there, and nothing
// else, tells of each store, and removes the authority. It reports whether some root is
// still in a store that lhrun writes; a later call tries again. The error wraps
// fs.ErrNotExist where there is nothing to remove.
func Remove(ctx context.Context, dir string, say func(Verdict)) (left bool, err error) {
	m, err := thisMachine()
	if err != nil {
		return false, err
	}
	return m.remove(ctx, dir, say)
}

func (m machine) remove(ctx context.Context, dir string, say func(Verdict)) (left bool, err error) {
	if _, err := os.Lstat(dir); err != nil {
		return false, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return false, err
	}
	defer lock.Close()
	known := readPlaced(dir)
	a, err := open(dir)
	if isAnothers(err) {
		return false, err
	}
	if err == nil {
		known.note(a.anchor(dir), nil)
	}
	if len(known.Anchors) > 0 && isTrusted(dir) { // What is remembered may have been lost.
		known.note(known.Anchors[0], m.stores())
	}
	known = m.takeOut(ctx, known.Anchors, known.Stores, func(v Verdict) {
		left = left || v.In && !v.Optional
		say(v)
	})
	err = removeFiles(dir, rootFile, authorityFile, bundleFile)
	if len(known.Anchors) > 0 {
		return left, errors.Join(err, known.save(dir))
	}
	err = errors.Join(err, removeFiles(dir, placedFile))
	_ = os.Remove(dir) // It stays where the user has put something into it.
	return left, err
}

// takeOut takes anchors out of stores, tells of each store, and returns what is left.
func (m machine) takeOut(ctx context.Context, anchors []anchor, stores []placedStore, say func(Verdict)) (left placed) {
	for _, id := range stores {
		s := m.store(id)
		v := Verdict{Store: id.Name, Path: id.Path, Optional: id.Kind == kindSystem, Text: "was not in"}
		for _, a := range anchors {
			was, err := s.look(ctx, a)
			is := was
			if was != absent {
				err = s.remove(ctx, a)
				is, _ = s.look(ctx, a)
			}
			switch {
			case is == absent && was != absent && !v.In:
				v.Text = "taken out"
			case is != absent || err != nil:
				left.note(a, []store{s})
				v.In, v.Text, v.Hint = true, stillIn(err), hintOf(err)
				if sys, is := s.(system); is {
					v.Hint = sys.removeCommand(a)
				}
			}
		}
		if say != nil && len(anchors) > 0 {
			say(v)
		}
	}
	return left
}

func stillIn(err error) string {
	if err == nil {
		return "still in"
	}
	return "it may still be in: " + err.Error()
}

// Browsers names the stores of browsers that have run on this machine.
func Browsers() (names []string) {
	m, err := thisMachine()
	if err != nil {
		return nil
	}
	for _, id := range slices.Concat(m.chromiums(), m.firefoxes()) {
		if (nss{id, m}).isThere() {
			names = append(names, id.Name)
		}
	}
	return names
}

// RootFile is where Install keeps the root alone.
func RootFile(dir string) string { return filepath.Join(dir, rootFile) }
