package run

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/dotenv"
)

// writePortFiles writes the block of every port file and removes it from the former
// ones that are none any more: all of it or nothing. It leaves alone files that git
// tracks and links that lead out, and returns a line for each.
func writePortFiles(root string, former, files []config.ResolvedFile) (remarks []string, err error) {
	todo, remarks, err := planPortFiles(root, former, files)
	if err != nil {
		return nil, err
	}
	changes := make([]*dotenv.Change, len(todo))
	for i, f := range todo {
		changes[i] = f.change
	}
	return remarks, unwritable(dotenv.Write(root, changes...))
}

// unwritable says how to do without port files where they may not be written.
func unwritable(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w; with \"dotenv = false\" lhrun writes none", err)
	}
	return err
}

// portFile is a port file to change, and why.
type portFile struct {
	change *dotenv.Change
	cause  string
}

// planPortFiles says which port files there are to change.
func planPortFiles(root string, former, files []config.ResolvedFile) (todo []portFile, remarks []string, err error) {
	for _, f := range files {
		if why := dotenv.Obstacle(root, f.Path); why != "" {
			remarks = append(remarks, notWritten(root, f.Path, why))
			continue
		}
		change, err := dotenv.Plan(f.Path, f.Vars)
		if err != nil {
			return nil, nil, err
		}
		if change.None {
			continue
		}
		if dotenv.Tracked(f.Path) {
			remarks = append(remarks, notWritten(root, f.Path, "is tracked by git"))
			continue
		}
		if dotenv.Exposed(f.Path) {
			remarks = append(remarks, fmt.Sprintf(
				"%s is not ignored by git: add it to .gitignore, or the ports of this checkout get committed", nameIn(root, f.Path)))
		}
		todo = append(todo, portFile{change, "its block is out of date"})
	}
	for _, f := range former {
		isKept := slices.ContainsFunc(files, func(kept config.ResolvedFile) bool { return kept.Path == f.Path })
		if isKept || dotenv.Obstacle(root, f.Path) != "" {
			continue
		}
		change, err := dotenv.PlanRemove(f.Path)
		if err != nil {
			return nil, nil, err
		}
		if !change.None && !dotenv.Tracked(f.Path) {
			todo = append(todo, portFile{change, "no port file any more: its block goes"})
		}
	}
	return todo, remarks, nil
}

// notWritten says why lhrun does not write the port file at path.
func notWritten(root, path, why string) string {
	return fmt.Sprintf("%s %s, so the ports are not written into it; name another file with `dotenv`, or `dotenv = false`",
		nameIn(root, path), why)
}

// nameIn is path as it is seen from root, where it is below that.
func nameIn(root, path string) string {
	if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
