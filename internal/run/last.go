package run

import (
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/files"
)

// LastRun is how the services were when the last run ended in order. A run that was
// killed leaves none.
type LastRun struct {
	Ended control.Time `json:"ended"`
	control.Snapshot
}

func (i *Instance) lastPath() string { return filepath.Join(i.dir, "last.json") }

// Last reads how the last run ended.
func (i *Instance) Last() (LastRun, error) {
	var last LastRun
	data, err := files.Read(i.lastPath(), largestRecord)
	if err != nil {
		return last, err
	}
	return last, json.Unmarshal(data, &last)
}

// remember writes down how the services are now. It may fail: then less is known
// later.
func (s *Session) remember() {
	if s.local == nil {
		return
	}
	snap, err := s.local.Snapshot(context.Background(), false)
	if err != nil {
		return
	}
	data, err := json.Marshal(LastRun{control.Time{Time: time.Now()}, snap})
	if err == nil {
		_ = files.Replace(s.instance.lastPath(), data)
	}
}
