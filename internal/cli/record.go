package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// sweepPatience is how long what a killed run has left may take to end by itself.
const sweepPatience = 2 * time.Second

// record is what a run writes down: for the next lhrun in case it is killed, and
// for those that cannot read its file.
type record struct {
	supervisor.CrashRecord
	Checkout ports.Checkout `json:"checkout"`
	File     string         `json:"file"`
}

const recordName = "run.json"

func (i *instance) recordPath() string { return filepath.Join(i.dir, recordName) }

// record is what the last run that was killed, or the one that runs, wrote down.
func (i *instance) record() (record, error) { return readRecord(i.recordPath()) }

func readRecord(path string) (record, error) {
	var rec record
	data, err := readPlain(path)
	if err != nil {
		return rec, err
	}
	return rec, json.Unmarshal(data, &rec)
}

// write records who runs, for the next lhrun in case this one is killed.
func (i *instance) write(rec record) error {
	data, err := json.Marshal(rec)
	if err == nil {
		err = replacePlain(i.recordPath(), data)
	}
	if err != nil {
		return fmt.Errorf("cannot record this run: %w", err)
	}
	return nil
}

// replacePlain writes a private file whole or not at all, whatever is in its place.
func replacePlain(path string, data []byte) error {
	temp := path + ".new"
	_ = os.Remove(temp) // A new file is nobody's link.
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	return err
}

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

// runOf finds the checkout that was started from file and not ended in order,
// whatever the file says by now.
func runOf(file string) (ports.Checkout, bool) {
	for _, path := range recordPaths() {
		if rec, err := readRecord(path); err == nil && rec.File == file {
			return rec.Checkout, true
		}
	}
	return ports.Checkout{}, false
}

// sweep ends what a killed run has left, and says what it was in lines for people.
// Everything is known by pid and start time, by the mark of that run in its
// environment, or by the pipe that it writes to.
func (i *instance) sweep() (told []string) {
	rec, err := i.record()
	if err != nil {
		return nil // None, or garbled by a crash: there is nothing to go by.
	}
	ended, still := supervisor.EndLeftovers(rec.CrashRecord, sweepPatience)
	i.bury(rec, len(ended))
	for _, l := range sortLeft(ended) {
		told = append(told, fmt.Sprintf("ended %s, left by a run that was killed", describeLeft(l)))
	}
	for _, l := range sortLeft(still) {
		told = append(told, fmt.Sprintf("cannot end %s, left by a run that was killed: it survives SIGKILL", describeLeft(l)))
	}
	return told
}

func sortLeft(all []supervisor.Leftover) []supervisor.Leftover {
	slices.SortFunc(all, func(a, b supervisor.Leftover) int { return a.PID - b.PID })
	return all
}

// describeLeft names a process in one short line: commands can be pages long.
func describeLeft(l supervisor.Leftover) string {
	const most = 60
	text := fmt.Sprintf("pid %d", l.PID)
	if l.Service != "" {
		text += " of " + l.Service
	}
	command := []rune(oneLine(l.Command))
	if len(command) > most {
		command = append(command[:most-1], '…')
	}
	if len(command) == 0 {
		return text
	}
	return text + " (" + string(command) + ")"
}

// oneLine is what anybody may have put into text, fit for a line of lhrun's own.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// readPlain reads a small file of this user's, never through a link, and never
// waiting for what else may have been put in its place.
func readPlain(path string) ([]byte, error) {
	f, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a plain file", path)
	}
	return io.ReadAll(io.LimitReader(f, 16<<20))
}
