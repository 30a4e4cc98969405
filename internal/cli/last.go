package cli

import (
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// lastRun is how the services were when the last run ended in order. One that was
// killed leaves none.
type lastRun struct {
	Ended control.Time `json:"ended"`
	control.Snapshot
}

func (i *instance) lastPath() string { return filepath.Join(i.dir, "last.json") }

func (i *instance) last() (lastRun, error) {
	var last lastRun
	data, err := readPlain(i.lastPath())
	if err != nil {
		return last, err
	}
	return last, json.Unmarshal(data, &last)
}

// remember writes down how the services are now. Where that fails, less is known
// later, which is no reason to fail now.
func (ses *session) remember() {
	if ses.local == nil {
		return
	}
	snap, err := ses.local.Snapshot(context.Background(), false)
	if err != nil {
		return
	}
	data, err := json.Marshal(lastRun{control.Time{Time: time.Now()}, snap})
	if err == nil {
		_ = replacePlain(ses.instance.lastPath(), data)
	}
}
