package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/config"
)

// notice is a key of the file that has no effect.
type notice struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
	Key  string `json:"key"`
}

func (n notice) String() string {
	return fmt.Sprintf("%s:%d:%d: %q is not supported yet and has no effect", n.File, n.Line, n.Col, n.Key)
}

// notYet are the notices of every service, each once: one in defaults is every
// service's.
func notYet(p *config.Project) []notice {
	all := []notice{}
	for _, s := range p.Services {
		for _, pos := range s.NotYet {
			n := notice{pos.File, pos.Line, pos.Col, wordAt(pos)}
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// wordAt is what stands at pos in its file, "" where the file has changed since it
// was read.
func wordAt(pos config.Pos) string {
	data, err := os.ReadFile(pos.File)
	lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	if err != nil || pos.Line < 1 || pos.Line > len(lines) {
		return ""
	}
	line := []rune(lines[pos.Line-1])
	if pos.Col < 1 || pos.Col-1+pos.Len > len(line) {
		return ""
	}
	return string(line[pos.Col-1 : pos.Col-1+pos.Len])
}
