package run

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// record is what a run writes down, for the next lhrun in case this one is killed,
// and for verbs that cannot read the project's file.
type record struct {
	supervisor.CrashRecord
	Checkout ports.Checkout `json:"checkout"`
	File     string         `json:"file"`
}

const recordName = "run.json"

func (i *Instance) recordPath() string { return filepath.Join(i.dir, recordName) }

// record reads the record of the current run, or of one that was killed.
func (i *Instance) record() (record, error) { return readRecord(i.recordPath()) }

func readRecord(path string) (record, error) {
	var rec record
	data, err := readPlain(path)
	if err != nil {
		return rec, err
	}
	return rec, json.Unmarshal(data, &rec)
}

// write records who runs, for the next lhrun in case this one is killed.
func (i *Instance) write(rec record) error {
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
