package trust

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/lhrun/lhrun/internal/files"
)

// placed remembers what was put where, of authorities that are gone too, so that Remove
// takes out exactly that. It is written before a store is changed.
type placed struct {
	Anchors []anchor      `json:"anchors"`
	Stores  []placedStore `json:"stores"`
}

// readPlaced takes a damaged file for none: the authority that is there is known anyway.
func readPlaced(dir string) placed {
	var p placed
	data, err := files.Read(filepath.Join(dir, placedFile), maxFile)
	if err != nil || json.Unmarshal(data, &p) != nil {
		return placed{}
	}
	return p
}

func (p placed) save(dir string) error {
	data, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		return err
	}
	if err := files.Replace(filepath.Join(dir, placedFile), append(data, '\n')); err != nil {
		return fmt.Errorf("cannot remember where the CA is: %w", err)
	}
	return nil
}

func (p *placed) note(a anchor, stores []store) {
	if !slices.ContainsFunc(p.Anchors, a.is) {
		p.Anchors = append(p.Anchors, a)
	}
	for _, s := range stores {
		if !slices.Contains(p.Stores, s.id()) {
			p.Stores = append(p.Stores, s.id())
		}
	}
}

// is reports whether both are the same certificate.
func (a anchor) is(b anchor) bool { return a.Fingerprint == b.Fingerprint }

// anchor is the root of a as stores know it.
func (a *Authority) anchor(dir string) anchor {
	return anchor{a.Name(), a.Fingerprint(), filepath.Join(dir, rootFile)}
}

// removeFiles removes those of names that are in dir.
func removeFiles(dir string, names ...string) error {
	var all error
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}
