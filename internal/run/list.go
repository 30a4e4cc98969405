package run

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/ports"
)

// Run is a run of this user that goes on or was killed, as its record tells.
type Run struct {
	Checkout ports.Checkout
	// File is the project's file, without links in its path.
	File string
	// PID is the process that hosts, or hosted, the run.
	PID   int
	Alive bool

	record proc.Record
}

// List returns all runs of this user, in the order of their projects' names.
func List() []Run {
	var runs []Run
	for _, path := range recordPaths() {
		rec, err := readRecord(path)
		if err != nil {
			continue // Garbled by a crash; the next run writes it anew.
		}
		c, dir := rec.Checkout, filepath.Dir(path)
		c.Project, c.Instance = filepath.Base(filepath.Dir(dir)), filepath.Base(dir) // Whatever a record lacks.
		runs = append(runs, Run{
			Checkout: c, File: rec.File,
			PID: rec.Supervisor.PID, Alive: proc.Alive(rec.Supervisor), record: rec.Record,
		})
	}
	return runs
}

// Leftovers returns the processes that a killed run has left.
func (r Run) Leftovers() []proc.Left { return proc.Leftovers(r.record) }

// recordPaths are the records of all runs of this user that go on or were killed.
func recordPaths() []string {
	projects, err := projectsDir()
	if err != nil {
		return nil
	}
	// The path to it may hold what a pattern would take for its own.
	found, _ := fs.Glob(os.DirFS(projects), "*/*/"+recordName)
	for i, name := range found {
		found[i] = filepath.Join(projects, filepath.FromSlash(name))
	}
	return found
}

// runOf finds the checkout that was started from file and has not ended in order,
// whatever the file says by now.
func runOf(file string) (ports.Checkout, bool) {
	for _, r := range List() {
		if r.File == file {
			return r.Checkout, true
		}
	}
	return ports.Checkout{}, false
}
