package view

import (
	"fmt"

	"github.com/lhrun/lhrun/supervisor"
)

// By names whoever has caused something: "lhrun restart api (pid 4711)"; "" is nobody.
func By(by *supervisor.By) string {
	switch {
	case by == nil:
		return ""
	case by.Who == supervisor.ByProcess && by.Command == "" && by.PID == 0:
		return "another process"
	case by.Who == supervisor.ByProcess && by.Command == "":
		return fmt.Sprintf("pid %d", by.PID)
	case by.Who == supervisor.ByProcess:
		return fmt.Sprintf("%s (pid %d)", by.Command, by.PID)
	case by.Who == supervisor.ByWatch && by.File != "":
		return "watch (" + by.File + ")"
	case by.Who == supervisor.BySupervisor:
		return "lhrun itself"
	}
	return string(by.Who)
}
