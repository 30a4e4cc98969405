package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// inState reports whether s is in one of states.
func inState(s control.Service, states ...supervisor.State) bool {
	return slices.Contains(states, supervisor.State(s.State))
}

func isTask(s control.Service) bool { return s.Type == "task" }

// home is the state that s is on its way to.
func home(s control.Service) supervisor.State {
	if isTask(s) {
		return supervisor.StateCompleted
	}
	return supervisor.StateReady
}

// serviceNamed finds a service in a snapshot.
func serviceNamed(snap control.Snapshot, name string) (control.Service, bool) {
	i := slices.IndexFunc(snap.Services, func(s control.Service) bool { return s.Name == name })
	if i < 0 {
		return control.Service{}, false
	}
	return snap.Services[i], true
}

// pick returns the services of those names in the order of the snapshot, all
// where there are no names.
func pick(snap control.Snapshot, names []string) ([]control.Service, error) {
	if len(names) == 0 {
		return snap.Services, nil
	}
	var known []string
	for _, s := range snap.Services {
		known = append(known, s.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, exitError{exitUsage, config.Unknown("service", name, known)}
		}
	}
	return slices.DeleteFunc(slices.Clone(snap.Services), func(s control.Service) bool {
		return !slices.Contains(names, s.Name)
	}), nil
}

// said is s in one line: "api is starting: nothing listens on its port yet".
func said(s control.Service) string {
	text := s.Name + " is " + s.State
	if supervisor.State(s.State).Settled() {
		text = s.Name + " " + s.State
	}
	if inState(s, supervisor.StateStopped) {
		text = s.Name + " is stopped"
	}
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

// sayAll joins what is said of several services.
func sayAll(services []control.Service) string {
	var parts []string
	for _, s := range services {
		parts = append(parts, said(s))
	}
	return strings.Join(parts, "; ")
}

// age writes how long ago something was, in at most two units: 4s, 3m20s, 2h5m, 3d4h.
func age(d time.Duration) string {
	d = max(0, d)
	sec := int64(d / time.Second)
	switch {
	case sec < 60:
		return fmt.Sprintf("%ds", sec)
	case sec < 3600:
		return units(sec/60, "m", sec%60, "s")
	case sec < 86400:
		return units(sec/3600, "h", sec/60%60, "m")
	}
	return units(sec/86400, "d", sec/3600%24, "h")
}

func units(big int64, unit string, small int64, smaller string) string {
	if small == 0 {
		return fmt.Sprintf("%d%s", big, unit)
	}
	return fmt.Sprintf("%d%s%d%s", big, unit, small, smaller)
}

// bytesText writes an amount of memory in at most four characters: 812K, 3.4M, 34M, 1.2G.
func bytesText(n int64) string {
	v := float64(n) / 1024
	for _, unit := range []string{"K", "M", "G"} {
		switch {
		case v < 9.95 && unit != "K":
			return fmt.Sprintf("%.1f%s", v, unit)
		case v < 999.5:
			return fmt.Sprintf("%.0f%s", v, unit)
		}
		v /= 1024
	}
	return fmt.Sprintf("%.1fT", v)
}
