package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes data to the private file at path in one step: readers see the old
// content or the new one, also after a crash of this process. Whatever else was at path,
// a link for instance, is replaced, not followed; a directory is put aside. A power cut may undo it, because
// nothing is synced.
//
// Callers see to it that nobody else replaces the same path meanwhile.
func Replace(path string, data []byte) error {
	temp := path + ".new"
	_ = os.Remove(temp) // A process that was killed may have left one.
	f, err := Open(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	s, err := stage(path, f, data, private)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		if err := putAside(path); err != nil {
			s.Discard()
			return err
		}
	}
	return s.Commit()
}

// Staged is new content for a file, written beside it: all that can fail for want of
// space or rights has been done.
type Staged struct {
	path string
	// temp is "" after Commit and Discard.
	temp string
}

// Stage writes data beside the file at path, under a name of its own, so that many
// processes may do so at once. The file will have the mode, and where that is allowed
// the owner, of like; without like it is private, and the directory's owner's. The caller ends with Commit or Discard.
func Stage(path string, data []byte, like fs.FileInfo) (*Staged, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".lhrun-*")
	if err != nil {
		return nil, err
	}
	mode := private
	if like != nil {
		mode = like.Mode().Perm()
	} else {
		like, err = os.Stat(filepath.Dir(path)) // Root makes a file for the owner of its directory.
	}
	if err == nil {
		keepOwner(f, like)
	}
	return stage(path, f, data, mode)
}

// stage fills f and closes it.
func stage(path string, f *os.File, data []byte, mode fs.FileMode) (*Staged, error) {
	_, err := f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return nil, err
	}
	return &Staged{path: path, temp: f.Name()}, nil
}

// Commit puts the new content in place. After an error the old one is still there.
func (s *Staged) Commit() error {
	defer s.Discard()
	err := os.Rename(s.temp, s.path)
	if err == nil {
		s.temp = ""
	}
	return err
}

// Discard removes what was not committed.
func (s *Staged) Discard() {
	if s.temp != "" {
		_ = os.Remove(s.temp)
		s.temp = ""
	}
}
