package cli

import (
	"fmt"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/dotenv"
)

// writePortFiles writes the block of every port file, all or none, and returns
// one line for each file that git tracks, which is left alone.
func writePortFiles(root string, files []config.ResolvedFile) (remarks []string, err error) {
	changes, remarks, err := planPortFiles(root, files)
	if err != nil {
		return nil, err
	}
	return remarks, dotenv.Write(root, changes...)
}

// planPortFiles says which port files there are to write.
func planPortFiles(root string, files []config.ResolvedFile) (changes []*dotenv.Change, remarks []string, err error) {
	for _, f := range files {
		change, err := dotenv.Plan(f.Path, f.Vars)
		if err != nil {
			return nil, nil, err
		}
		if change.None {
			continue
		}
		if dotenv.Tracked(f.Path) {
			remarks = append(remarks, fmt.Sprintf(
				"%s is tracked by git, so the ports are not written into it; name another file with `dotenv`, or `dotenv = false`",
				nameIn(root, f.Path)))
			continue
		}
		changes = append(changes, change)
	}
	return changes, remarks, nil
}

// nameIn is path as it is seen from root, where it is below that.
func nameIn(root, path string) string {
	if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
