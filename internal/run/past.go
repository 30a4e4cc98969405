package run

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/ports"
)

// pastEdges finds the connections that go past the edges: those of services to the own
// ports of inspected ones.
type pastEdges struct {
	checkout ports.Checkout
	// known are the sockets that were looked at, and told what was said.
	known map[uint64]bool
	told  map[string]bool
}

// look returns a line for each caller that was not told of before.
func (p *pastEdges) look(project *config.Project, edges []edgeSocket) (lines []string) {
	targets := map[int]string{}
	for _, e := range edges {
		targets[e.Target] = e.To
	}
	if len(targets) == 0 {
		return nil
	}
	conns, err := ports.Connections()
	if err != nil {
		return nil // The kernel does not tell.
	}
	known := map[uint64]bool{}
	var ends []ports.End
	to := map[ports.End]int{}
	for _, c := range conns {
		port := int(c.Server.Addr.Port())
		if targets[port] == "" || c.Client.ID == 0 {
			continue
		}
		known[c.Client.ID] = true
		if !p.known[c.Client.ID] {
			ends, to[c.Client] = append(ends, c.Client), port
		}
	}
	p.known = known
	if len(ends) == 0 {
		return nil
	}
	holders, err := ports.HoldersOf(ends)
	if err != nil {
		return nil
	}
	for _, end := range ends {
		h, port := holders[end], to[end]
		callee := targets[port]
		mine := h.Project == p.checkout.Project && h.Instance == p.checkout.Instance
		arrow := h.Service + " -> " + callee
		if !mine || h.Service == "" || h.Service == callee || p.told[arrow] {
			continue
		}
		p.told[arrow] = true
		lines = append(lines, pastLine(project, h.Service, callee, port))
	}
	return lines
}

// pastLine says how a caller comes to know the service's own port.
func pastLine(project *config.Project, caller, callee string, port int) string {
	text := fmt.Sprintf("%s calls %s at its own port %d, past the inspector", caller, callee, port)
	if place := placeOf(project, caller, port); place != "" {
		return text + ": " + place + " holds the number"
	}
	return text + `: it began before, or has the number from elsewhere; "lhrun restart ` + caller + `" gives it the new one`
}

const (
	// mostSearched bounds the files of a service's directory that are searched for a port,
	// and largestSearched the size of each, in bytes.
	mostSearched    = 200
	largestSearched = 256 << 10
)

// placeOf is "FILE:LINE" where a file of the project or of the caller's directory holds the
// number; "" where none does.
func placeOf(project *config.Project, caller string, port int) string {
	for _, path := range searched(project, caller) {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() > largestSearched {
			continue
		}
		data, err := files.Read(path, largestSearched)
		if err != nil {
			continue
		}
		if line := lineOf(data, port); line > 0 {
			return nameIn(project.Dir, path) + ":" + strconv.Itoa(line)
		}
	}
	return ""
}

func searched(project *config.Project, caller string) (paths []string) {
	paths = append(paths, project.File, filepath.Join(project.Dir, config.LocalFileName))
	for _, f := range project.EnvFiles {
		paths = append(paths, f.Path)
	}
	dir := project.Dir
	for i := range project.Services {
		s := &project.Services[i]
		if s.Name != caller {
			continue
		}
		for _, f := range s.EnvFiles {
			paths = append(paths, f.Path)
		}
		if !strings.Contains(s.WorkingDir.Raw, "{{") && s.WorkingDir.Raw != "" {
			dir = s.WorkingDir.Raw
			if !filepath.IsAbs(dir) {
				dir = filepath.Join(project.Dir, dir)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return paths
	}
	for _, e := range entries[:min(len(entries), mostSearched)] {
		if path := filepath.Join(dir, e.Name()); !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// lineOf is the first line with the number as a word of its own; 0 where there is none.
func lineOf(data []byte, port int) int {
	number := []byte(strconv.Itoa(port))
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, largestSearched)
	for n := 1; lines.Scan(); n++ {
		line := lines.Bytes()
		for at := 0; ; {
			i := bytes.Index(line[at:], number)
			if i < 0 {
				break
			}
			at += i + len(number)
			if !isDigit(line, at) && !isDigit(line, at-len(number)-1) {
				return n
			}
		}
	}
	return 0
}

func isDigit(line []byte, at int) bool {
	return at >= 0 && at < len(line) && line[at] >= '0' && line[at] <= '9'
}
