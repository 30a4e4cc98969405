package trust

import (
	"context"
	"os"
	"path/filepath"
)

// anchor is a root in a store. Stores know it by its nickname and are compared by its
// fingerprint, of which file holds the certificate where it has to be added.
type anchor struct {
	Nickname    string `json:"nickname"`
	Fingerprint string `json:"fingerprint"`
	file        string
}

// presence is what a store says of an anchor when it is read back.
type presence int

const (
	absent presence = iota
	// distrusted is in the store without being trusted for websites.
	distrusted
	trusted
)

// store is one place in which programs look for roots. Its tool is asked for everything,
// and believed nothing: whoever adds or removes looks again.
type store interface {
	id() placedStore
	look(context.Context, anchor) (presence, error)
	add(context.Context, anchor) error
	remove(context.Context, anchor) error
}

// placedStore names a store on the disk.
type placedStore struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Path string `json:"path"`
}

// The kinds of stores.
const (
	kindNSS      = "nss"
	kindKeychain = "keychain"
	kindSystem   = "system"
)

// machine is where stores are looked for: the user's home, and the directory that the
// system's files are in.
type machine struct {
	home, config, data string
	root               string
	os                 string
}

// store returns the one that id names.
func (m machine) store(id placedStore) store {
	switch id.Kind {
	case kindKeychain:
		return keychain{id}
	case kindSystem:
		return m.system()
	}
	return nss{id, m}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// glob returns what is there of the pattern's parts, joined.
func glob(parts ...string) []string {
	found, _ := filepath.Glob(filepath.Join(parts...))
	return found
}
