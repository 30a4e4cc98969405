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
	var changes []*dotenv.Change
	for _, f := range files {
		change, err := dotenv.Plan(f.Path, f.Vars)
		if err != nil {
			return nil, err
		}
		if change.None {
			continue
		}
		if dotenv.Tracked(f.Path) {
			name := f.Path
			if rel, err := filepath.Rel(root, f.Path); err == nil && filepath.IsLocal(rel) {
				name = rel
			}
			remarks = append(remarks, fmt.Sprintf(
				"%s is tracked by git, so the ports are not written into it; name another file with `dotenv`, or `dotenv = false`", name))
			continue
		}
		changes = append(changes, change)
	}
	return remarks, dotenv.Write(root, changes...)
}
