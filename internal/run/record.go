package run

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// record is what a run writes down, for the next lhrun in case this one is killed,
// and for verbs that cannot read the project's file.
type record struct {
	supervisor.CrashRecord
	Checkout ports.Checkout `json:"checkout"`
	File     string         `json:"file"`
	// DirID is the number of the checkout's directory, which another one of the same path
	// does not have while this run goes on.
	DirID string `json:"dir_id,omitempty"`
}

const (
	recordName = "run.json"
	// largestRecord is in bytes, of run.json and of last.json.
	largestRecord = 16 << 20
)

func (i *Instance) recordPath() string { return filepath.Join(i.dir, recordName) }

// record reads the record of the current run, or of one that was killed.
func (i *Instance) record() (record, error) { return readRecord(i.recordPath()) }

func readRecord(path string) (record, error) {
	var rec record
	data, err := files.Read(path, largestRecord)
	if err != nil {
		return rec, err
	}
	return rec, json.Unmarshal(data, &rec)
}

// write records who runs, for the next lhrun in case this one is killed.
func (i *Instance) write(rec record) error {
	data, err := json.Marshal(rec)
	if err == nil {
		err = files.Replace(i.recordPath(), data)
	}
	if err != nil {
		return fmt.Errorf("cannot record this run: %w", err)
	}
	return nil
}
